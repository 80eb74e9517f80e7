// The table of types and attributes (protocol, 10.6). The order of the attributes is
// of no meaning; that of the types is the order of commit.

#include <algorithm>
#include <array>

#include "dsl/config_type.hpp"

namespace endpointd::dsl {

namespace {

using enum FieldKind;

constexpr Field required(Field field) {
    field.required = true;
    return field;
}
constexpr Field own_of(std::string_view name) { return {.name = name, .kind = own, .listed = false}; }
constexpr Field text_of(std::string_view name) { return {.name = name}; }
constexpr Field number_of(std::string_view name, std::string_view fallback = "0") {
    return {.name = name, .kind = number, .fallback = fallback};
}
constexpr Field flag_of(std::string_view name, std::string_view fallback) { return {.name = name, .kind = boolean, .fallback = fallback}; }
constexpr Field list_of(std::string_view name) { return {.name = name, .kind = array}; }
constexpr Field map_of(std::string_view name) { return {.name = name, .kind = dictionary}; }
constexpr Field name_of(std::string_view name, std::string_view type) { return {.name = name, .kind = reference, .refers_to = type}; }
constexpr Field names_of(std::string_view name, std::string_view type, std::string_view fallback = {}) {
    return {.name = name, .kind = references, .refers_to = type, .fallback = fallback};
}

template <std::size_t... N>
constexpr auto joined(const std::array<Field, N>&... parts) {
    std::array<Field, (N + ...)> all{};
    auto at = all.begin();
    ((at = std::copy(parts.begin(), parts.end(), at)), ...);
    return all;
}

// --- What every object has ---

constexpr Field kVars = map_of("vars");

constexpr auto kObject = std::to_array<Field>({
    own_of("name"),
    own_of("__name"),
    own_of("type"),
    own_of("zone"),
    own_of("package"),
    own_of("templates"),
    own_of("source_location"),
    {.name = "version", .kind = number, .fallback = "0", .listed = false},
});

// --- Hosts, services and who they belong to ---

constexpr auto kCheckable = joined(kObject, std::to_array<Field>({
                                                kVars,
                                                text_of("display_name"),
                                                required(name_of("check_command", "CheckCommand")),
                                                {.name = "max_check_attempts", .kind = integer, .fallback = "3"},
                                                name_of("check_period", "TimePeriod"),
                                                {.name = "check_timeout", .kind = any},
                                                number_of("check_interval", "300"),
                                                number_of("retry_interval", "60"),
                                                name_of("event_command", "EventCommand"),
                                                flag_of("volatile", "false"),
                                                flag_of("enable_active_checks", "true"),
                                                flag_of("enable_passive_checks", "true"),
                                                flag_of("enable_event_handler", "true"),
                                                flag_of("enable_notifications", "true"),
                                                flag_of("enable_perfdata", "true"),
                                                flag_of("enable_flapping", "false"),
                                                list_of("flapping_ignore_states"),
                                                number_of("flapping_threshold"),
                                                number_of("flapping_threshold_low", "25"),
                                                number_of("flapping_threshold_high", "30"),
                                                text_of("notes"),
                                                text_of("notes_url"),
                                                text_of("action_url"),
                                                text_of("icon_image"),
                                                text_of("icon_image_alt"),
                                                name_of("command_endpoint", "Endpoint"),
                                            }));

constexpr auto kHost = joined(kCheckable, std::to_array<Field>({
                                              text_of("address"),
                                              text_of("address6"),
                                              required(names_of("groups", "HostGroup", "[]")),
                                          }));

constexpr auto kService = joined(kCheckable, std::to_array<Field>({
                                                 required(name_of("host_name", "Host")),
                                                 required(names_of("groups", "ServiceGroup", "[]")),
                                             }));

constexpr auto kGroup = joined(kObject, std::to_array<Field>({
                                            kVars,
                                            text_of("display_name"),
                                            text_of("notes"),
                                            text_of("notes_url"),
                                            text_of("action_url"),
                                        }));

constexpr auto kHostGroup = joined(kGroup, std::to_array<Field>({names_of("groups", "HostGroup")}));
constexpr auto kServiceGroup = joined(kGroup, std::to_array<Field>({names_of("groups", "ServiceGroup")}));

// What hangs on a host, or on a service of it.
constexpr auto kOfCheckable = joined(kObject, std::to_array<Field>({
                                                  required(name_of("host_name", "Host")),
                                                  name_of("service_name", "Service"),
                                              }));

// --- Users and what reaches them ---

constexpr auto kUserGroup = joined(kObject, std::to_array<Field>({
                                                kVars,
                                                text_of("display_name"),
                                                names_of("groups", "UserGroup"),
                                            }));

constexpr auto kUser = joined(kObject, std::to_array<Field>({
                                           kVars,
                                           text_of("display_name"),
                                           required(names_of("groups", "UserGroup", "[]")),
                                           name_of("period", "TimePeriod"),
                                           text_of("email"),
                                           text_of("pager"),
                                           list_of("types"),
                                           list_of("states"),
                                           flag_of("enable_notifications", "true"),
                                       }));

constexpr auto kNotification = joined(kOfCheckable, std::to_array<Field>({
                                                        kVars,
                                                        required(name_of("command", "NotificationCommand")),
                                                        number_of("interval", "1800"),
                                                        name_of("period", "TimePeriod"),
                                                        names_of("users", "User"),
                                                        names_of("user_groups", "UserGroup"),
                                                        map_of("times"),
                                                        list_of("types"),
                                                        list_of("states"),
                                                        name_of("command_endpoint", "Endpoint"),
                                                    }));

// --- What hangs on hosts and services ---

constexpr auto kDependency = joined(kObject, std::to_array<Field>({
                                                 kVars,
                                                 required(name_of("child_host_name", "Host")),
                                                 name_of("child_service_name", "Service"),
                                                 required(name_of("parent_host_name", "Host")),
                                                 name_of("parent_service_name", "Service"),
                                                 {.name = "redundancy_group", .listed = false},
                                                 name_of("period", "TimePeriod"),
                                                 list_of("states"),
                                                 flag_of("ignore_soft_states", "true"),
                                                 flag_of("disable_checks", "false"),
                                                 flag_of("disable_notifications", "true"),
                                             }));

// `update` is a function that a default template of upstream sets; it is there and never assigned.
constexpr auto kTimePeriod = joined(kObject, std::to_array<Field>({
                                                 kVars,
                                                 text_of("display_name"),
                                                 map_of("ranges"),
                                                 flag_of("prefer_includes", "true"),
                                                 required(names_of("excludes", "TimePeriod", "[]")),
                                                 required(names_of("includes", "TimePeriod", "[]")),
                                                 {.name = "update", .kind = own, .fallback = R"({"type":"Function"})"},
                                             }));

constexpr auto kScheduledDowntime = joined(kOfCheckable, std::to_array<Field>({
                                                             kVars,
                                                             required(text_of("author")),
                                                             required(text_of("comment")),
                                                             flag_of("fixed", "true"),
                                                             number_of("duration"),
                                                             required(map_of("ranges")),
                                                             {.name = "child_options", .kind = any, .fallback = R"("DowntimeNoChildren")"},
                                                         }));

constexpr auto kDowntime = joined(kOfCheckable, std::to_array<Field>({
                                                    required(text_of("author")),
                                                    required(text_of("comment")),
                                                    number_of("start_time"),
                                                    number_of("end_time"),
                                                    number_of("entry_time"),
                                                    flag_of("fixed", "false"),
                                                    number_of("duration"),
                                                    text_of("triggered_by"),
                                                    text_of("scheduled_by"),
                                                    text_of("parent"),
                                                    text_of("config_owner"),
                                                    text_of("config_owner_hash"),
                                                    text_of("authoritative_zone"),
                                                }));

constexpr auto kComment = joined(kOfCheckable, std::to_array<Field>({
                                                   required(text_of("author")),
                                                   required(text_of("text")),
                                                   number_of("entry_time"),
                                                   {.name = "entry_type", .kind = integer, .fallback = "1"},
                                                   flag_of("persistent", "false"),
                                                   flag_of("sticky", "false"),
                                                   number_of("expire_time"),
                                               }));

// --- The topology ---

constexpr auto kEndpoint = joined(kObject, std::to_array<Field>({
                                               text_of("host"),
                                               required({.name = "port", .fallback = R"("5665")"}),
                                               number_of("log_duration", "86400"),
                                           }));

constexpr auto kZone = joined(kObject, std::to_array<Field>({
                                           name_of("parent", "Zone"),
                                           names_of("endpoints", "Endpoint"),
                                           flag_of("global", "false"),
                                       }));

constexpr ConfigType foreign(std::string_view name, std::string_view plural) { return {.name = name, .plural = plural}; }
constexpr ConfigType command(std::string_view name, std::string_view plural) {
    return {.name = name, .plural = plural, .role = TypeRole::command};
}
constexpr ConfigType topology(std::string_view name, std::string_view plural, std::span<const Field> fields) {
    return {.name = name, .plural = plural, .role = TypeRole::topology, .fields = fields};
}
constexpr ConfigType object(std::string_view name, std::string_view plural, std::span<const Field> fields, bool composed = false,
                            bool custom_vars = true) {
    return {.name = name, .plural = plural, .role = TypeRole::object, .fields = fields, .composed = composed, .custom_vars = custom_vars};
}

constexpr auto numbered(auto types) {
    int order = 0;
    for (ConfigType& type : types) type.order = order++;
    return types;
}

// Whatever another one refers to comes first, except that a Zone names its Endpoints.
constexpr auto kTypes = numbered(std::to_array<ConfigType>({
    topology("Zone", "zones", kZone),
    topology("Endpoint", "endpoints", kEndpoint),
    command("CheckCommand", "checkcommands"),
    command("EventCommand", "eventcommands"),
    command("NotificationCommand", "notificationcommands"),
    object("TimePeriod", "timeperiods", kTimePeriod),
    object("UserGroup", "usergroups", kUserGroup),
    object("User", "users", kUser),
    object("HostGroup", "hostgroups", kHostGroup),
    object("ServiceGroup", "servicegroups", kServiceGroup),
    object("Host", "hosts", kHost),
    object("Service", "services", kService, true),
    object("Dependency", "dependencies", kDependency, true),
    object("Notification", "notifications", kNotification, true),
    object("ScheduledDowntime", "scheduleddowntimes", kScheduledDowntime, true),
    object("Comment", "comments", kComment, true, false),
    object("Downtime", "downtimes", kDowntime, true, false),
    foreign("ApiListener", "apilisteners"),
    foreign("ApiUser", "apiusers"),
    foreign("CheckResultReader", "checkresultreaders"),
    foreign("CheckerComponent", "checkercomponents"),
    foreign("CompatLogger", "compatloggers"),
    foreign("ElasticsearchWriter", "elasticsearchwriters"),
    foreign("ExternalCommandListener", "externalcommandlisteners"),
    foreign("FileLogger", "fileloggers"),
    foreign("GelfWriter", "gelfwriters"),
    foreign("GraphiteWriter", "graphitewriters"),
    foreign("IcingaApplication", "icingaapplications"),
    foreign("IcingaDB", "icingadbs"),
    foreign("IdoMysqlConnection", "idomysqlconnections"),
    foreign("IdoPgsqlConnection", "idopgsqlconnections"),
    foreign("Influxdb2Writer", "influxdb2writers"),
    foreign("InfluxdbWriter", "influxdbwriters"),
    foreign("JournaldLogger", "journaldloggers"),
    foreign("LivestatusListener", "livestatuslisteners"),
    foreign("NotificationComponent", "notificationcomponents"),
    foreign("OTLPMetricsWriter", "otlpmetricswriters"),
    foreign("OpenTsdbWriter", "opentsdbwriters"),
    foreign("PerfdataWriter", "perfdatawriters"),
    foreign("StatusDataWriter", "statusdatawriters"),
    foreign("SyslogLogger", "syslogloggers"),
    foreign("WindowsEventLogLogger", "windowseventlogloggers"),
}));

}  // namespace

std::span<const ConfigType> config_types() noexcept { return kTypes; }

}  // namespace endpointd::dsl
