#include "exec/scrubber.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "exec/secret_forms.hpp"

namespace endpointd::exec {

Scrubber::Scrubber(std::span<const SecretValue> values) {
    if (values.empty()) return;
    EP_ASSERT(values.size() <= catalog::kSecretsMost);
    nodes_.emplace_back();
    first_.resize(256);
    std::size_t budget = kEncodedTotal;
    for (const SecretValue& value : values) {
        const auto secret = static_cast<std::uint16_t>(names_.size());
        names_.push_back("<secret:" + value.name + ">");
        each_form(value.value.view(), budget, [this, secret](std::string_view form) { add(form, secret); });
    }
    connect();
}

std::uint32_t Scrubber::child(std::uint32_t node, char byte) const noexcept {
    if (node == 0) return first_[static_cast<unsigned char>(byte)];
    std::uint32_t at = nodes_[node].child;
    while (at != 0 && nodes_[at].byte != byte) at = nodes_[at].sibling;
    return at;
}

std::uint32_t Scrubber::next(std::uint32_t node, char byte) const noexcept {
    for (;;) {
        if (const std::uint32_t found = child(node, byte); found != 0 || node == 0) return found;
        node = nodes_[node].shorter;
    }
}

void Scrubber::add(std::string_view form, std::uint16_t secret) {
    std::uint32_t node = 0;
    for (const char byte : form) {
        std::uint32_t at = child(node, byte);
        if (at == 0) {
            at = static_cast<std::uint32_t>(nodes_.size());
            Node made;
            made.sibling = nodes_[node].child;
            made.depth = nodes_[node].depth + 1;
            made.byte = byte;
            nodes_.push_back(made);
            nodes_[node].child = at;
            if (node == 0) first_[static_cast<unsigned char>(byte)] = at;
        }
        node = at;
    }
    if (node == 0 || nodes_[node].found != 0) return;
    nodes_[node].found = nodes_[node].depth;
    nodes_[node].secret = secret;
}

// By depth, because what is shorter has to be known before.
void Scrubber::connect() {
    std::vector<std::uint32_t> queue{0};
    queue.reserve(nodes_.size());
    for (std::size_t i = 0; i < queue.size(); ++i) {
        const std::uint32_t parent = queue[i];
        for (std::uint32_t at = nodes_[parent].child; at != 0; at = nodes_[at].sibling) {
            Node& node = nodes_[at];
            if (parent != 0) node.shorter = next(nodes_[parent].shorter, node.byte);
            if (const Node& shorter = nodes_[node.shorter]; node.found == 0 && shorter.found != 0) {
                node.found = shorter.found;
                node.secret = shorter.secret;
            }
            queue.push_back(at);
        }
    }
}

// Disjoint and in order: forms that overlap become one.
std::vector<Scrubber::Found> Scrubber::find(std::string_view text, bool cut) const {
    std::vector<Found> all;
    const auto take = [&all](Found found) {
        while (!all.empty() && all.back().end > found.begin) {
            found.begin = std::min(found.begin, all.back().begin);
            if (all.back().length >= found.length) {
                found.length = all.back().length;
                found.secret = all.back().secret;
            }
            all.pop_back();
        }
        all.push_back(found);
    };
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        node = next(node, text[i]);
        if (const Node& at = nodes_[node]; at.found != 0) take({i + 1 - at.found, i + 1, at.found, at.secret});
    }
    const std::size_t begun = nodes_[node].depth;
    if (!cut || begun < kSecretLeast) return all;
    // Whose beginning it is: of any form below.
    while (nodes_[node].depth != nodes_[node].found && nodes_[node].child != 0) node = nodes_[node].child;
    take({text.size() - begun, text.size(), begun, nodes_[node].secret});
    return all;
}

Scrubbed Scrubber::scrub(std::string_view text, bool cut, std::size_t most) const {
    Scrubbed result{{}, cut};
    if (empty()) {
        result.text = text.substr(0, most);
        result.cut = cut || text.size() > most;
        return result;
    }
    const std::vector<Found> all = find(text, cut);
    std::size_t from = 0;
    // False: it no longer fits. Of our own text nothing stays then, of the plugin's what fits.
    const auto append = [&](std::string_view part, bool whole) {
        const std::size_t room = most - result.text.size();
        if (part.size() > room) result.cut = true;
        if (part.size() <= room || !whole) result.text += part.substr(0, room);
        return part.size() <= room;
    };
    for (const Found& found : all) {
        if (!append(text.substr(from, found.begin - from), false) || !append(names_[found.secret], true)) return result;
        from = found.end;
    }
    append(text.substr(from), false);
    return result;
}

std::vector<std::string> Scrubber::scrub_words(const std::vector<std::string>& words) const {
    std::vector<std::string> scrubbed;
    scrubbed.reserve(words.size());
    std::size_t room = limits::kArgvBytes;
    for (const std::string& word : words) {
        scrubbed.push_back(scrub(word, false, room).text);
        room -= scrubbed.back().size();
    }
    return scrubbed;
}

}  // namespace endpointd::exec
