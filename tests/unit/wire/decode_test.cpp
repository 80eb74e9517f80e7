#include "wire/decode.hpp"

#include <gtest/gtest.h>

#include "decoded.hpp"
#include "recorded_messages.hpp"

namespace endpointd::wire {
namespace {

TEST(Decode, TakesWhatARealMasterAndAgentSent) {
    for (const std::string_view text : kRecordedMessages) {
        const DecodeResult result = decoded(text);
        const auto* incoming = std::get_if<Incoming>(&result);
        if (const auto* malformed = std::get_if<Malformed>(&result)) ADD_FAILURE() << malformed->what << "\n" << text;
        ASSERT_NE(incoming, nullptr) << text;
        EXPECT_NE(text.find(name_of(incoming->method)), std::string_view::npos) << text;
        EXPECT_EQ(incoming->ts.has_value(), text.find("\"ts\":") != std::string_view::npos) << text;
    }
}

TEST(Decode, ReadsTheEnvelope) {
    const DecodeResult result =
        decoded(R"({"jsonrpc":"2.0","method":"event::Heartbeat","params":{},"ts":12.5,"originZone":"agent-zone","id":"x-1"})");
    const auto& incoming = std::get<Incoming>(result);
    EXPECT_EQ(incoming.method, Method::heartbeat);
    EXPECT_EQ(incoming.ts, 12.5);
    EXPECT_EQ(incoming.origin_zone, "agent-zone");
    EXPECT_TRUE(incoming.has_id);
}

TEST(Decode, AMessageIsAnObject) {
    for (const char* text : {"[]", "1", "null", "\"x\""}) {
        const DecodeResult result = decoded(text);
        EXPECT_TRUE(std::get<Malformed>(result).what.starts_with("message: expected object, got ")) << text;
    }
}

TEST(Decode, TheEnvelopeHasTypes) {
    EXPECT_EQ(std::get<Malformed>(decoded(R"({"method":"event::Heartbeat","params":{},"ts":"1"})")).what,
              "message.ts: expected number, got string");
    EXPECT_EQ(std::get<Malformed>(decoded(R"({"method":"event::Heartbeat","params":{},"originZone":{}})")).what,
              "message.originZone: expected string, got object");
    EXPECT_EQ(std::get<Malformed>(decoded(R"({"method":7,"params":{}})")).what, "message.method: expected string, got number");
    EXPECT_EQ(std::get<Malformed>(decoded(R"({"method":"event::Heartbeat","params":[]})")).what,
              "message.params: expected object, got array");
    EXPECT_EQ(std::get<Malformed>(decoded("{}")).what, "message.method: missing");
}

TEST(Decode, AnAnswerIsIgnored) {
    for (const char* text : {R"({"id":"x-1","jsonrpc":"2.0"})", R"({"id":1,"result":{}})", R"({"id":null,"error":"x"})"})
        EXPECT_TRUE(std::holds_alternative<Ignored>(decoded(text))) << text;
}

TEST(Decode, WithoutParamsTheHandlerIsNotCalled) {
    const auto result = decoded(R"({"method":"event::ExecuteCommand","ts":7})");
    EXPECT_EQ(std::get<Malformed>(result).what, "message.params: missing");
    EXPECT_EQ(std::get<Malformed>(result).ts, 7);
    EXPECT_TRUE(std::holds_alternative<Malformed>(decoded(R"({"method":"event::ExecuteCommand","params":null})")));
    EXPECT_TRUE(std::holds_alternative<Ignored>(decoded(R"({"method":"event::Heartbeat"})")));
}

TEST(Decode, AnUnknownMethodKeepsItsNameAndTime) {
    const auto result = decoded(R"({"method":"event::Nonsense\u0000","ts":3})");
    EXPECT_EQ(std::get<UnknownMethod>(result).name, std::string("event::Nonsense\0", 16));
    EXPECT_EQ(std::get<UnknownMethod>(result).ts, 3);
}

TEST(Decode, AMalformedMessageKeepsItsTime) {
    EXPECT_EQ(std::get<Malformed>(decoded(R"({"method":"log::SetLogPosition","params":{},"ts":3})")).ts, 3);
}

TEST(DecodeHello, VersionAndCapabilitiesMayBeMissing) {
    EXPECT_EQ(message_of<Hello>(with_params("icinga::Hello", "{}")), (Hello{std::nullopt, 0}));
    EXPECT_EQ(message_of<Hello>(with_params("icinga::Hello", R"({"version":21306,"capabilities":7})")), (Hello{21306, 7}));
    EXPECT_EQ(message_of<Hello>(with_params("icinga::Hello", R"({"version":0})")), (Hello{0, 0}));
}

TEST(DecodeHello, RefusesWhatIsNoVersionAndNoMask) {
    EXPECT_EQ(complaint_about("icinga::Hello", R"({"version":"2.13"})"), "params.version: expected number, got string");
    EXPECT_EQ(complaint_about("icinga::Hello", R"({"version":-1})"), "params.version: expected an integer from 0 to 999999, got -1");
    EXPECT_EQ(complaint_about("icinga::Hello", R"({"version":1e300})"), "params.version: expected an integer from 0 to 999999, got 1e+300");
    for (const char* mask : {"-1", "1.5", "1e300"})
        EXPECT_EQ(complaint_about("icinga::Hello", R"({"capabilities":)" + std::string(mask) + "}"),
                  "params.capabilities: expected a bit mask")
            << mask;
}

TEST(DecodeSetLogPosition, NeedsANumber) {
    EXPECT_EQ(message_of<SetLogPosition>(with_params("log::SetLogPosition", R"({"log_position":1.5})")), SetLogPosition{1.5});
    EXPECT_EQ(complaint_about("log::SetLogPosition", "{}"), "params.log_position: missing");
    EXPECT_EQ(complaint_about("log::SetLogPosition", R"({"log_position":"1"})"), "params.log_position: expected number, got string");
}

TEST(DecodeStateEvents, NeedHostAndTheirValue) {
    EXPECT_EQ(message_of<SetNextCheck>(with_params("event::SetNextCheck", R"({"host":"h","service":"s","next_check":5})")),
              (SetNextCheck{"h", "s", 5}));
    EXPECT_EQ(message_of<SetLastCheckStarted>(with_params("event::SetLastCheckStarted", R"({"host":"h","last_check_started":5})")),
              (SetLastCheckStarted{"h", std::nullopt, 5}));
    EXPECT_EQ(message_of<SetForceNextCheck>(with_params("event::SetForceNextCheck", R"({"host":"h","forced":true})")),
              (SetForceNextCheck{"h", std::nullopt, true}));
    EXPECT_EQ(complaint_about("event::SetNextCheck", R"({"next_check":5})"), "params.host: missing");
    EXPECT_EQ(complaint_about("event::SetNextCheck", R"({"host":"h","service":null,"next_check":5})"),
              "params.service: expected string, got null");
    EXPECT_EQ(complaint_about("event::SetNextCheck", R"({"host":"h"})"), "params.next_check: missing");
    EXPECT_EQ(complaint_about("event::SetForceNextCheck", R"({"host":"h","forced":1})"), "params.forced: expected boolean, got number");
}

TEST(DecodeAcknowledgement, ReadsAllAndNeedsItsType) {
    const auto message = message_of<SetAcknowledgement>(with_params(
        "event::SetAcknowledgement",
        R"({"acktype":2,"author":"a","change_time":2,"comment":"c","expiry":1,"host":"h","notify":true,"persistent":true,"service":"s"})"));
    EXPECT_EQ(message, (SetAcknowledgement{"h", "s", "a", "c", AcknowledgementType::sticky, true, true, 1, 2}));
    EXPECT_EQ(complaint_about("event::SetAcknowledgement", R"({"acktype":0,"author":"a","comment":"c","host":"h"})"),
              "params.acktype: expected an integer from 1 to 2, got 0");
    EXPECT_EQ(message_of<ClearAcknowledgement>(with_params("event::ClearAcknowledgement", R"({"host":"h","author":"a"})")),
              (ClearAcknowledgement{"h", std::nullopt, "a", 0}));
}

TEST(DecodeSetRemovalInfo, KnowsTwoTypes) {
    EXPECT_EQ(complaint_about("event::SetRemovalInfo", R"({"object_type":"Comment","object_name":"n","removed_by":"b","remove_time":1})"),
              "no");
    EXPECT_EQ(complaint_about("event::SetRemovalInfo", R"({"object_type":"Host","object_name":"n","removed_by":"b","remove_time":1})"),
              "params.object_type: expected Comment or Downtime");
}

TEST(DecodeNotificationEvents, SayWhatTheyAreAbout) {
    EXPECT_EQ(message_of<NotificationEvent>(with_params("event::SetForceNextNotification", R"({"host":"h","service":"s","forced":true})")),
              (NotificationEvent{Method::set_force_next_notification, "h", "s", std::nullopt}));
    EXPECT_EQ(message_of<NotificationEvent>(with_params("event::SetNextNotification", R"({"notification":"n","next_notification":1})")),
              (NotificationEvent{Method::set_next_notification, std::nullopt, std::nullopt, "n"}));
    EXPECT_EQ(complaint_about("event::NotificationSentUser", R"({"host":"h"})"), "params.notification: missing");
}

TEST(DecodeCertificates, ATicketMayBeEmpty) {
    EXPECT_EQ(message_of<RequestCertificate>(with_params("pki::RequestCertificate", R"({"ticket":""})")), RequestCertificate{});
    EXPECT_EQ(message_of<UpdateCertificate>(
                  with_params("pki::UpdateCertificate", R"({"cert":"c","ca":"a","fingerprint_request":"f","status_code":0})")),
              (UpdateCertificate{"c", "a", "f", 0}));
    EXPECT_EQ(complaint_about("pki::UpdateCertificate", R"({"cert":"c"})"), "params.ca: missing");
    EXPECT_EQ(complaint_about("pki::RequestCertificate", R"({"ticket":1})"), "params.ticket: expected string, got number");
}

}  // namespace
}  // namespace endpointd::wire
