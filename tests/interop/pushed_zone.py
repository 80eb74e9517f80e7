"""A zone as a site writes it, with what no site should: 3 hosts, their 40 services, who is told of them and when they rest,
and a command of the parent's own."""

from lab import AGENT

# Types of which objects in `files()` come, with the names that the master's REST API has for them.
KINDS = {"Host": "hosts", "Service": "services", "HostGroup": "hostgroups", "ServiceGroup": "servicegroups",
         "TimePeriod": "timeperiods", "Dependency": "dependencies", "User": "users", "UserGroup": "usergroups",
         "Notification": "notifications", "ScheduledDowntime": "scheduleddowntimes"}

HOSTS = ["app1", "db1", "web1"]
SERVICES = 40

_TEMPLATES = """
template Host "site-host" default {
  check_interval = 2m
}
template Host "linux-host" {
  import "site-host"
  check_command = "dummy"
  retry_interval = 30s
  max_check_attempts = 4
  vars.os = "Linux"
  vars.dummy_text = "host " + name
  notes = "made of " + [ "templates", "rules" ].join(" and ")
}
template Service "site-service" {
  check_interval = 5m
  retry_interval = 1m
  max_check_attempts = 3
  check_period = "office"
  enable_flapping = true
}
"""

_GROUPS = """
object HostGroup "linux" {
  display_name = "Linux servers"
  assign where host.vars.os == "Linux"
}
object HostGroup "production" {
  assign where host.vars.stage == "production" && !match("app*", host.name)
}
object ServiceGroup "disks" {
  display_name = "Disks"
  assign where match("disk *", service.name)
}
object ServiceGroup "important" {
  assign where service.vars.weight >= 2 || "pager" in service.vars.tags
}
object TimePeriod "office" {
  display_name = "Office hours"
  ranges = {
    "monday" = "08:00-18:00"
    "tuesday" = "08:00-18:00"
    "wednesday" = "08:00-12:00,13:00-18:00"
    "2030-12-24" = "08:00-12:00"
  }
}
"""

_HOSTS = """
object Host "web1" {
  import "linux-host"
  address = "192.0.2.1"
  display_name = "Web server"
  vars.stage = "production"
  vars.disks["/"] = { warn = 20, owner = "ops" }
  vars.disks["/var"] = { warn = 10 }
  vars.disks["/srv/www"] = { }
  vars.ports = [ 80, 443, 8443 ]
  vars.rates = { half = 0.5, list = [ 1, "two", null, true ] }
}
object Host "db1" {
  import "linux-host"
  address6 = "2001:db8::2"
  check_interval = 1m
  vars.stage = "production"
  vars.disks["/"] = { warn = 15 }
  vars.disks["/var/lib/db"] = { warn = 5, owner = "dba" }
  vars.ports = [ 5432, 5433 ]
}
object Host "app1" {
  import "linux-host"
  groups += [ "linux" ]
  vars.stage = "test"
  vars.disks["/"] = { }
  vars.disks["/tmp"] = { warn = 50 }
  vars.ports = [ 8080, 8443, 9000 ]
}
"""

_RULES = """
for (n in range(8)) {
  apply Service "probe " + n use (n) {
    import "site-service"
    check_command = "lab-plain"
    display_name = "Probe " + n + " of " + host.name
    vars.weight = n % 3
    if (n == 7) {
      vars.tags = [ "pager", host.name ]
    }
    assign where host.vars.os == "Linux"
  }
}
apply Service "disk " for (path => disk in host.vars.disks) {
  import "site-service"
  check_command = "lab-args"
  vars.lab_text = "path " + path
  vars += disk
  vars.warn = disk.warn || 25
  assign where host.vars.os == "Linux"
}
apply Service "port " for (port in host.vars.ports) {
  import "site-service"
  check_command = "lab-true"
  check_interval = 30s
  notes = "port " + port + " of " + host.display_name
  assign where host.vars.os == "Linux"
  ignore where port == 9000
}
apply Service "replication" {
  import "site-service"
  check_command = "lab-true"
  assign where host.name == "db1"
}
object Service "single" {
  import "site-service"
  host_name = "web1"
  check_command = "dummy"
  vars.dummy_state = 0
}
apply Dependency "database" to Host {
  parent_host_name = "db1"
  states = [ Up ]
  disable_checks = true
  assign where host.name in [ "web1", "app1" ]
}
apply Dependency "first-probe" to Service {
  parent_service_name = "probe 0"
  period = "office"
  states = [ OK, Warning ]
  assign where match("disk *", service.name)
}
"""

_PEOPLE = """
template User "site-user" {
  enable_notifications = true
  states = [ OK, Warning, Critical, Unknown, Up, Down ]
  types = [ Problem, Recovery, Acknowledgement ]
  vars.team = "ops"
}
object User "ada" {
  import "site-user"
  display_name = "Ada"
  email = "ada@example.org"
  pager = "+0 123"
  groups = [ "night" ]
}
object User "bob" {
  import "site-user"
  period = "night"
  email = name + "@example.org"
  vars.team = "database"
}
object UserGroup "ops" {
  display_name = "Operators"
  assign where user.vars.team == "ops"
}
object UserGroup "night" {
  groups = [ "ops" ]
}
object TimePeriod "holidays" {
  ranges = {
    "january 1" = "00:00-24:00"
    "monday 1 may" = "00:00-24:00"
    "day -1" = "12:00-24:00"
  }
}
object TimePeriod "night" {
  display_name = "Outside the office"
  excludes = [ "office" ]
  includes = [ "holidays" ]
  prefer_includes = false
  ranges = {
    "monday" = "00:00-08:00,18:00-24:00"
    "2030-02-01 - 2030-02-28 / 2" = "00:00-24:00"
  }
}
template Notification "site-notification" {
  command = "ring-bell"
  interval = 30m
  types = [ Problem, Recovery, FlappingStart, FlappingEnd ]
  period = "office"
  vars.channel = "bell"
}
apply Notification "ring" to Service {
  import "site-notification"
  users = [ "ada", "bob" ]
  user_groups = [ "ops" ]
  states = [ Warning, Critical ]
  times = { begin = 2m, end = 1h }
  vars.about = service.display_name + " of " + host.name
  assign where match("disk *", service.name)
}
apply Notification "ring" to Host {
  import "site-notification"
  user_groups = host.vars.stage == "production" ? [ "ops", "night" ] : [ "night" ]
  states = [ Down ]
  interval = 0
  assign where host.vars.os == "Linux"
}
object Notification "by-hand" {
  import "site-notification"
  host_name = "web1"
  service_name = "single"
  users = [ "bob" ]
}
"""

_REST = """
apply ScheduledDowntime "backup" to Service {
  author = "ops"
  comment = "Backup of " + host.name
  fixed = false
  duration = 30m
  ranges = {
    "sunday" = "02:00-03:00"
    "day 1" = "04:00-05:00"
  }
  assign where service.name == "replication"
}
object ScheduledDowntime "move" {
  host_name = "app1"
  author = "ops"
  comment = "Into another room"
  child_options = "DowntimeTriggeredChildren"
  ranges = {
    "2030-06-01 - 2030-06-03" = "00:00-24:00"
  }
}
object Dependency "by-hand" {
  child_host_name = "web1"
  child_service_name = "single"
  parent_host_name = "db1"
  parent_service_name = "replication"
  ignore_soft_states = false
  disable_notifications = false
  states = [ OK, Critical ]
  vars.why = [ "it", "asks", "there" ]
}
"""

EVIL_LINE, EVIL_SERVICE_LINE = 3, 2  # where the two objects begin in their files


def evil_command(mark):
    return f'// what is executed\n\nobject CheckCommand "evil" {{\n  command = [ "/bin/sh", "-c", "id > {mark}" ]\n}}\n'


_EVIL_SERVICE = """
object Service "evil-svc" {
  host_name = "web1"
  check_command = "evil"
  check_interval = 1s
}
"""


def files(mark):
    """{path below zones.d: text}."""
    return {"global-templates/templates.conf": _TEMPLATES, "global-templates/commands.conf": evil_command(mark),
            f"{AGENT}/groups.conf": _GROUPS, f"{AGENT}/hosts.conf": _HOSTS, f"{AGENT}/rules/services.conf": _RULES,
            f"{AGENT}/people.conf": _PEOPLE, f"{AGENT}/rest.conf": _REST, f"{AGENT}/evil.conf": _EVIL_SERVICE}
