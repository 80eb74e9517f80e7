#include "fake_services.hpp"
#include "policy/method_capability.hpp"

namespace endpointd::cluster {
namespace {

const char* const kNothing = R"({"parents":{}})";

TEST(Dispatch, TakesTheConversationItselfWithoutAnyGrant) {
    FakeServices node(kNothing);
    node.say("icinga::Hello", R"({"version":21306,"capabilities":1})");
    node.say("event::Heartbeat", "{}");
    node.say("log::SetLogPosition", R"({"log_position":1})");
    node.say("config::Update", R"({"update":{},"update_v2":{},"checksums":{}})");
    EXPECT_TRUE(node.audit.empty());
}

// Every other method of the protocol, with what it needs to be well-formed.
const std::pair<const char*, const char*> kDenied[] = {
    {"config::UpdateObject",
     R"({"type":"CheckCommand","name":"evil","version":1,"config":"object CheckCommand \"evil\" { }","modified_attributes":{},"original_attributes":[]})"},
    {"config::DeleteObject", R"({"type":"Downtime","name":"h!d","version":1})"},
    {"pki::RequestCertificate", R"({"ticket":""})"},
    {"pki::UpdateCertificate", R"({"cert":"x","ca":"y","fingerprint_request":"ab","status_code":0})"},
    {"event::CheckResult", R"({"host":"h","service":"s","cr":{"type":"CheckResult","performance_data":null,"state":0,"output":"x"}})"},
    {"event::SetNextCheck", R"({"host":"h","service":"s","next_check":1})"},
    {"event::SetLastCheckStarted", R"({"host":"h","last_check_started":1})"},
    {"event::SetStateBeforeSuppression", R"({"host":"h","state_before_suppression":0})"},
    {"event::SetSuppressedNotifications", R"({"host":"h","suppressed_notifications":0})"},
    {"event::SetSuppressedNotificationTypes", R"({"notification":"n","suppressed_notifications":0})"},
    {"event::SetNextNotification", R"({"host":"h","notification":"n","next_notification":1})"},
    {"event::UpdateLastNotifiedStatePerUser", R"({"notification":"n","user":"u","state":0})"},
    {"event::ClearLastNotifiedStatePerUser", R"({"notification":"n"})"},
    {"event::SetForceNextCheck", R"({"host":"h","forced":true})"},
    {"event::SetForceNextNotification", R"({"host":"h","forced":true})"},
    {"event::SetAcknowledgement",
     R"({"host":"h","author":"a","comment":"c","acktype":1,"notify":false,"persistent":false,"expiry":0,"change_time":1})"},
    {"event::ClearAcknowledgement", R"({"host":"h","author":"a","change_time":1})"},
    {"event::SendNotifications", R"({"host":"h","cr":{},"type":32,"author":"a","text":"t"})"},
    {"event::NotificationSentUser",
     R"({"host":"h","notification":"n","user":"u","type":32,"cr":{},"author":"a","text":"t","command":"c"})"},
    {"event::NotificationSentToAllUsers",
     R"({"host":"h","notification":"n","users":[],"type":32,"cr":{},"author":"a","text":"t","last_notification":1,"next_notification":1,"notification_number":1,"last_problem_notification":1,"no_more_notifications":false})"},
    {"event::ExecutedCommand", R"({"execution":"e","host":"h","exit":0,"output":"","start":1,"end":1})"},
    {"event::UpdateExecutions", R"({"host":"h","executions":{}})"},
    {"event::SetRemovalInfo", R"({"object_type":"Downtime","object_name":"d","removed_by":"u","remove_time":1})"},
};

TEST(Dispatch, DeniesAndAuditsEveryMethodItHasNoHandlerFor) {
    // The four above, config::Update and ExecuteCommand are the rest of the 28.
    ASSERT_EQ(std::size(kDenied) + 5, policy::method_rules().size());
    FakeServices node(kNothing);
    for (const auto& [method, params] : kDenied) {
        node.audit.clear();
        node.say(method, params);
        ASSERT_EQ(node.audit.size(), 1U) << method;
        EXPECT_EQ(node.audit[0].method, method);
        const bool pushed = std::string_view(method) == "config::UpdateObject";
        EXPECT_EQ(node.audit[0].decision, pushed ? store::Decision::rejected : store::Decision::denied) << method;
        EXPECT_EQ(node.audit[0].reason, pushed ? store::Reason::command_pushed : store::Reason::capability_denied) << method;
        EXPECT_TRUE(node.answers.empty()) << method;
    }
}

TEST(Dispatch, DeniesWhatIsGrantedButNotAvailableAndSaysSo) {
    FakeServices node(R"({"parents":{"master1":{"preset":"scheduler","grant":["event","passive","renew"]}}})");
    for (const auto& [method, params] : kDenied) {
        // Granted with downtimes: there is nothing to object to, and nothing to do.
        if (std::string_view(method) == "event::SetRemovalInfo") continue;
        node.audit.clear();
        node.say(method, params);
        ASSERT_EQ(node.audit.size(), 1U) << method;
        EXPECT_TRUE(node.audit[0].decision == store::Decision::denied || node.audit[0].decision == store::Decision::rejected) << method;
    }
    node.audit.clear();
    node.say("pki::UpdateCertificate", R"({"cert":"x","ca":"y","fingerprint_request":"ab","status_code":0})");
    EXPECT_EQ(node.audit[0].detail, "renew is granted but not available in this version");
}

TEST(Dispatch, NamesTheObjectAndKeepsWhatWasPushed) {
    FakeServices node(kNothing);
    node.say(kDenied[0].first, kDenied[0].second);
    EXPECT_EQ(node.audit[0].object_type, "CheckCommand");
    EXPECT_EQ(node.audit[0].object_name, "evil");
    EXPECT_EQ(node.audit[0].content, "object CheckCommand \"evil\" { }");
}

TEST(Dispatch, TellsAPushedCommandThatTheCatalogHasFromOneItHasNot) {
    FakeServices node(kNothing);
    node.say("config::UpdateObject",
             R"({"type":"CheckCommand","name":"disk","version":1,"config":"x","modified_attributes":{},"original_attributes":[]})");
    EXPECT_EQ(node.audit[0].reason, store::Reason::command_shadowed);
    node.say("config::UpdateObject",
             R"({"type":"Host","name":"h","version":1,"config":"x","modified_attributes":{},"original_attributes":[]})");
    EXPECT_EQ(node.audit[1].decision, store::Decision::rejected);
    EXPECT_EQ(node.audit[1].reason, store::Reason::capability_denied);
}

TEST(Dispatch, RecordsEachFileOfARefusedUpdateByItsName) {
    FakeServices node(kNothing);
    node.say(
        "config::Update",
        R"({"update":{"web1":{"/_etc/a.conf":"object Host \"a\" {}","/_etc/b.conf":""}},"update_v2":{"web1":{"/.timestamp":"1"}},"checksums":{}})");
    ASSERT_EQ(node.audit.size(), 2U);
    EXPECT_EQ(node.audit[0].file, "web1/_etc/a.conf");
    EXPECT_EQ(node.audit[0].content, "object Host \"a\" {}");
    EXPECT_EQ(node.audit[1].file, "web1/_etc/b.conf");
}

TEST(Dispatch, BoundsTheRecordsOfOneUpdateAndCountsTheRest) {
    FakeServices node(kNothing);
    std::string files;
    for (int i = 0; i < 250; ++i) files += (i == 0 ? "\"/" : ",\"/") + std::to_string(i) + ".conf\":\"x\"";
    node.say("config::Update", "{\"update\":{\"z\":{" + files + "}},\"update_v2\":{},\"checksums\":{}}");
    ASSERT_EQ(node.audit.size(), kAuditedFiles + 1);
    EXPECT_NE(node.audit.back().detail.find("150 more files"), std::string::npos);
    EXPECT_FALSE(node.audit.back().file.has_value());
}

TEST(Dispatch, RecordsAnUpdateThatWouldEmptyAZone) {
    FakeServices node(kNothing);
    node.say("config::Update", R"({"update":{"web1":{}},"update_v2":{},"checksums":{}})");
    EXPECT_EQ(node.audit.size(), 1U);
}

TEST(Dispatch, RecordsStrangersByTheKindOfTheirFailure) {
    FakeServices node(kNothing);
    node.dispatcher.not_authenticated({tls::Failure::peer_certificate_expired, "CN=x"}, "192.0.2.1:1", "");
    EXPECT_FALSE(node.audit[0].parent.has_value());
    EXPECT_EQ(node.audit[0].parameter, "peer-certificate-expired");
    EXPECT_EQ(node.audit[0].reason, store::Reason::capability_denied);
}

TEST(Dispatch, RecordsWhatNeverBecameAMessage) {
    FakeServices node(kNothing);
    node.dispatcher.refused({"master1", 1, {}}, {"event::CheckResult", "params.cr: expected object, got number", "{}", false});
    node.dispatcher.refused({"master1", 1, {}}, {"no::Such", "no such method", "{}", true});
    EXPECT_EQ(node.audit[0].reason, store::Reason::malformed_message);
    EXPECT_EQ(node.audit[1].reason, store::Reason::capability_denied);
    EXPECT_EQ(node.audit[1].method, "no::Such");
}

}  // namespace
}  // namespace endpointd::cluster
