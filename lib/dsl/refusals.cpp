// What an evaluation says of the text it reads: where something stands, in which words, and what was refused of it.

#include <algorithm>
#include <utility>

#include "dsl/evaluator.hpp"

namespace endpointd::dsl {

namespace {

std::string cut(const std::string& text) { return text.size() <= kRefusalText ? text : text.substr(0, kRefusalText - 3) + "..."; }

}  // namespace

Place Evaluator::place(std::uint32_t file, Position at) {
    return {file < files_.size() ? shared(files_[file].file->source.path) : SharedString(), at.line, at.column};
}

SharedText Evaluator::text_of(const Node* statement, std::uint32_t index) {
    static const SharedText kNone = std::make_shared<const std::string>();
    if (!statement || index >= files_.size()) return kNone;
    SharedText& kept = texts_[{statement, index}];
    if (kept) return kept;
    File& file = files_[index];
    const std::string& text = file.file->source.text;
    if (file.lines.empty()) {
        file.lines.push_back(0);
        for (std::size_t i = 0; i < text.size(); ++i)
            if (text[i] == '\n') file.lines.push_back(i + 1);
    }
    const auto offset = [&](Position at) {
        return at.line == 0 || at.line > file.lines.size() ? text.size() : std::min(text.size(), file.lines[at.line - 1] + at.column - 1);
    };
    const std::size_t begin = offset(statement->at), end = std::max(begin, offset(statement->end));
    kept = std::make_shared<const std::string>(text.substr(begin, std::min(end - begin, kKeptText)));
    budget_.take(kept->size());
    return kept;
}

void Evaluator::refuse(const ScriptError& error, const ConfigType* type, const std::string& name, const Node* statement,
                       std::uint32_t file) {
    // What a loop refuses costs as well: names and messages are the text's choice.
    budget_.step();
    if (type && !name.empty()) {
        budget_.take(sizeof(Name) + name.size());
        refused_names_.try_emplace({type, name}, error.cause.value_or(error.why));
    }
    if (result_.refused.size() >= kRefusedMost) {
        ++result_.left_out;
        return;
    }
    budget_.take(sizeof(Refused) + std::min(name.size(), kRefusalText) + std::min(error.message.size(), kRefusalText));
    Refused refused;
    refused.why = error.why;
    refused.cause = error.cause;
    if (type) refused.type = type->name;
    refused.name = cut(name);
    if (file < files_.size()) refused.zone = files_[file].file->zone;
    refused.place = place(error.file, error.at);
    refused.message = cut(error.message);
    refused.text = text_of(statement, file);
    result_.refused.push_back(std::move(refused));
}

void Evaluator::refuse_at(Why why, Position at, std::string message, const ConfigType* type, const std::string& name, const Node* statement,
                          std::uint32_t file) {
    refuse(ScriptError{why, std::move(message), file, at, std::nullopt}, type, name, statement, file);
}

}  // namespace endpointd::dsl
