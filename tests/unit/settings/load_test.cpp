#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "settings/settings.hpp"

namespace endpointd::settings {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct Loaded {
    std::optional<Settings> settings;
    Findings findings;
};

// The first text is endpointd.json, the others are fragments.
Loaded load_texts(const std::vector<std::string>& texts) {
    std::vector<SourceFile> files;
    for (const std::string& text : texts) {
        const std::string name = files.empty() ? "endpointd.json" : std::to_string(files.size()) + "0.json";
        files.push_back({(files.empty() ? "" : "conf.d/") + name, name, text});
    }
    Loaded loaded;
    loaded.settings = load(files, loaded.findings);
    return loaded;
}

Settings good(const std::vector<std::string>& texts) {
    Loaded loaded = load_texts(texts);
    EXPECT_TRUE(loaded.settings.has_value()) << (loaded.findings.errors.empty() ? "" : loaded.findings.errors.front().message);
    return loaded.settings.value_or(Settings());
}

Finding only_error(const std::vector<std::string>& texts) {
    const Loaded loaded = load_texts(texts);
    EXPECT_FALSE(loaded.settings.has_value());
    EXPECT_EQ(loaded.findings.errors.size(), 1u) << texts.back();
    return loaded.findings.errors.empty() ? Finding() : loaded.findings.errors.front();
}

TEST(Settings, WithoutAnyFileAreTheDefaults) {
    const Settings settings = good({});
    EXPECT_TRUE(settings.listen.enabled);
    EXPECT_TRUE(settings.listen.default_addresses);
    EXPECT_EQ(settings.listen.addresses, (std::vector<std::string>{"0.0.0.0", "::"}));
    EXPECT_EQ(settings.listen.port, 5665u);
    EXPECT_EQ(settings.tls.ciphers, "ECDHE+AESGCM:ECDHE+CHACHA20");
    EXPECT_EQ(settings.tls.min_version, TlsVersion::tls12);
    EXPECT_EQ(settings.tls.renew_before, hours(24 * 30));
    EXPECT_EQ(settings.replay.max_size, 512u * 1024 * 1024);
    EXPECT_EQ(settings.runner.max_concurrent, 64u);
    EXPECT_EQ(settings.limits.min_answer, milliseconds(5));
    EXPECT_EQ(settings.confinement.seccomp, Demand::required);
    EXPECT_EQ(settings.confinement.landlock, Demand::best_effort);
    EXPECT_EQ(settings.log.level, LogLevel::info);
    EXPECT_FALSE(settings.user.has_value());
}

TEST(Settings, ReadEveryKeyOfTheInterface) {
    const Settings settings = good({R"({
        "node": { "name": "web1.example.org", "zone": "web" }, "user": "nobody",
        "listen": { "addresses": ["127.0.0.1", "::1"], "port": 0 },
        "tls": { "ca": "a", "certificate": "b", "key": "c", "crl": "d", "min_version": "1.3", "ciphers": "ECDHE+AESGCM",
                 "ciphersuites": "TLS_AES_256_GCM_SHA384", "renew_before": "7d" },
        "connect": { "timeout": "5s", "reconnect_min": "500ms", "reconnect_max": 30 },
        "replay": { "max_age": "2h", "max_size": "1GiB" },
        "runner": { "max_concurrent": 3, "timeout": "10s", "max_output": 4096, "queue": 7 },
        "audit": { "max_age": "10d", "max_size": "2MiB", "syslog": false },
        "limits": { "message_size": "1MiB", "config_files": 2, "config_size": "1MiB", "objects": 3, "eval_steps": 5000, "eval_depth": 20, "min_answer": 0 },
        "confinement": { "seccomp": "best-effort", "landlock": "required" },
        "admin": { "socket": "x.sock", "group": "icinga" },
        "metrics": { "listen": null }, "nrpe": null,
        "log": { "level": "debug", "format": "json" } })"});
    EXPECT_EQ(settings.node.name, "web1.example.org");
    EXPECT_EQ(settings.node.zone, "web");
    EXPECT_EQ(settings.user, "nobody");
    EXPECT_EQ(settings.listen.addresses, (std::vector<std::string>{"127.0.0.1", "::1"}));
    EXPECT_FALSE(settings.listen.default_addresses);
    EXPECT_EQ(settings.listen.port, 0u);
    EXPECT_EQ(settings.tls.crl, "d");
    EXPECT_EQ(settings.tls.min_version, TlsVersion::tls13);
    EXPECT_EQ(settings.tls.ciphersuites, "TLS_AES_256_GCM_SHA384");
    EXPECT_EQ(settings.connect.reconnect_min, milliseconds(500));
    EXPECT_EQ(settings.connect.reconnect_max, seconds(30));
    EXPECT_EQ(settings.replay.max_size, 1ULL << 30);
    EXPECT_EQ(settings.runner.max_output, 4096u);
    EXPECT_EQ(settings.limits.min_answer, Duration(0));
    EXPECT_EQ(settings.confinement.seccomp, Demand::best_effort);
    EXPECT_EQ(settings.confinement.landlock, Demand::required);
    EXPECT_EQ(settings.admin.group, "icinga");
    EXPECT_EQ(settings.log.level, LogLevel::debug);
    EXPECT_EQ(settings.log.format, LogFormat::json);
}

TEST(Settings, FragmentsMergeObjectsAndReplaceTheRest) {
    const Settings settings =
        good({R"({ "listen": { "addresses": ["127.0.0.1", "127.0.0.2"], "port": 1000 }, "log": { "level": "debug" } })",
              R"({ "listen": { "addresses": ["127.0.0.3"] } })", R"({ "log": { "format": "json" } })"});
    EXPECT_EQ(settings.listen.addresses, std::vector<std::string>{"127.0.0.3"});
    EXPECT_EQ(settings.listen.port, 1000u);
    EXPECT_EQ(settings.log.level, LogLevel::debug);
    EXPECT_EQ(settings.log.format, LogFormat::json);
}

TEST(Settings, AFragmentMaySetAValueBackToNull) { EXPECT_FALSE(good({R"({ "user": "nobody" })", R"({ "user": null })"}).user.has_value()); }

TEST(Settings, ListenFalseOnlyConnectsOut) {
    EXPECT_FALSE(good({R"({ "listen": false })"}).listen.enabled);
    EXPECT_FALSE(good({R"({ "listen": { "port": 1 } })", R"({ "listen": false })"}).listen.enabled);
    const Settings again = good({R"({ "listen": false })", R"({ "listen": { "port": 7 } })"});
    EXPECT_TRUE(again.listen.enabled);
    EXPECT_EQ(again.listen.port, 7u);
}

TEST(Settings, ListenTrueIsAnError) {
    EXPECT_EQ(only_error({R"({ "listen": true })"}).message, "expected an object, or false to listen nowhere");
}

TEST(Settings, AnUnknownKeyIsAnErrorAtTheKey) {
    const Finding error = only_error({"{\n  \"lisen\": {}\n}"});
    EXPECT_EQ(error.file, "endpointd.json");
    EXPECT_EQ(error.line, 2u);
    EXPECT_EQ(error.column, 3u);
    EXPECT_EQ(error.pointer, "/lisen");
    EXPECT_THAT(error.message, HasSubstr("lisen"));
}

TEST(Settings, AnUnknownKeyOfAFragmentIsAnErrorThere) {
    const Finding error = only_error({"{}", R"({ "runner": { "queues": 1 } })"});
    EXPECT_EQ(error.file, "conf.d/10.json");
    EXPECT_EQ(error.pointer, "/runner/queues");
}

TEST(Settings, AnErrorIsPlacedAtTheFileTheValueInForceCameFrom) {
    const Finding error =
        only_error({R"({ "connect": { "timeout": "5s", "reconnect_min": "1s" } })", "{ \"connect\": {\n \"timeout\": \"5 parsecs\" } }"});
    EXPECT_EQ(error.file, "conf.d/10.json");
    EXPECT_EQ(error.line, 2u);
    EXPECT_EQ(error.pointer, "/connect/timeout");
    EXPECT_EQ(error.message, "'5 parsecs' is not a duration; expected a number with ms, s, m, h or d, like \"30s\"");
}

TEST(Settings, AnOverriddenValueIsNotJudged) {
    EXPECT_EQ(good({R"({ "connect": { "timeout": "nonsense" } })", R"({ "connect": { "timeout": "5s" } })"}).connect.timeout, seconds(5));
}

TEST(Settings, RefuseWhatIsOutOfBounds) {
    EXPECT_EQ(only_error({R"({ "connect": { "timeout": 0 } })"}).message, "0 s is out of range; expected 1 s to 3600 s");
    EXPECT_EQ(only_error({R"({ "runner": { "max_output": "1TiB" } })"}).message,
              "1099511627776 bytes is out of range; expected 1024 to 1048576");
    EXPECT_EQ(only_error({R"({ "limits": { "message_size": "10 cows" } })"}).message,
              "'10 cows' is not a size; expected a number with KiB, MiB or GiB, like \"64KiB\"");
    for (const char* text :
         {R"({ "listen": { "port": 65536 } })", R"({ "listen": { "port": -1 } })", R"({ "listen": { "port": 1.5 } })",
          R"({ "runner": { "max_concurrent": 0 } })", R"({ "runner": { "queue": 1e7 } })", R"({ "replay": { "max_age": -1 } })",
          R"({ "limits": { "eval_depth": 1000000 } })", R"({ "audit": { "max_age": "1s" } })"})
        EXPECT_FALSE(load_texts({text}).settings.has_value()) << text;
}

TEST(Settings, RefuseWrongTypes) {
    for (const char* text :
         {"[]", "3", "null", R"({ "node": [] })", R"({ "node": { "name": 1 } })", R"({ "listen": { "addresses": "::" } })",
          R"({ "listen": { "addresses": [] } })", R"({ "listen": { "addresses": [1] } })", R"({ "tls": { "ca": null } })",
          R"({ "audit": { "syslog": "yes" } })", R"({ "log": { "level": "loud" } })", R"({ "tls": { "min_version": "1.1" } })",
          R"({ "tls": { "min_version": 1.2 } })", R"({ "connect": { "timeout": null } })", R"({ "admin": { "socket": null } })"})
        EXPECT_FALSE(load_texts({text}).settings.has_value()) << text;
}

TEST(Settings, AddressesAreLiterals) {
    const Finding error = only_error({R"({ "listen": { "addresses": ["127.0.0.1", "localhost"] } })"});
    EXPECT_EQ(error.pointer, "/listen/addresses/1");
    EXPECT_EQ(error.message, "'localhost' is not an IPv4 or IPv6 address; names are not looked up");
    EXPECT_EQ(only_error({R"({ "listen": { "addresses": ["127.0.0.1\u0000x"] } })"}).pointer, "/listen/addresses/0");
    EXPECT_EQ(only_error({R"({ "listen": { "addresses": ["::1", "::1"] } })"}).message, "'::1' is listed twice");
}

TEST(Settings, TextsHoldNoControlCharacters) {
    EXPECT_EQ(only_error({R"({ "tls": { "ca": "" } })"}).message, "must not be empty");
    EXPECT_EQ(only_error({R"({ "tls": { "key": "a\u0000b" } })"}).message, "must not hold control characters");
    EXPECT_EQ(only_error({R"({ "user": "a\nb" })"}).message, "must not hold control characters");
}

TEST(Settings, ANodesNameIsSafeAsAFileName) {
    EXPECT_EQ(only_error({R"({ "node": { "name": "../etc" } })"}).message, "'../etc' is no name: a name has no '/' and no '!'");
    EXPECT_EQ(only_error({R"({ "node": { "name": ".." } })"}).message, "'..' is no name: a name does not begin with '.'");
    EXPECT_EQ(only_error({R"({ "node": { "name": "" } })"}).message, "'' is no name: a name is not empty");
    EXPECT_EQ(only_error({R"({ "node": { "zone": "a!b" } })"}).message, "'a!b' is no name: a name has no '/' and no '!'");
    EXPECT_EQ(only_error({R"({ "node": { "name": ")" + std::string(256, 'a') + R"(" } })"}).pointer, "/node/name");
}

TEST(Settings, WhatThisVersionLacksIsRefused) {
    const Finding metrics = only_error({R"({ "metrics": { "listen": "127.0.0.1:9665" } })"});
    EXPECT_EQ(metrics.pointer, "/metrics/listen");
    EXPECT_EQ(metrics.message, "not available in this version; leave it out or null");
    EXPECT_EQ(only_error({R"({ "nrpe": { "port": 5666 } })"}).pointer, "/nrpe");
}

TEST(Settings, SyslogIsASwitch) {
    const Loaded loaded = load_texts({R"({ "audit": { "syslog": true } })"});
    ASSERT_TRUE(loaded.settings.has_value());
    EXPECT_TRUE(loaded.settings->audit.syslog);
    EXPECT_TRUE(loaded.findings.warnings.empty());
}

TEST(Settings, ReconnectBoundsMustNotCross) {
    const Finding error = only_error({R"({ "connect": { "reconnect_max": "500ms" } })"});
    EXPECT_EQ(error.pointer, "/connect/reconnect_max");
    EXPECT_EQ(error.message, "connect.reconnect_min must not be longer than connect.reconnect_max");
}

TEST(Settings, ReportAllErrorsAtOnce) {
    EXPECT_EQ(load_texts({R"({ "connect": { "timeout": "x" }, "runner": { "timeout": "y" } })"}).findings.errors.size(), 2u);
    EXPECT_EQ(load_texts({"{ nonsense", "{ \"x\": 1 }"}).findings.errors.size(), 2u);
}

TEST(Settings, KeepEarlierFindingsApart) {
    Findings findings;
    findings.errors.push_back({"catalog.d/x.json", 1, 1, std::nullopt, "something else"});
    EXPECT_TRUE(load({}, findings).has_value());
}

TEST(Settings, TheNodesNameGoesIntoThePaths) {
    Settings settings = good({R"({ "tls": { "key": "/keys/<node>/key.pem" } })"});
    Findings findings;
    name_node(settings, "web1.example.org", findings);
    EXPECT_TRUE(findings.ok());
    EXPECT_EQ(settings.node.name, "web1.example.org");
    EXPECT_EQ(settings.tls.certificate, "pki/web1.example.org.crt");
    EXPECT_EQ(settings.tls.key, "/keys/web1.example.org/key.pem");
}

TEST(Settings, AConfiguredNameWinsOverTheFqdn) {
    Settings settings = good({R"({ "node": { "name": "agent" } })"});
    Findings findings;
    name_node(settings, "", findings);
    EXPECT_TRUE(findings.ok());
    EXPECT_EQ(settings.tls.certificate, "pki/agent.crt");
}

TEST(Settings, AnFqdnThatIsNoNameAsksForOne) {
    Settings settings;
    Findings findings;
    name_node(settings, "", findings);
    ASSERT_EQ(findings.errors.size(), 1u);
    EXPECT_EQ(findings.errors.front().message,
              "this host's FQDN '' cannot be the node's name (a name is not empty); set it: \"node\": { \"name\": \"web1.example.org\" }");
}

TEST(Settings, TheShippedFileLoads) {
    std::ifstream in(TEST_SOURCE_DIR "/daemon/etc/endpointd.json");
    ASSERT_TRUE(in);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    EXPECT_EQ(good({text}).listen.port, 5665u);
}

}  // namespace
}  // namespace endpointd::settings
