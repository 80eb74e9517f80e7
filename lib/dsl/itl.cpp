#include "dsl/itl.hpp"

#include <algorithm>
#include <iterator>

namespace endpointd::dsl {

namespace {

// Those of commands are named only: what imports them is a command and never made. legacy-timeperiod brings
// the reading of `ranges`, which a TimePeriod has here anyway.
constexpr ItlTemplate kTemplates[] = {
    {"CheckCommand", "cluster-check-command"},
    {"CheckCommand", "cluster-zone-check-command"},
    {"CheckCommand", "dummy-check-command"},
    {"CheckCommand", "exception-check-command"},
    {"CheckCommand", "fping-common"},
    {"CheckCommand", "generic-thola-check-command"},
    {"CheckCommand", "generic-thola-device-check-command"},
    {"CheckCommand", "hostalive-common"},
    {"CheckCommand", "icinga-check-command"},
    {"CheckCommand", "icingacli"},
    {"CheckCommand", "icingadb-check-command"},
    {"CheckCommand", "ido-check-command"},
    {"CheckCommand", "ifw-api-check-command"},
    {"CheckCommand", "ipmi-alive-common"},
    {"CheckCommand", "ipv4-or-ipv6"},
    {"CheckCommand", "null-check-command"},
    {"CheckCommand", "ping-common"},
    {"CheckCommand", "ping-common-windows"},
    {"CheckCommand", "plugin-check-command"},
    {"CheckCommand", "random-check-command"},
    {"CheckCommand", "sleep-check-command"},
    {"CheckCommand", "snmp-manubulon-command"},
    {"CheckCommand", "vmware-esx-command"},
    {"CheckCommand", "vmware-esx-dc"},
    {"CheckCommand", "vmware-esx-soap-host"},
    {"CheckCommand", "vmware-esx-soap-vm"},
    {"EventCommand", "null-event-command"},
    {"EventCommand", "plugin-event-command"},
    {"NotificationCommand", "plugin-notification-command"},
    {"TimePeriod", "empty-timeperiod"},
    {"TimePeriod", "even-minutes-timeperiod"},
    {"TimePeriod", "legacy-timeperiod", true},
};

// clang-format off
constexpr std::string_view kCommands[] = {  // sorted
    "adaptec-raid", "apache-status", "apt", "breeze", "btrfs", "by_ssh", "ceph", "clamd", "cloudera_hdfs_files", "cloudera_hdfs_space",
    "cloudera_service_status", "cluster", "cluster-zone", "db2_health", "dhcp", "dig", "disk", "disk-windows", "disk_smb", "dns",
    "dummy", "elasticsearch", "esxi_hardware", "exception", "fail2ban", "file_age", "flexlm", "fping4", "fping6", "ftp", "game",
    "glusterfs", "graphite", "haproxy", "haproxy_status", "hddtemp", "hostalive", "hostalive4", "hostalive6", "hpasm", "hpjd", "http",
    "icinga", "icingacli-businessprocess", "icingacli-director", "icingacli-elasticsearch", "icingacli-x509", "icmp", "iftraffic",
    "iftraffic64", "ifw-api", "imap", "interfaces", "interfacetable", "iostat", "iostats", "ipmi-alive", "ipmi-sensor", "jmx4perl",
    "kdc", "ldap", "lmsensors", "load", "load-windows", "logfiles", "logstash", "lsi-raid", "lsyncd", "mailq", "mem", "memcached",
    "memory-windows", "mongodb", "mssql_health", "mysql", "mysql_health", "mysql_query", "negate", "network-windows", "nginx_status",
    "nrpe", "nscp", "nscp-local", "nscp-local-counter", "nscp-local-cpu", "nscp-local-disk", "nscp-local-memory",
    "nscp-local-os-version", "nscp-local-pagefile", "nscp-local-process", "nscp-local-service", "nscp-local-tasksched",
    "nscp-local-uptime", "nscp-local-version", "nscp_api", "ntp_peer", "ntp_time", "nwc_health", "openmanage", "oracle_health",
    "passive", "perfmon-windows", "pgsql", "phpfpm_status", "ping", "ping-windows", "ping4", "ping4-windows", "ping6", "ping6-windows",
    "pop", "postgres", "printer_health", "procs", "procs-windows", "proxysql", "radius", "random", "rbl", "redis", "rpc",
    "running_kernel", "sar-perf", "service-windows", "simap", "sleep", "smart", "smart-attributes", "smtp", "snmp", "snmp-env",
    "snmp-interface", "snmp-load", "snmp-memory", "snmp-process", "snmp-service", "snmp-storage", "snmp-uptime", "snmpv3", "spop",
    "squid", "ssh", "ssl", "ssl_cert", "ssmtp", "swap", "swap-windows", "systemd", "tcp", "thola-cpu-load", "thola-hardware-health",
    "thola-identify", "thola-interface-metrics", "thola-memory-usage", "thola-sbc", "thola-thola-server", "thola-ups", "udp",
    "update-windows", "ups", "uptime", "uptime-windows", "users", "users-windows", "varnish", "vmware-esx-dc-runtime-info",
    "vmware-esx-dc-runtime-issues", "vmware-esx-dc-runtime-listcluster", "vmware-esx-dc-runtime-listhost",
    "vmware-esx-dc-runtime-listvms", "vmware-esx-dc-runtime-status", "vmware-esx-dc-runtime-tools", "vmware-esx-dc-volumes",
    "vmware-esx-soap-host-check", "vmware-esx-soap-host-cpu", "vmware-esx-soap-host-cpu-ready", "vmware-esx-soap-host-cpu-usage",
    "vmware-esx-soap-host-cpu-wait", "vmware-esx-soap-host-io", "vmware-esx-soap-host-io-aborted",
    "vmware-esx-soap-host-io-device-latency", "vmware-esx-soap-host-io-kernel-latency", "vmware-esx-soap-host-io-queue-latency",
    "vmware-esx-soap-host-io-read", "vmware-esx-soap-host-io-read-latency", "vmware-esx-soap-host-io-resets",
    "vmware-esx-soap-host-io-total-latency", "vmware-esx-soap-host-io-usage", "vmware-esx-soap-host-io-write",
    "vmware-esx-soap-host-io-write-latency", "vmware-esx-soap-host-media", "vmware-esx-soap-host-mem",
    "vmware-esx-soap-host-mem-consumed", "vmware-esx-soap-host-mem-memctl", "vmware-esx-soap-host-mem-overhead",
    "vmware-esx-soap-host-mem-swapused", "vmware-esx-soap-host-mem-usage", "vmware-esx-soap-host-net", "vmware-esx-soap-host-net-nic",
    "vmware-esx-soap-host-net-receive", "vmware-esx-soap-host-net-send", "vmware-esx-soap-host-net-usage",
    "vmware-esx-soap-host-runtime", "vmware-esx-soap-host-runtime-con", "vmware-esx-soap-host-runtime-health",
    "vmware-esx-soap-host-runtime-health-listsensors", "vmware-esx-soap-host-runtime-health-nostoragestatus",
    "vmware-esx-soap-host-runtime-issues", "vmware-esx-soap-host-runtime-listvms", "vmware-esx-soap-host-runtime-status",
    "vmware-esx-soap-host-runtime-storagehealth", "vmware-esx-soap-host-runtime-temp", "vmware-esx-soap-host-service",
    "vmware-esx-soap-host-storage", "vmware-esx-soap-host-storage-adapter", "vmware-esx-soap-host-storage-lun",
    "vmware-esx-soap-host-storage-path", "vmware-esx-soap-host-uptime", "vmware-esx-soap-host-volumes", "vmware-esx-soap-vm-cpu",
    "vmware-esx-soap-vm-cpu-ready", "vmware-esx-soap-vm-cpu-usage", "vmware-esx-soap-vm-cpu-wait", "vmware-esx-soap-vm-io",
    "vmware-esx-soap-vm-io-read", "vmware-esx-soap-vm-io-usage", "vmware-esx-soap-vm-io-write", "vmware-esx-soap-vm-mem",
    "vmware-esx-soap-vm-mem-consumed", "vmware-esx-soap-vm-mem-memctl", "vmware-esx-soap-vm-mem-usage", "vmware-esx-soap-vm-net",
    "vmware-esx-soap-vm-net-receive", "vmware-esx-soap-vm-net-send", "vmware-esx-soap-vm-net-usage", "vmware-esx-soap-vm-runtime",
    "vmware-esx-soap-vm-runtime-con", "vmware-esx-soap-vm-runtime-consoleconnections", "vmware-esx-soap-vm-runtime-gueststate",
    "vmware-esx-soap-vm-runtime-issues", "vmware-esx-soap-vm-runtime-powerstate", "vmware-esx-soap-vm-runtime-status",
    "vmware-esx-soap-vm-runtime-tools", "webinject", "yum",
};
// clang-format on
static_assert(std::ranges::is_sorted(kCommands));

}  // namespace

const ItlTemplate* itl_template(std::string_view type, std::string_view name) noexcept {
    const auto found = std::ranges::find_if(kTemplates, [&](const ItlTemplate& one) { return one.type == type && one.name == name; });
    return found == std::end(kTemplates) ? nullptr : found;
}

bool is_itl_command(std::string_view name) noexcept { return std::ranges::binary_search(kCommands, name); }

}  // namespace endpointd::dsl
