#pragma once
// One plain struct for every method of the protocol, and a variant of them: what
// a handler gets instead of JSON. Every member has the type it should have;
// whether it makes sense (a known host, a granted command, a safe path) is not
// decided here. Times are seconds since 1970. Values; any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "wire/check_result.hpp"
#include "wire/method_table.hpp"

namespace endpointd::wire {

// Protocol, 3. Both are missing in the Hello of a peer older than 2.13.
struct Hello {
    std::optional<std::uint32_t> version;  // major*10000 + minor*100 + patch; 0: the peer does not know its own
    std::uint64_t capabilities = 0;

    bool operator==(const Hello&) const = default;
};

struct Heartbeat {
    bool operator==(const Heartbeat&) const = default;
};

// Protocol, 4.6.
struct SetLogPosition {
    double log_position = 0;

    bool operator==(const SetLogPosition&) const = default;
};

enum class CommandType : std::uint8_t { check, event, notification };

// As on the wire: "check_command", "event_command", "notification_command".
std::string_view name_of(CommandType type) noexcept;

// Protocol, 6.1. Where a service is possible, its presence tells it from the host.
struct ExecuteCommand {
    std::string command;
    CommandType command_type = CommandType::check;
    std::string host;
    std::optional<std::string> service;     // the short name
    std::optional<Duration> check_timeout;  // whole seconds; 0: the sender wants none
    json::Object macros;                    // flat, but nested values are kept as they came: the catalog refuses them
    std::optional<std::string> source;      // id of an execution: the answer is ExecutedCommand
    std::optional<double> deadline;
    std::optional<std::string> endpoint;  // who is to execute it; none: whoever gets it
    std::optional<std::string> user, notification;

    bool operator==(const ExecuteCommand&) const = default;
};

// Protocol, 5.4.
struct CheckResult {
    std::string host;
    std::optional<std::string> service;
    CheckResultBody cr;

    bool operator==(const CheckResult&) const = default;
};

// Protocol, 6.7: the answer to an ExecuteCommand with a source.
struct ExecutedCommand {
    std::string execution;
    std::string host;
    std::optional<std::string> service;
    double exit = 0;
    std::string output;  // raw: neither trimmed nor split
    double start = 0, end = 0;

    bool operator==(const ExecutedCommand&) const = default;
};

struct Execution {
    std::string id;
    bool pending = false;
    std::optional<double> deadline;
    std::optional<std::string> endpoint;
    std::optional<double> exit;
    std::optional<std::string> output;
    std::optional<double> start, end;

    bool operator==(const Execution&) const = default;
};

struct UpdateExecutions {
    std::string host;
    std::optional<std::string> service;
    std::vector<Execution> executions;

    bool operator==(const UpdateExecutions&) const = default;
};

// One file of a config::Update. The path is the peer's word: nobody has checked it.
struct ConfigFile {
    std::string zone;
    std::string path;  // "/_etc/hosts.conf"
    std::string content;
    bool metadata = false;  // the last part of the path starts with a dot: /.timestamp, /.checksums

    bool operator==(const ConfigFile&) const = default;
};

// Protocol, 4.1: `update` and `update_v2` merged, the second winning.
struct ConfigUpdate {
    std::vector<std::string> zones;  // keys of `update`, sorted: only these are synchronised (protocol, 4.2)
    std::vector<ConfigFile> files;   // sorted by zone and path; zones that only `update_v2` names as well
    std::optional<std::map<std::string, std::map<std::string, std::string>>> checksums;  // zone, path, hex; none before 2.11

    // Nothing in it: what a parent without configuration for us sends on every connect.
    bool empty() const noexcept { return zones.empty() && files.empty(); }
    bool operator==(const ConfigUpdate&) const = default;
};

// Protocol, 4.3.
struct ConfigUpdateObject {
    std::string type, name;
    double version = 0;
    std::optional<std::string> zone;
    std::optional<std::string> config;  // DSL text of an object created at run time
    json::Object modified_attributes;   // attribute path to value
    std::vector<std::string> original_attributes;

    bool operator==(const ConfigUpdateObject&) const = default;
};

// Protocol, 4.4.
struct ConfigDeleteObject {
    std::string type, name;
    double version = 0;

    bool operator==(const ConfigDeleteObject&) const = default;
};

// Protocol, 9.3. The ticket is a secret: never log it.
struct RequestCertificate {
    std::string ticket;
    std::optional<std::string> cert_request, requestor_ca;  // PEM

    bool operator==(const RequestCertificate&) const = default;
};

// Protocol, 9.4.
struct UpdateCertificate {
    std::string cert, ca;  // PEM
    std::string fingerprint_request;
    double status_code = 0;

    bool operator==(const UpdateCertificate&) const = default;
};

// Protocol, 5.3, this and the following.
struct SetNextCheck {
    std::string host;
    std::optional<std::string> service;
    double next_check = 0;

    bool operator==(const SetNextCheck&) const = default;
};

struct SetLastCheckStarted {
    std::string host;
    std::optional<std::string> service;
    double last_check_started = 0;

    bool operator==(const SetLastCheckStarted&) const = default;
};

struct SetForceNextCheck {
    std::string host;
    std::optional<std::string> service;
    bool forced = false;

    bool operator==(const SetForceNextCheck&) const = default;
};

enum class AcknowledgementType : std::uint8_t { normal = 1, sticky = 2 };

struct SetAcknowledgement {
    std::string host;
    std::optional<std::string> service;
    std::string author, comment;
    AcknowledgementType acktype = AcknowledgementType::normal;
    bool notify = false, persistent = false;
    double expiry = 0;  // 0: never
    double change_time = 0;

    bool operator==(const SetAcknowledgement&) const = default;
};

struct ClearAcknowledgement {
    std::string host;
    std::optional<std::string> service;
    std::string author;
    double change_time = 0;

    bool operator==(const ClearAcknowledgement&) const = default;
};

struct SetRemovalInfo {
    std::string object_type;  // "Comment" or "Downtime"
    std::string object_name;
    std::string removed_by;
    double remove_time = 0;

    bool operator==(const SetRemovalInfo&) const = default;
};

// The ten messages about notifications and their suppression, of which only the
// object they are about is read: none of them is ever granted to a parent.
struct NotificationEvent {
    Method method = Method::send_notifications;
    std::optional<std::string> host, service, notification;

    bool operator==(const NotificationEvent&) const = default;
};

using Message =
    std::variant<Hello, Heartbeat, SetLogPosition, ExecuteCommand, CheckResult, ExecutedCommand, UpdateExecutions, ConfigUpdate,
                 ConfigUpdateObject, ConfigDeleteObject, RequestCertificate, UpdateCertificate, SetNextCheck, SetLastCheckStarted,
                 SetForceNextCheck, SetAcknowledgement, ClearAcknowledgement, SetRemovalInfo, NotificationEvent>;

// What stands around every message (protocol, 2.1). Each outcome of decode() has
// it, because `ts` counts before the method is looked at (protocol, 2.2).
struct Envelope {
    std::optional<double> ts;
    std::optional<std::string> origin_zone;
    bool has_id = false;
};

struct Incoming : Envelope {
    Method method = Method::heartbeat;
    Message message = Heartbeat{};
};

}  // namespace endpointd::wire
