#pragma once
// Grants from the text of caps.d files, for the tests of this folder.

#include <gtest/gtest.h>

#include "policy/caps.hpp"

namespace endpointd::policy {

struct LoadedCaps {
    std::optional<Grants> grants;
    Findings findings;
};

// The files are named 10.json, 20.json, ...
inline LoadedCaps load_caps_texts(const std::vector<std::string>& texts, const KnownNames& known = {}) {
    std::vector<SourceFile> files;
    for (const std::string& text : texts) {
        const std::string name = std::to_string((files.size() + 1) * 10) + ".json";
        files.push_back({"/etc/endpointd/caps.d/" + name, name, text});
    }
    LoadedCaps loaded;
    loaded.grants = load_caps(files, known, loaded.findings);
    EXPECT_EQ(loaded.grants.has_value(), loaded.findings.ok());
    return loaded;
}

inline Grants good_caps(const std::vector<std::string>& texts) {
    LoadedCaps loaded = load_caps_texts(texts);
    EXPECT_TRUE(loaded.grants.has_value()) << (loaded.findings.errors.empty() ? "" : loaded.findings.errors.front().message);
    return loaded.grants.value_or(Grants());
}

}  // namespace endpointd::policy
