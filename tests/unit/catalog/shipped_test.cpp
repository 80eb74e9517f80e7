// daemon/etc/catalog.d/monitoring-plugins.json against what a stock master sends.

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "catalog/invocation.hpp"
#include "loading.hpp"

namespace endpointd::catalog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ShippedCatalog : public testing::Test {
protected:
    static void SetUpTestSuite() {
        std::ifstream in(TEST_SOURCE_DIR "/daemon/etc/catalog.d/monitoring-plugins.json");
        std::ostringstream text;
        text << in.rdbuf();
        loaded_ = new Loaded(load({{"monitoring-plugins.json", "monitoring-plugins.json", text.str()}}));
    }
    static void TearDownTestSuite() { delete loaded_; }

    static std::vector<std::string> argv(const char* name, const json::Object& macros) {
        const Command* command = loaded_->catalog.find(name);
        if (!command) return {"no such command"};
        const Attempt<Admission> admission = admit(*command, macros);
        if (!admission) return {admission.error().text};
        EXPECT_THAT(admission->dropped, IsEmpty()) << name;
        const Attempt<Invocation> invocation = build(*command, admission->parameters);
        if (!invocation) return {invocation.error().text};
        std::vector<std::string> words = invocation->argv;
        if (!words.empty() && words[0].starts_with("/usr/lib/nagios/plugins/")) words[0] = words[0].substr(24);
        return words;
    }

    static Loaded* loaded_;
};

Loaded* ShippedCatalog::loaded_ = nullptr;

TEST_F(ShippedCatalog, LoadsWithoutAFinding) {
    EXPECT_THAT(loaded_->messages(), IsEmpty());
    EXPECT_GE(loaded_->catalog.commands().size(), 44U);
}

TEST_F(ShippedCatalog, HasEveryCommandDescribedAndBelowThePluginDirectory) {
    for (const auto& [name, command] : loaded_->catalog.commands()) {
        EXPECT_NE(command.description, "") << name;
        if (command.builtin) continue;
        EXPECT_TRUE(command.command[0].starts_with("/usr/lib/nagios/plugins/check_")) << name;
        EXPECT_EQ(command.kind, Kind::check) << name;
        EXPECT_FALSE(command.run_as.has_value()) << name;
    }
}

TEST_F(ShippedCatalog, HasNoWrapper) {
    for (const char* name : {"negate", "by_ssh", "nrpe", "nscp", "nscp_api", "cluster-check", "ssh-command"}) {
        EXPECT_EQ(loaded_->catalog.find(name), nullptr) << name;
    }
    for (const auto& [name, command] : loaded_->catalog.commands()) {
        for (const char* word : {"negate", "by_ssh", "nrpe", "nscp", "urlize", "check_cluster", "/bin/", "sudo"}) {
            EXPECT_TRUE(command.builtin || command.command[0].find(word) == std::string::npos) << name;
        }
    }
}

TEST_F(ShippedCatalog, RendersEveryCommandOrNamesWhatIsMissing) {
    for (const auto& [name, command] : loaded_->catalog.commands()) {
        const Attempt<Admission> admission = admit(command, {});
        ASSERT_TRUE(admission) << name;
        const Attempt<Invocation> invocation = build(command, admission->parameters);
        EXPECT_TRUE(invocation || invocation.error().kind == Refusal::Kind::missing_required) << name;
    }
}

TEST_F(ShippedCatalog, UsesEveryParameterItLists) {
    for (const auto& [name, command] : loaded_->catalog.commands()) {
        if (command.builtin) continue;
        const std::string entry = json::to_text(command.entry);
        for (const auto& [parameter, rule] : command.parameters) {
            // Sent by a master because its own functions look at them.
            if (parameter == "address" || parameter == "address6" || parameter == "swap_integer") continue;
            EXPECT_NE(entry.find('$' + parameter + '$'), std::string::npos) << name << ' ' << parameter;
        }
    }
}

TEST_F(ShippedCatalog, RefusesOptionsInEveryPlainText) {
    for (const auto& [name, command] : loaded_->catalog.commands()) {
        if (command.builtin) continue;
        for (const auto& [parameter, rule] : command.parameters) {
            for (const char* option : {"-x", "--help", "- "})
                EXPECT_FALSE(judge(rule, option)) << name << ' ' << parameter << ' ' << option;
        }
    }
}

// The macros below are those a 2.13 master sends for a plain service of each command.

TEST_F(ShippedCatalog, RunsDiskAsAMasterAsks) {
    const json::Array types = {"none", "tmpfs", "fuse.gvfsd-fuse"};
    EXPECT_THAT(argv("disk", {{"disk_wfree", "20%"},
                              {"disk_cfree", "10%"},
                              {"disk_megabytes", true},
                              {"disk_exclude_type", types},
                              {"disk_partitions", json::Array{"/", "/var"}}}),
                ElementsAre("check_disk", "-c", "10%", "-w", "20%", "-X", "none", "-X", "tmpfs", "-X", "fuse.gvfsd-fuse", "-m", "-p", "/",
                            "-p", "/var"));
    EXPECT_THAT(argv("disk", {{"disk_partitions", json::Array{"-x"}}}),
                ElementsAre("parameter 'disk_partitions' refused: each element must match the pattern /[A-Za-z0-9_.+@:=,/ -]*"));
}

TEST_F(ShippedCatalog, RunsLoadAsAMasterAsks) {
    EXPECT_THAT(argv("load", {{"load_wload1", 5},
                              {"load_wload5", 4},
                              {"load_wload15", 3},
                              {"load_cload1", 10},
                              {"load_cload5", 6},
                              {"load_cload15", 4},
                              {"load_percpu", false}}),
                ElementsAre("check_load", "-c", "10,6,4", "-w", "5,4,3"));
}

TEST_F(ShippedCatalog, RunsPingAndHostaliveAsAMasterAsks) {
    EXPECT_THAT(argv("ping4", {{"ping_address", "127.0.0.1"}, {"ping_wrta", 100}, {"ping_wpl", 5}, {"ping_crta", 200}, {"ping_cpl", 15}}),
                ElementsAre("check_ping", "-4", "-H", "127.0.0.1", "-c", "200,15%", "-w", "100,5%"));
    EXPECT_THAT(argv("hostalive", {{"ping_address", "::1"}, {"ping_wrta", 3000}, {"ping_wpl", 80}, {"ping_crta", 5000}, {"ping_cpl", 100}}),
                ElementsAre("check_ping", "-H", "::1", "-c", "5000,100%", "-w", "3000,80%"));
}

TEST_F(ShippedCatalog, RunsHttpAsAMasterAsks) {
    EXPECT_THAT(argv("http", {{"http_address", "192.0.2.7"},
                              {"http_ssl", true},
                              {"http_sni", false},
                              {"http_linespan", false},
                              {"http_invertregex", false},
                              {"http_link", false},
                              {"http_verbose", false},
                              {"http_vhost", "www.example.org"},
                              {"http_uri", "/health?full=1"},
                              {"http_port", "8443"},
                              {"http_header", "X-Probe: 1"}}),
                ElementsAre("check_http", "-H", "www.example.org", "-I", "192.0.2.7", "-S", "-k", "X-Probe: 1", "-p", "8443", "-u",
                            "/health?full=1"));
}

TEST_F(ShippedCatalog, RunsProcsUsersAndSwapAsAMasterAsks) {
    EXPECT_THAT(argv("procs", {{"procs_warning", 250},
                               {"procs_critical", 400},
                               {"procs_traditional", false},
                               {"procs_nokthreads", false},
                               {"procs_command", "sshd"}}),
                ElementsAre("check_procs", "-C", "sshd", "-c", "400", "-w", "250"));
    EXPECT_THAT(argv("users", {{"users_wgreater", 20}, {"users_cgreater", 50}}), ElementsAre("check_users", "-c", "50", "-w", "20"));
    EXPECT_THAT(argv("swap", {{"swap_wfree", 50}, {"swap_cfree", 25}, {"swap_integer", false}, {"swap_allswaps", false}}),
                ElementsAre("check_swap", "-c", "25%", "-w", "50%"));
}

TEST_F(ShippedCatalog, RunsConnectionsAsAMasterAsks) {
    EXPECT_THAT(argv("tcp", {{"tcp_address", "h"},
                             {"tcp_port", 25},
                             {"tcp_all", false},
                             {"tcp_refuse", "crit"},
                             {"tcp_mismatch", "warn"},
                             {"tcp_timeout", 10},
                             {"tcp_escape_send", true},
                             {"tcp_send", "QUIT\\r\\n"}}),
                ElementsAre("check_tcp", "-H", "h", "-M", "warn", "-p", "25", "-r", "crit", "-t", "10", "-E", "-s", "QUIT\\r\\n"));
    EXPECT_THAT(argv("ssh", {{"ssh_address", "h"}, {"ssh_port", 22}}), ElementsAre("check_ssh", "-p", "22", "h"));
    EXPECT_THAT(
        argv("ssl", {{"ssl_address", "h"}, {"ssl_port", 443}, {"ssl_cert_valid_days_warn", 30}, {"ssl_cert_valid_days_critical", 7}}),
        ElementsAre("check_tcp", "--ssl", "-D", "30", "-H", "h", "-p", "443", "-D", "30,7"));
    EXPECT_THAT(
        argv("ssl",
             {{"ssl_address", "h"}, {"ssl_port", 443}, {"ssl_cert_valid_days_warn", false}, {"ssl_cert_valid_days_critical", false}}),
        ElementsAre("check_tcp", "--ssl", "-H", "h", "-p", "443"));
    EXPECT_THAT(argv("udp", {{"udp_address", "h"}, {"udp_port", 53}, {"udp_send", "x"}}),
                ElementsAre("parameter 'udp_expect' is missing: argument '-e' of 'udp' requires it"));
    EXPECT_THAT(argv("clamd", {{"clamd_address", "/run/clamav/clamd.ctl"},
                               {"clamd_ssl", false},
                               {"clamd_refuse", "crit"},
                               {"clamd_mismatch", "warn"},
                               {"clamd_timeout", 10}}),
                ElementsAre("check_clamd", "-H", "/run/clamav/clamd.ctl", "-M", "warn", "-r", "crit", "-t", "10"));
}

TEST_F(ShippedCatalog, RunsNameAndDirectoryServicesAsAMasterAsks) {
    EXPECT_THAT(argv("dns", {{"dns_lookup", "www.example.org"}, {"dns_timeout", 10}, {"dns_expected_answers", "192.0.2.1"}}),
                ElementsAre("check_dns", "-H", "www.example.org", "-a", "192.0.2.1", "-t", "10"));
    EXPECT_THAT(
        argv("snmp", {{"snmp_address", "udp6:[2001:db8::1]"},
                      {"address6", "2001:db8::1"},
                      {"snmp_oid", "1.3.6.1.2.1.1.3.0"},
                      {"snmp_community", "public"},
                      {"snmp_invert_search", false},
                      {"snmp_timeout", "10"},
                      {"snmp_warn", "~:5,1:"}}),
        ElementsAre("check_snmp", "-C", "public", "-H", "udp6:[2001:db8::1]", "-o", "1.3.6.1.2.1.1.3.0", "-t", "10", "-w", "~:5,1:"));
    EXPECT_THAT(argv("ldap", {{"ldap_address", "h"},
                              {"ldap_base", "dc=example,dc=org"},
                              {"ldap_v2", true},
                              {"ldap_v3", false},
                              {"ldap_timeout", 10},
                              {"ldap_verbose", false}}),
                ElementsAre("check_ldap", "-2", "-H", "h", "-b", "dc=example,dc=org", "-t", "10"));
}

}  // namespace
}  // namespace endpointd::catalog
