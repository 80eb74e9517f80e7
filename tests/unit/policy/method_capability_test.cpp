#include "policy/method_capability.hpp"

#include <gtest/gtest.h>

#include <map>

#include "policy/verdict.hpp"

namespace endpointd::policy {
namespace {

TEST(MethodCapability, NamesAll28MethodsOfTheProtocol) {
    const std::map<std::string_view, std::string_view> expected = {
        {"icinga::Hello", "nothing"},
        {"log::SetLogPosition", "nothing"},
        {"event::Heartbeat", "nothing"},
        {"config::Update", "content"},
        {"config::UpdateObject", "content"},
        {"config::DeleteObject", "content"},
        {"pki::RequestCertificate", "never"},
        {"pki::UpdateCertificate", "renew"},
        {"event::CheckResult", "passive"},
        {"event::SetNextCheck", "recheck"},
        {"event::SetLastCheckStarted", "passive"},
        {"event::SetStateBeforeSuppression", "never"},
        {"event::SetSuppressedNotifications", "never"},
        {"event::SetSuppressedNotificationTypes", "never"},
        {"event::SetNextNotification", "never"},
        {"event::UpdateLastNotifiedStatePerUser", "never"},
        {"event::ClearLastNotifiedStatePerUser", "never"},
        {"event::SetForceNextCheck", "recheck"},
        {"event::SetForceNextNotification", "never"},
        {"event::SetAcknowledgement", "acknowledge"},
        {"event::ClearAcknowledgement", "acknowledge"},
        {"event::ExecuteCommand", "content"},
        {"event::SendNotifications", "never"},
        {"event::NotificationSentUser", "never"},
        {"event::NotificationSentToAllUsers", "never"},
        {"event::ExecutedCommand", "never"},
        {"event::UpdateExecutions", "action"},
        {"event::SetRemovalInfo", "content"},
    };
    ASSERT_EQ(expected.size(), 28u);
    std::map<std::string_view, std::string_view> table;
    for (const MethodRule& rule : method_rules()) {
        EXPECT_EQ(rule.capability.has_value(), rule.need == Need::capability) << rule.method;
        const std::string_view need = rule.need == Need::nothing      ? "nothing"
                                      : rule.need == Need::never      ? "never"
                                      : rule.need == Need::by_content ? "content"
                                                                      : name_of(*rule.capability);
        EXPECT_TRUE(table.emplace(rule.method, need).second) << rule.method;
        EXPECT_EQ(rule_of(rule.method), &rule);
    }
    EXPECT_EQ(table, expected);
}

TEST(MethodCapability, KnowsNoOtherMethod) {
    for (const char* name : {"", "event::Executecommand", "event::ExecuteCommand ", "event::", "zzz", "config::Updat"})
        EXPECT_EQ(rule_of(name), nullptr) << name;
}

// docs/actions.md, "Who may have what run", row by row.
TEST(MethodCapability, ExecuteCommandDependsOnTypeSourceAndKind) {
    using catalog::Kind;
    struct Row {
        CommandType type;
        bool source;
        std::optional<Kind> kind;
        Capability capability;
        bool runs;
    };
    const std::optional<Kind> absent;
    const Row rows[] = {
        {CommandType::check, false, Kind::check, Capability::execute, true},
        {CommandType::check, false, Kind::action, Capability::execute, false},
        {CommandType::check, false, Kind::event, Capability::execute, false},
        {CommandType::check, false, Kind::notification, Capability::execute, false},
        {CommandType::check, false, absent, Capability::execute, false},
        {CommandType::event, false, Kind::check, Capability::event, false},
        {CommandType::event, false, Kind::action, Capability::action, true},
        {CommandType::event, false, Kind::event, Capability::event, true},
        {CommandType::event, false, Kind::notification, Capability::event, false},
        {CommandType::event, false, absent, Capability::event, false},
        {CommandType::notification, false, Kind::check, Capability::event, false},
        {CommandType::notification, false, Kind::action, Capability::event, false},
        {CommandType::notification, false, Kind::event, Capability::event, false},
        {CommandType::notification, false, Kind::notification, Capability::event, true},
        {CommandType::notification, false, absent, Capability::event, false},
        {CommandType::check, true, Kind::check, Capability::action, true},
        {CommandType::check, true, Kind::action, Capability::action, true},
        {CommandType::check, true, Kind::event, Capability::action, false},
        {CommandType::check, true, Kind::notification, Capability::action, false},
        {CommandType::check, true, absent, Capability::action, false},
        {CommandType::event, true, Kind::check, Capability::action, false},
        {CommandType::event, true, Kind::action, Capability::action, true},
        {CommandType::event, true, Kind::event, Capability::action, true},
        {CommandType::event, true, Kind::notification, Capability::action, false},
        {CommandType::event, true, absent, Capability::action, false},
        {CommandType::notification, true, Kind::check, Capability::action, false},
        {CommandType::notification, true, Kind::action, Capability::action, true},
        {CommandType::notification, true, Kind::event, Capability::action, false},
        {CommandType::notification, true, Kind::notification, Capability::action, true},
        {CommandType::notification, true, absent, Capability::action, false},
    };
    ASSERT_EQ(std::size(rows), 3u * 2u * 5u);
    for (const Row& row : rows) {
        const ExecuteRule rule = rule_of_execute(row.type, row.source, row.kind);
        const std::string what = std::to_string(static_cast<int>(row.type)) + (row.source ? " with source, " : ", ") +
                                 (row.kind ? std::string(catalog::name_of(*row.kind)) : "absent");
        EXPECT_EQ(rule.capability, row.capability) << what;
        EXPECT_EQ(rule.runs, row.runs) << what;
    }
}

TEST(MethodCapability, ACapabilityRunsTheKindsOfItsRowsAndNoOther) {
    using catalog::Kind;
    const Kind kinds[] = {Kind::check, Kind::action, Kind::event, Kind::notification};
    for (const Capability capability : kCapabilities) {
        for (const Kind kind : kinds) {
            const bool expected = capability == Capability::action || (capability == Capability::execute && kind == Kind::check) ||
                                  (capability == Capability::event && (kind == Kind::event || kind == Kind::notification));
            EXPECT_EQ(can_run(capability, kind), expected) << name_of(capability) << " " << catalog::name_of(kind);
        }
    }
}

TEST(MethodCapability, AnEmptyUpdateNeedsNothing) {
    EXPECT_FALSE(update_needs_config(false));
    EXPECT_TRUE(update_needs_config(true));
}

TEST(MethodCapability, ObjectsNeedTheCapabilityOfTheirType) {
    EXPECT_EQ(capability_of_object("Downtime"), Capability::downtime);
    EXPECT_EQ(capability_of_object("Comment"), Capability::comment);
    EXPECT_EQ(capability_of_object("Service"), Capability::config);
    EXPECT_EQ(capability_of_object("Notification"), Capability::config);
    for (const char* type : {"CheckCommand", "EventCommand", "NotificationCommand", "Endpoint", "Zone", "ApiUser", "ApiListener",
                             "InfluxdbWriter", "SyslogLogger", "", "Unknown", "host"}) {
        EXPECT_FALSE(capability_of_object(type).has_value()) << type;
        EXPECT_FALSE(capability_of_attribute(type, "enable_active_checks").has_value()) << type;
    }
}

TEST(MethodCapability, EachAttributeIsJudgedAlone) {
    for (const char* attribute : {"enable_active_checks", "enable_passive_checks", "enable_notifications", "enable_event_handler",
                                  "enable_flapping", "enable_perfdata"}) {
        EXPECT_EQ(capability_of_attribute("Host", attribute), Capability::pause);
        EXPECT_EQ(capability_of_attribute("Service", attribute), Capability::pause);
    }
    EXPECT_EQ(capability_of_attribute("Service", "check_command"), Capability::config);
    EXPECT_EQ(capability_of_attribute("Service", "vars.x"), Capability::config);
    EXPECT_EQ(capability_of_attribute("User", "enable_notifications"), Capability::config);
    EXPECT_EQ(capability_of_attribute("Comment", "text"), Capability::comment);
}

TEST(MethodCapability, RemovalsAreOfDowntimesAndComments) {
    EXPECT_EQ(capability_of_removal("Downtime"), Capability::downtime);
    EXPECT_EQ(capability_of_removal("Comment"), Capability::comment);
    EXPECT_FALSE(capability_of_removal("Host").has_value());
}

TEST(MethodCapability, WritersAndLoggersAreNeverGranted) {
    for (const char* type : {"CheckCommand", "Zone", "FileLogger", "JournaldLogger", "OTLPMetricsWriter", "ExternalCommandListener",
                             "IdoMysqlConnection", "CheckerComponent", "IcingaDB"})
        EXPECT_TRUE(is_never_granted(type)) << type;
    EXPECT_FALSE(is_never_granted("Host"));
}

TEST(Capability, NamesReadBack) {
    for (const Capability capability : kCapabilities) EXPECT_EQ(capability_from(name_of(capability)), capability);
    EXPECT_FALSE(capability_from("").has_value());
    EXPECT_FALSE(capability_from("Execute").has_value());
}

TEST(Reason, NamesReadBack) {
    for (std::size_t i = 0; i <= static_cast<std::size_t>(Reason::plugin_changed); ++i) {
        const Reason reason = static_cast<Reason>(i);
        EXPECT_EQ(reason_from(name_of(reason)), reason);
    }
    EXPECT_EQ(name_of(Reason::unsigned_zone), "unsigned");
    EXPECT_FALSE(reason_from("").has_value());
}

}  // namespace
}  // namespace endpointd::policy
