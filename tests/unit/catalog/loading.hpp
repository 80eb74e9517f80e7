#pragma once
// Catalogs out of texts, for the tests of this folder.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/findings.hpp"
#include "catalog/catalog.hpp"
#include "catalog/invocation.hpp"

namespace endpointd::catalog {

struct Loaded {
    Catalog catalog;
    Findings findings;

    std::vector<std::string> messages() const {
        std::vector<std::string> texts;
        for (const Finding& finding : findings.errors) texts.push_back(finding.message);
        return texts;
    }
    std::string first_pointer() const { return findings.errors.empty() ? "" : findings.errors.front().pointer.value_or(""); }
};

inline Loaded load(std::vector<SourceFile> files) {
    Loaded loaded;
    loaded.catalog = Catalog::load(files, loaded.findings);
    return loaded;
}

inline Loaded load_text(std::string text) { return load({{"/etc/endpointd/catalog.d/t.json", "t.json", std::move(text)}}); }

// One command "c" of kind check that runs /bin/plugin; `more` are further members.
inline Loaded load_command(const std::string& more) {
    return load_text(R"({"commands": {"c": {"kind": "check", "command": ["/bin/plugin"], )" + more + "}}}");
}

// The command "c", which must load without a finding.
inline Command command_with(const std::string& more) {
    const Loaded loaded = load_command(more);
    for (const Finding& finding : loaded.findings.errors) ADD_FAILURE() << finding.pointer.value_or("") << ": " << finding.message;
    const Command* command = loaded.catalog.find("c");
    EXPECT_NE(command, nullptr);
    return command ? *command : Command{};
}

// For commands that take no other one: any catalog will do.
inline Attempt<Admission> admit(const Command& command, const json::Object& macros) { return admit(load({}).catalog, command, macros); }
inline Attempt<Invocation> build(const Command& command, const json::Object& parameters) {
    return build(load({}).catalog, command, parameters);
}

}  // namespace endpointd::catalog
