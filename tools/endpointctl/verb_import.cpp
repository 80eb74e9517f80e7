// catalog import: entries of the catalog out of Icinga 2's command definitions.
// Needs no daemon, no configuration and follows no include.

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <set>

#include "base/limits.hpp"
#include "dsl/parser.hpp"
#include "import_entry.hpp"
#include "output_file.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

struct Report {
    json::Object commands;
    json::Array imported, refused, notes;
};

// The files with their trees; none: a file could not be read or parsed, which was reported. What cannot be parsed is
// not skipped: commands would be missing without a word.
std::optional<std::vector<ParsedFile>> parse_all(const Context& context, const std::vector<std::string>& paths) {
    std::vector<ParsedFile> files;
    for (const std::string& path : paths) {
        struct stat info {};
        std::ifstream in(path, std::ios::binary);
        if (!in || ::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
            report(context, kUsage, "'" + printable(path, 4096) + "' is no file that can be read");
            return std::nullopt;
        }
        if (static_cast<std::size_t>(info.st_size) > limits::kConfigFile) {
            report(context, kUsage, "'" + printable(path, 4096) + "' is larger than " + std::to_string(limits::kConfigFile) + " bytes");
            return std::nullopt;
        }
        const SourceFile file{path, path, std::string(std::istreambuf_iterator<char>(in), {})};
        Findings findings;
        std::optional<dsl::Node> tree = dsl::parse(dsl::Source(file), findings);
        if (!tree) {
            const Finding& first = findings.errors.front();
            report(context, kUsage, printable(path, 4096) + ":" + std::to_string(first.line) + ":" + std::to_string(first.column) + ":");
            print_block(context.err, first.message, "  ");
            return std::nullopt;
        }
        files.push_back({path, std::move(*tree)});
    }
    return files;
}

json::Object refusal(const std::string& name, std::string reason, const json::Value& file, const json::Value& line) {
    return {{"name", name}, {"reason", std::move(reason)}, {"file", file}, {"line", line}};
}

Report import_all(const std::vector<Definition>& definitions, const std::vector<std::string>& selected) {
    Report made;
    std::set<std::string> seen;
    for (const Definition& definition : definitions) {
        if (!selected.empty() && std::ranges::find(selected, definition.name) == selected.end()) continue;
        const bool again = !seen.insert(definition.name).second;
        ImportedEntry entry = entry_of(definition);
        if (again) entry.refused = "there is another command of this name";
        if (!entry.refused.empty()) {
            made.refused.emplace_back(refusal(definition.name, entry.refused, definition.file, definition.line));
            continue;
        }
        for (std::string& note : entry.notes) made.notes.emplace_back(json::Object{{"name", definition.name}, {"note", std::move(note)}});
        made.imported.emplace_back(definition.name);
        made.commands.set(definition.name, std::move(entry.entry));
    }
    for (const std::string& name : selected) {
        if (!seen.contains(name)) {
            made.refused.emplace_back(refusal(name, "there is no such command in the files given", nullptr, nullptr));
        }
    }
    return made;
}

void print_report(const Context& context, const Report& made) {
    for (const json::Value& note : made.notes) {
        context.err << printable(text_of(member(note, "name"))) << ": note: " << printable(text_of(member(note, "note")), 2048) << '\n';
    }
    for (const json::Value& refused : made.refused) {
        context.err << printable(text_of(member(refused, "name"))) << ": refused: " << printable(text_of(member(refused, "reason")), 2048);
        if (!member(refused, "file").is_null())
            context.err << " (" << printable(text_of(member(refused, "file")), 4096) << ':' << text_of(member(refused, "line")) << ')';
        context.err << '\n';
    }
    context.err << "imported " << made.imported.size() << ", refused " << made.refused.size()
                << (made.imported.empty() ? "" : "; every rule is a guess that awaits your review") << '\n';
}

}  // namespace

int catalog_import(const Context& context, const Arguments& arguments) {
    const std::optional<std::vector<ParsedFile>> files = parse_all(context, arguments.all("FILE"));
    if (!files) return kUsage;
    Report made = import_all(definitions_of(*files), arguments.all("select"));
    json::Value catalog(json::Object{{"commands", std::move(made.commands)}});
    const bool to_file = arguments.has("output");
    // Never over a file that is there: it may have been reviewed.
    if (to_file && !write_output(context, arguments.one("output"), json::to_pretty_text(catalog) + "\n", IfThere::refuse)) return kUsage;
    if (context.json) {
        json::Object answer{{"imported", std::move(made.imported)}, {"refused", made.refused}, {"notes", std::move(made.notes)}};
        if (!to_file) answer.set("catalog", std::move(catalog));
        context.out << json::to_pretty_text(answer) << '\n';
    } else {
        if (!to_file) context.out << json::to_pretty_text(catalog) << '\n';
        print_report(context, made);
    }
    return made.refused.empty() ? kDone : kNo;
}

}  // namespace endpointd::ctl
