#include "wire/decode.hpp"

#include "base/assert.hpp"
#include "wire/decode_parts.hpp"

namespace endpointd::wire {

namespace {

// Protocol, 3: capabilities are a bit mask in a double.
constexpr double kCapabilityBits = 0x1p53;
constexpr int kLargestVersion = 99'99'99;

Hello hello(const Fields& params) {
    Hello message;
    if (const auto version = params.maybe_integer("version", 0, kLargestVersion)) message.version = static_cast<std::uint32_t>(*version);
    const double capabilities = params.maybe_number("capabilities").value_or(0);
    if (capabilities >= 0 && capabilities < kCapabilityBits) message.capabilities = static_cast<std::uint64_t>(capabilities);
    if (static_cast<double>(message.capabilities) != capabilities)
        params.complaint().add(params.place("capabilities"), "expected a bit mask");
    return message;
}

ExecutedCommand executed_command(const Fields& params) {
    ExecutedCommand message;
    message.execution = params.text("execution");
    message.host = params.text("host");
    message.service = params.present_text("service");
    message.exit = params.number("exit");
    message.output = params.text("output");
    message.start = params.number("start");
    message.end = params.number("end");
    return message;
}

RequestCertificate request_certificate(const Fields& params) {
    return {params.maybe_text("ticket").value_or(""), params.maybe_text("cert_request"), params.maybe_text("requestor_ca")};
}

UpdateCertificate update_certificate(const Fields& params) {
    return {params.text("cert"), params.text("ca"), params.maybe_text("fingerprint_request").value_or(""),
            params.maybe_number("status_code").value_or(0)};
}

SetAcknowledgement set_acknowledgement(const Fields& params) {
    SetAcknowledgement message;
    message.host = params.text("host");
    message.service = params.present_text("service");
    message.author = params.text("author");
    message.comment = params.text("comment");
    message.acktype = params.integer("acktype", 1, 2) == 2 ? AcknowledgementType::sticky : AcknowledgementType::normal;
    message.notify = params.maybe_flag("notify").value_or(false);
    message.persistent = params.maybe_flag("persistent").value_or(false);
    message.expiry = params.maybe_number("expiry").value_or(0);
    message.change_time = params.maybe_number("change_time").value_or(0);
    return message;
}

ClearAcknowledgement clear_acknowledgement(const Fields& params) {
    return {params.text("host"), params.present_text("service"), params.maybe_text("author").value_or(""),
            params.maybe_number("change_time").value_or(0)};
}

SetRemovalInfo set_removal_info(const Fields& params) {
    SetRemovalInfo message;
    message.object_type = params.text("object_type");
    if (message.object_type != "Comment" && message.object_type != "Downtime")
        params.complaint().add(params.place("object_type"), "expected Comment or Downtime");
    message.object_name = params.text("object_name");
    message.removed_by = params.text("removed_by");
    message.remove_time = params.number("remove_time");
    return message;
}

NotificationEvent of_checkable(Method method, const Fields& params) {
    return {method, params.text("host"), params.present_text("service"), std::nullopt};
}

NotificationEvent of_notification(Method method, const Fields& params) {
    return {method, std::nullopt, std::nullopt, params.text("notification")};
}

NotificationEvent of_both(Method method, const Fields& params) {
    return {method, params.text("host"), params.present_text("service"), params.text("notification")};
}

// No default: a method without its decoder does not compile without a warning.
Message decode_params(Method method, const Fields& params) {
    switch (method) {
        case Method::hello:
            return hello(params);
        case Method::heartbeat:
            return Heartbeat{};
        case Method::set_log_position:
            return SetLogPosition{params.number("log_position")};
        case Method::config_update:
            return decode_config_update(params);
        case Method::config_update_object:
            return decode_config_update_object(params);
        case Method::config_delete_object:
            return decode_config_delete_object(params);
        case Method::request_certificate:
            return request_certificate(params);
        case Method::update_certificate:
            return update_certificate(params);
        case Method::check_result:
            return decode_check_result(params);
        case Method::set_next_check:
            return SetNextCheck{params.text("host"), params.present_text("service"), params.number("next_check")};
        case Method::set_last_check_started:
            return SetLastCheckStarted{params.text("host"), params.present_text("service"), params.number("last_check_started")};
        case Method::set_force_next_check:
            return SetForceNextCheck{params.text("host"), params.present_text("service"), params.flag("forced")};
        case Method::set_acknowledgement:
            return set_acknowledgement(params);
        case Method::clear_acknowledgement:
            return clear_acknowledgement(params);
        case Method::execute_command:
            return decode_execute_command(params);
        case Method::executed_command:
            return executed_command(params);
        case Method::update_executions:
            return decode_update_executions(params);
        case Method::set_removal_info:
            return set_removal_info(params);
        case Method::set_state_before_suppression:
        case Method::set_suppressed_notifications:
        case Method::set_force_next_notification:
        case Method::send_notifications:
            return of_checkable(method, params);
        case Method::set_suppressed_notification_types:
        case Method::set_next_notification:
        case Method::update_last_notified_state_per_user:
        case Method::clear_last_notified_state_per_user:
            return of_notification(method, params);
        case Method::notification_sent_user:
        case Method::notification_sent_to_all_users:
            return of_both(method, params);
    }
    assertion_failed("method of the table", __FILE__, __LINE__);
}

}  // namespace

DecodeResult decode(const json::Value& root) {
    Complaint complaint;
    Envelope envelope;
    std::string method_name;
    const auto malformed = [&] { return Malformed{envelope, method_name, complaint.text()}; };

    const json::Object* object = root.object();
    if (!object) {
        complaint.wrong_type("message", "object", root);
        return malformed();
    }
    const Fields message(*object, "message", complaint);
    envelope.has_id = object->find("id") != nullptr;
    envelope.ts = message.maybe_number("ts");
    envelope.origin_zone = message.maybe_text("originZone");
    const auto name = message.maybe_text("method");
    if (!complaint.empty()) return malformed();
    if (!name) {
        if (envelope.has_id) return Ignored{envelope, "an answer to a request that was not made"};
        complaint.add(message.place("method"), "missing");
        return malformed();
    }
    const auto method = method_named(*name);
    if (!method) return UnknownMethod{envelope, *name};
    method_name = *name;
    if (!message.find("params")) {
        // Upstream calls no handler (protocol, 2.2). Where nothing needs them that is all there is to it.
        if (*method == Method::hello || *method == Method::heartbeat) return Ignored{envelope, method_name + " without params"};
        complaint.add(message.place("params"), "missing");
        return malformed();
    }
    const json::Object* params = message.maybe_object("params");
    if (!params) return malformed();

    Message typed = decode_params(*method, Fields(*params, "params", complaint));
    if (!complaint.empty()) return malformed();
    return Incoming{envelope, *method, std::move(typed)};
}

}  // namespace endpointd::wire
