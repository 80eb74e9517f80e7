"""What most tests share: plugins, the agent's catalog and grants, and the master's side of the same commands."""

import contextlib
import json
import pathlib
import re
import shutil

from lab import AGENT, MASTER, agent_objects, zones_conf

_PLUGINS = pathlib.Path(__file__).resolve().parent / "plugins"

# The number of the audit record in what a parent is told.
AUDIT = re.compile(r" \(audit (\d+)\)$")


def install_plugins(lab):
    """Copies tests/interop/plugins to where their owner is right; returns the directory."""
    directory = lab.directory / "plugins"
    directory.mkdir()
    for plugin in _PLUGINS.iterdir():
        shutil.copy(plugin, directory / plugin.name)
        (directory / plugin.name).chmod(0o755)
    lab.account.own(directory)
    return directory


def canary(lab, name):
    """A path that exists only once a command that must not run has run. Its directory may be written by everybody who could."""
    directory = lab.directory / "canaries"
    if not directory.exists():
        directory.mkdir()
        lab.account.own(directory)
    return directory / name


def catalog(lab, plugins):
    """The agent's commands."""
    def touch(kind, mark):
        return {"kind": kind, "command": [f"{plugins}/lab_touch", str(canary(lab, mark))],
                "sandbox": {"write": [str(canary(lab, mark).parent)]}}

    return {
        "lab-args": {
            "kind": "check", "command": [f"{plugins}/lab_echo"],
            "arguments": {
                "--text": "$lab_text$",
                "--list": {"value": "$lab_list$", "order": 1},
                "--values": {"value": "$lab_values$", "repeat_key": False, "order": 2},
                "--verbose": {"set_if": "$lab_verbose$", "order": 3},
                "--quiet": {"set_if": "$lab_quiet$", "order": 3},
                "--state": {"value": "$lab_state$", "order": 4},
                "--eq": {"value": "$lab_eq$", "separator": "=", "order": 5},
                "bare": {"value": "$lab_bare$", "skip_key": True, "order": 6},
            },
            "env": {"LAB_ENV": "$lab_env$"},
            "parameters": {
                "lab_text": {"pattern": "[^-].*"}, "lab_env": {"pattern": ".*"}, "lab_bare": {"pattern": "[a-z]+"},
                "lab_list": {"type": "array", "items": {"pattern": "[a-z ]+"}, "max_items": 4},
                "lab_values": {"type": "array", "items": {"pattern": "[a-z]+"}},
                "lab_verbose": {"type": "boolean"}, "lab_quiet": {"type": "boolean"},
                "lab_state": {"type": "integer", "min": 0, "max": 3}, "lab_eq": {"enum": ["one", "two"]},
            },
            "timeout": "30s",
        },
        "lab-plain": {"kind": "check", "command": [f"{plugins}/lab_echo"]},
        "lab-true": {"kind": "check", "command": ["/bin/true"]},
        "lab-required": {"kind": "check", "command": [f"{plugins}/lab_echo"],
                         "arguments": {"-c": {"value": "$lab_needed$", "required": True}},
                         "parameters": {"lab_needed": {"pattern": "[a-z]+"}}},
        "lab-tuples": {"kind": "check", "command": [f"{plugins}/lab_echo"], "arguments": {"-a": "$lab_a$", "-b": "$lab_b$"},
                       "parameters": {"lab_a": {"pattern": "[a-z0-9]+"}, "lab_b": {"pattern": "[a-z0-9]+"}},
                       "tuples": [{"lab_a": "a1", "lab_b": "b1"}, {"lab_a": "a2", "lab_b": "b2"}]},
        "lab-wait": {"kind": "check", "command": [f"{plugins}/lab_wait", str(lab.directory)], "timeout": "60s"},
        "lab-pinned": {"kind": "check", "command": [f"{plugins}/lab_echo"], "sha256": "0" * 64},
        "lab-not-granted": touch("check", "not-granted"),
        "restart-thing": touch("action", "action"),
        "heal-thing": touch("event", "event"),
        "ring-bell": touch("notification", "notification"),
    }


# Everything of the lab's but `lab-not-granted`, and some of the shipped and built-in ones.
EXECUTE = {"commands": ["lab-args", "lab-plain", "lab-true", "lab-required", "lab-tuples", "lab-wait", "lab-pinned", "lab-loose",
                        "lab-absent", "dummy", "disk", "load", "procs", "icinga", "cluster", "cluster-zone"]}

CAPS = {MASTER: {"grant": {"results": {}, "execute": EXECUTE}}}

# The master's definitions: it resolves the macros, and a command line of its own it never runs for us.
MASTER_COMMANDS = """
object CheckCommand "lab-args" {
  command = [ "/nonexistent/of-the-master" ]
  arguments = {
    "--text" = "$lab_text$"
    "--list" = "$lab_list$"
    "--values" = { value = "$lab_values$", repeat_key = false }
    "--verbose" = { set_if = "$lab_verbose$" }
    "--quiet" = { set_if = "$lab_quiet$" }
    "--state" = "$lab_state$"
    "--eq" = "$lab_eq$"
    "bare" = { value = "$lab_bare$", skip_key = true }
  }
  env = { LAB_ENV = "$lab_env$" }
}
object CheckCommand "lab-required" {
  command = [ "/nonexistent/of-the-master" ]
  arguments = { "-c" = "$lab_needed$" }
}
object CheckCommand "lab-tuples" {
  command = [ "/nonexistent/of-the-master" ]
  arguments = { "-a" = "$lab_a$", "-b" = "$lab_b$" }
}
for (name in [ "lab-plain", "lab-true", "lab-wait", "lab-pinned", "lab-loose", "lab-absent", "lab-not-granted", "lab-no-such" ]) {
  object CheckCommand name {
    command = [ "/nonexistent/of-the-master" ]
  }
}
for (name in [ "restart-thing", "heal-thing" ]) {
  object EventCommand name {
    command = [ "/nonexistent/of-the-master" ]
  }
}
object NotificationCommand "ring-bell" {
  command = [ "/nonexistent/of-the-master" ]
}
"""


def dsl(value):
    """A value in Icinga's DSL. Its strings know JSON's escapes but `\\u`, so non-ASCII stays as it is."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{dsl(key)} = {dsl(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(dsl, value)) + " ]"
    return json.dumps(value, ensure_ascii=False)


def master_host(name, command="dummy", *, interval="1s", **attrs):
    """A Host of the master's zone that is checked by the agent; `vars_...` set custom variables."""
    return _checkable(f'object Host "{name}"', command, interval, attrs)


def master_service(host, name, command, *, interval="1s", **attrs):
    return _checkable(f'object Service "{name}"', command, interval, {"host_name": host, **attrs})


def _checkable(head, command, interval, attrs):
    lines = [f'  check_command = "{command}"', f"  check_interval = {interval}", f"  retry_interval = {interval}",
             "  max_check_attempts = 1", f'  command_endpoint = "{AGENT}"']
    for key, value in attrs.items():
        name = "vars." + key.removeprefix("vars_") if key.startswith("vars_") else key
        lines.append(f"  {name} = {dsl(value)}")
    return head + " {\n" + "\n".join(lines) + "\n}\n"


def start_pair(lab, *objects, dials="master", caps=None, catalog_more=None, settings=None, zones_d=None, start=True):
    """A real master and an endpointd that know each other, with `objects` in the master's zone. `dials` is `master`,
    `agent` or `both`. Returns (master, node), started and connected."""
    plugins = install_plugins(lab)
    ports = {"master": lab.free_port(), "agent": lab.free_port()}
    zones = zones_conf(lab.host, ports["master"]) if dials in ("agent", "both") else zones_conf()
    seen = agent_objects(lab.host, ports["agent"]) if dials in ("master", "both") else agent_objects()
    node = lab.node(port=ports["agent"], zones=zones, catalog={**catalog(lab, plugins), **(catalog_more or {})}, caps=caps or CAPS,
                    settings=settings)
    master = lab.master(port=ports["master"], extra=seen + MASTER_COMMANDS,
                        zones_d={"master/objects.conf": "".join(objects), **(zones_d or {})})
    if start:
        with connecting(master, node):
            node.start()
            master.start()
    return master, node


@contextlib.contextmanager
def connecting(master, node):
    """What is done in it makes them connect anew; behind it they have, and nothing of the sync is to come."""
    before = master.syncs(AGENT)
    yield
    node.wait_connected()
    master.wait_synced(AGENT, before)


def start_node(lab, *, caps=None, catalog_more=None, settings=None, dials=None):
    """An endpointd alone, for scripted peers; with `dials`, the address of one, it connects there. Returns (node, the
    certificate of its parent)."""
    zones = zones_conf(*dials) if dials else zones_conf()
    node = lab.node(zones=zones, catalog={**catalog(lab, install_plugins(lab)), **(catalog_more or {})}, caps=caps or CAPS,
                    settings=settings)
    return node.start(), parent_certificate(lab)


def parent_certificate(lab):
    return lab.authority.issue(lab.directory / "parent", MASTER)


def audit_number(output):
    """The record an output names, or None."""
    found = AUDIT.search(output)
    return int(found.group(1)) if found else None
