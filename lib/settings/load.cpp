#include <arpa/inet.h>

#include <algorithm>
#include <cmath>

#include "base/units.hpp"
#include "json/document.hpp"
#include "json/schema.hpp"
#include "settings/table.hpp"

namespace endpointd::schema {
extern const std::string_view settings_schema;
}

namespace endpointd::settings {

namespace {

using json::Document;
using json::Value;

void merge(json::Object& base, const json::Object& over) {
    for (const auto& [key, value] : over) {
        Value* old = base.find(key);
        if (old && old->object() && value.object()) merge(*old->object(), *value.object());  // files are kConfigDepth deep at most
        else base.set(key, value);
    }
}

// Why `name` cannot be a node's or zone's name; empty if it can. It stands in file
// names, certificates and log lines.
std::string_view name_fault(std::string_view name) {
    if (name.empty()) return "a name is not empty";
    if (name.size() > kNameLength) return "a name has at most 255 bytes";
    if (!is_utf8(name)) return "a name is UTF-8";
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "a name has no control characters";
        if (c == '/' || c == '!') return "a name has no '/' and no '!'";
    }
    if (name.front() == '.') return "a name does not begin with '.'";
    return {};
}

bool is_address(const std::string& text) {
    unsigned char bytes[sizeof(in6_addr)];
    return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

bool is_plain(std::string_view text) {
    return !text.empty() &&
           std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Reads one value after the other into a Settings; what is wrong goes to `findings`.
class Reader {
public:
    Reader(const std::vector<Document>& documents, const Value& merged, Findings& findings)
        : documents_(documents), merged_(merged), findings_(findings) {}

    void read_into(Settings& settings) {
        for (const Setting& setting : table()) {
            const Value* value = find(setting.pointer);
            if (!value) continue;
            setting_ = &setting;
            if (setting.form == Form::unavailable) {
                if (!value->is_null()) error("not available in this version; leave it out or null");
                continue;
            }
            std::visit([&](auto* target) { read(*value, *target); }, setting.target(settings));
        }
    }

    // The value in force at `pointer`; null if no file sets it.
    const Value* find(std::string_view pointer) const {
        const Value* at = &merged_;
        while (!pointer.empty()) {
            pointer.remove_prefix(1);
            const std::string_view key = pointer.substr(0, pointer.find('/'));
            pointer.remove_prefix(key.size());
            at = at->object() ? at->object()->find(key) : nullptr;
            if (!at) return nullptr;
        }
        return at;
    }

    // A finding where the value in force came from: the last file that has the pointer.
    Finding at(std::string_view pointer, std::string message) const {
        const auto owner =
            std::find_if(documents_.rbegin(), documents_.rend(), [&](const Document& d) { return d.places.contains(pointer); });
        if (owner == documents_.rend())
            return {documents_.empty() ? "endpointd.json" : documents_.front().file, 0, 0, std::string(pointer), std::move(message)};
        return owner->at(pointer, std::move(message));
    }

private:
    void error(std::string message) { findings_.errors.push_back(at(setting_->pointer, std::move(message))); }

    void expected(std::string_view what, const Value& value) {
        error("expected " + std::string(what) + ", got " + std::string(value.type_name()));
    }

    void read(const Value& value, std::string& target) {
        const std::string* text = value.string();
        if (!text) return expected("string", value);
        if (setting_->pointer.starts_with("/node/")) {
            if (const std::string_view fault = name_fault(*text); !fault.empty())
                return error("'" + escaped(*text) + "' is no name: " + std::string(fault));
        } else if (!is_plain(*text)) {
            return error(text->empty() ? "must not be empty" : "must not hold control characters");
        }
        target = *text;
    }

    void read(const Value& value, std::optional<std::string>& target) {
        target.reset();
        if (value.is_null()) return;
        std::string text;
        read(value, text);
        target = std::move(text);
    }

    void read(const Value& value, bool& target) {
        if (const bool* flag = value.boolean()) target = *flag;
        else expected("true or false", value);
    }

    void read(const Value& value, std::uint64_t& target) {
        if (setting_->form == Form::count) {
            const double* number = value.number();
            if (!number) return expected("number", value);
            if (std::trunc(*number) != *number || *number < setting_->least || *number > setting_->most)
                return error(number_text(*number) + " is out of range; expected a whole number from " + number_text(setting_->least) +
                             " to " + number_text(setting_->most));
            target = static_cast<std::uint64_t>(*number);
            return;
        }
        const Result<std::uint64_t> size = parse_size(quantity(value));
        if (!size) return error(size.error().text);
        const double bytes = static_cast<double>(*size);
        if (bytes < setting_->least || bytes > setting_->most)
            return error(number_text(bytes) + " bytes is out of range; expected " + number_text(setting_->least) + " to " +
                         number_text(setting_->most));
        target = *size;
    }

    void read(const Value& value, Duration& target) {
        const Result<Duration> duration = parse_duration(quantity(value));
        if (!duration) return error(duration.error().text);
        const double seconds = static_cast<double>(duration->count()) / 1e6;
        if (seconds < setting_->least || seconds > setting_->most)
            return error(number_text(seconds) + " s is out of range; expected " + number_text(setting_->least) + " s to " +
                         number_text(setting_->most) + " s");
        target = *duration;
    }

    void read(const Value& value, std::vector<std::string>& target) {
        const json::Array* items = value.array();
        if (!items) return expected("array", value);
        std::vector<std::string> addresses;
        for (std::size_t i = 0; i < items->size(); ++i) {
            const std::string* text = (*items)[i].string();
            const std::string pointer = json::pointer_to(setting_->pointer, i);
            // A name would be resolved at start, when the resolver may not be there yet.
            if (!text || text->find('\0') != std::string::npos || !is_address(*text))
                findings_.errors.push_back(
                    at(pointer, "'" + escaped(text ? *text : "") + "' is not an IPv4 or IPv6 address; names are not looked up"));
            else if (std::find(addresses.begin(), addresses.end(), *text) != addresses.end())
                findings_.errors.push_back(at(pointer, "'" + *text + "' is listed twice"));
            else addresses.push_back(*text);
        }
        if (items->empty()) error("must name at least one address; to listen nowhere set \"listen\": false");
        target = std::move(addresses);
    }

    template <class Enum>
    requires std::is_enum_v<Enum>
    void read(const Value& value, Enum& target) {
        const std::string* text = value.string();
        for (const auto& [name, choice] : choices(target))
            if (text && *text == name) {
                target = choice;
                return;
            }
        std::string known;
        for (const auto& [name, choice] : choices(target)) known += (known.empty() ? "\"" : ", \"") + std::string(name) + "\"";
        error("expected one of " + known);
    }

    template <class Enum>
    using Choices = std::vector<std::pair<std::string_view, Enum>>;
    static Choices<TlsVersion> choices(TlsVersion) { return {{"1.2", TlsVersion::tls12}, {"1.3", TlsVersion::tls13}}; }
    static Choices<Demand> choices(Demand) { return {{"required", Demand::required}, {"best-effort", Demand::best_effort}}; }
    static Choices<LogLevel> choices(LogLevel) {
        return {{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}};
    }
    static Choices<LogFormat> choices(LogFormat) { return {{"text", LogFormat::text}, {"json", LogFormat::json}}; }

    // A duration or size may be a text or a plain number.
    static std::string quantity(const Value& value) {
        if (const std::string* text = value.string()) return *text;
        return value.number() ? number_text(*value.number()) : std::string();
    }

    const std::vector<Document>& documents_;
    const Value& merged_;
    Findings& findings_;
    const Setting* setting_ = nullptr;
};

void check_listen(const Reader& reader, Settings& settings, Findings& findings) {
    settings.listen.default_addresses = reader.find("/listen/addresses") == nullptr;
    const Value* listen = reader.find("/listen");
    if (!listen || listen->object()) return;
    settings.listen.enabled = false;
    const bool* flag = listen->boolean();
    if (!flag || *flag) findings.errors.push_back(reader.at("/listen", "expected an object, or false to listen nowhere"));
}

void check_meaning(const Reader& reader, const Settings& settings, Findings& findings) {
    if (settings.connect.reconnect_min > settings.connect.reconnect_max) {
        const std::string_view pointer = reader.find("/connect/reconnect_min") ? "/connect/reconnect_min" : "/connect/reconnect_max";
        findings.errors.push_back(reader.at(pointer, "connect.reconnect_min must not be longer than connect.reconnect_max"));
    }
}

}  // namespace

std::optional<Settings> load(const std::vector<SourceFile>& files, Findings& findings) {
    const json::Schema schema(schema::settings_schema);
    const std::size_t before = findings.errors.size();
    std::vector<Document> documents;
    json::Object root;
    for (const SourceFile& file : files) {
        std::optional<Document> document = json::parse_config(file, findings);
        if (!document || !schema.check(*document, findings)) continue;
        if (const json::Object* object = document->root.object()) merge(root, *object);
        documents.push_back(std::move(*document));
    }
    if (findings.errors.size() != before) return std::nullopt;

    const Value merged(std::move(root));
    Settings settings;
    Reader reader(documents, merged, findings);
    reader.read_into(settings);
    check_listen(reader, settings, findings);
    check_meaning(reader, settings, findings);
    if (findings.errors.size() != before) return std::nullopt;
    return settings;
}

void name_node(Settings& settings, std::string_view fqdn, Findings& findings) {
    if (settings.node.name.empty()) {
        if (const std::string_view fault = name_fault(fqdn); !fault.empty()) {
            findings.errors.push_back({"endpointd.json", 0, 0, std::nullopt,
                                       "this host's FQDN '" + escaped(fqdn) + "' cannot be the node's name (" + std::string(fault) +
                                           "); set it: \"node\": { \"name\": \"web1.example.org\" }"});
            return;
        }
        settings.node.name = fqdn;
    }
    for (std::string* path : {&settings.tls.certificate, &settings.tls.key})
        if (const std::size_t found = path->find(kNodePlaceholder); found != std::string::npos)
            path->replace(found, kNodePlaceholder.size(), settings.node.name);
}

std::vector<std::string> needing_restart(const Settings& running, const Settings& loaded) {
    std::vector<std::string> names;
    if (running.listen.enabled != loaded.listen.enabled) names.emplace_back("/listen");
    for (const Setting& setting : table())
        if (setting.restart && value_text(setting, running) != value_text(setting, loaded)) names.emplace_back(setting.pointer);
    return names;
}

}  // namespace endpointd::settings
