// daemon/etc/catalog.d/actions.json.example and the grant that docs/actions.md gives with it.

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "catalog/catalog.hpp"
#include "catalog/invocation.hpp"
#include "policy/caps.hpp"

namespace endpointd::cluster {
namespace {

using testing::ElementsAre;

class ActionsExample : public testing::Test {
protected:
    ActionsExample() {
        std::ifstream in(TEST_SOURCE_DIR "/daemon/etc/catalog.d/actions.json.example");
        std::ostringstream text;
        text << in.rdbuf();
        catalog_ = catalog::Catalog::load({{"catalog.d/actions.json", "actions.json", text.str()}}, findings_);
    }

    // argv, or why not.
    std::vector<std::string> argv(const char* name, const json::Object& macros) const {
        const catalog::Command* command = catalog_.find(name);
        if (command == nullptr) return {"no such command"};
        const auto admission = catalog::admit(catalog_, *command, macros);
        if (!admission) return {admission.error().text};
        const auto invocation = catalog::build(catalog_, *command, admission->parameters);
        if (!invocation) return {invocation.error().text};
        return invocation->argv;
    }

    Findings findings_;
    catalog::Catalog catalog_;
};

TEST_F(ActionsExample, LoadsWithoutAFinding) {
    EXPECT_TRUE(findings_.errors.empty()) << findings_.errors[0].message;
    EXPECT_TRUE(findings_.warnings.empty()) << findings_.warnings[0].message;
}

TEST_F(ActionsExample, RestartsListedServicesAndNothingElse) {
    EXPECT_THAT(argv("restart-service", {{"service", "nginx.service"}}),
                ElementsAre("/usr/bin/systemctl", "--no-ask-password", "restart", "nginx.service"));
    for (const char* service : {"sshd.service", "nginx.service ssh.service", "nginx.service --root=/tmp/x", "--root=/tmp/x", "*", ""})
        EXPECT_THAT(argv("restart-service", {{"service", service}}),
                    ElementsAre(R"(parameter 'service' refused: must be one of "nginx.service", "redis-server.service")"))
            << service;
    EXPECT_THAT(argv("restart-service", {{"service", json::Array{"nginx.service", "ssh.service"}}}),
                ElementsAre("parameter 'service' refused: must be a single value, not an array"));
    EXPECT_EQ(catalog_.find("restart-service")->run_as, "root");
}

TEST_F(ActionsExample, TakesListedPairsAndNoOther) {
    EXPECT_THAT(argv("control-service", {{"verb", "reload"}, {"service", "nginx.service"}}),
                ElementsAre("/usr/bin/systemctl", "--no-ask-password", "reload", "nginx.service"));
    for (const auto& [verb, service] : {std::pair("stop", "nginx.service"), std::pair("reload", "redis-server.service")})
        EXPECT_THAT(argv("control-service", {{"verb", verb}, {"service", service}}),
                    ElementsAre("parameters of 'control-service' refused: not a listed combination"));
}

TEST_F(ActionsExample, WritesStateAndMessageAsOneWord) {
    EXPECT_THAT(argv("log-state", {{"host.name", "web1"}, {"service.state", "CRITICAL"}}),
                ElementsAre("/usr/bin/logger", "--tag", "monitoring", "--", "web1 is CRITICAL"));
    EXPECT_THAT(argv("log-message", {{"user.name", "alice"}, {"message", "come in"}}),
                ElementsAre("/usr/bin/logger", "--tag", "notification", "--", "alice: come in"));
}

TEST_F(ActionsExample, IsGrantedAsTheDocumentSays) {
    const char* const text = R"({ "parents": {
        "zone:master": {
          "grant": { "action": { "commands": ["restart-service"], "hosts": ["web1.example.org"],
                                  "services": ["web1.example.org!*"], "rate": "6/h", "max_concurrent": 1 } } } } })";
    const auto grants = policy::load_caps({{"caps.d/20-actions.json", "20-actions.json", text}}, {}, findings_);
    ASSERT_TRUE(grants && findings_.warnings.empty());
    policy::Request asked{policy::Capability::action, "web1.example.org", "http", "restart-service"};
    EXPECT_TRUE(grants->decide("master1.example.org", "master", asked).allowed);
    asked.command = "control-service";
    EXPECT_FALSE(grants->decide("master1.example.org", "master", asked).allowed);
    asked.command = "restart-service";
    asked.host = "web2.example.org";
    EXPECT_FALSE(grants->decide("master1.example.org", "master", asked).allowed);
}

}  // namespace
}  // namespace endpointd::cluster
