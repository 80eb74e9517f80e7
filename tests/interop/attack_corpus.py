"""What a taken-over parent may try, in many spellings: inputs that must not get through. An attack is a dictionary of the form that
the samples' attacks/*.json have, with two members more: `audit` may name the `reason`, and `there` the objects beside it that stand."""

import json

# Stands for the zone of the node, and for a path that does not exist unless something of an attack was run.
ZONE, CANARY = "@ZONE@", "@CANARY@"

_RUN = f'command = [ "/bin/sh", "-c", "touch {CANARY}" ]'
_GOOD = 'object Host "good" { check_command = "dummy" }\n'


def load(paths, zone, mark):
    """The attacks of files, made for this zone and canary. The samples call the node's zone `satellite`."""
    for path in paths:
        attack = json.loads(path.read_text().replace(CANARY, str(mark)))
        payload = attack["payload"]
        if payload.get("zone") == "satellite":
            payload["zone"] = zone
        yield attack


def ours(zone, mark):
    text = json.dumps(ATTACKS).replace(CANARY, str(mark)).replace(ZONE, zone)
    return json.loads(text)


def params_of(attack, timestamp):
    """The params of its message."""
    payload = attack["payload"]
    if attack["kind"] != "config_update":
        return payload
    files = dict(payload.get("files", {}))
    for path, pieces in payload.get("files_gen", {}).items():
        files[path] = "".join(text * repeat for text, repeat in pieces)
    zone = payload["zone"]
    return {"update": {zone: files}, "update_v2": {zone: {"/.timestamp": f"{timestamp:f}"}}, "checksums": {}}


def _file(name, text, line, reason, *, gone=(), there=(("Host", "good"),), must="reject", zone=ZONE):
    """A file beside a good one. `line` is where the audit has to point to."""
    path = f"/_etc/{name}.conf"
    audit = None if line is None else {"file": path, "line": line, "reason": reason}
    return {"id": name, "kind": "config_update", "must": must, "audit": audit,
            "payload": {"zone": zone, "files": {path: text, "/_etc/0-good.conf": _GOOD}},
            "must_not_exist": [{"type": kind, "name": each} for kind, each in gone],
            "there": [{"type": kind, "name": each} for kind, each in there]}


def _command(name, text, line, reason="command-pushed", command="evil", kind="CheckCommand"):
    return _file(name, text, line, reason, gone=[(kind, command)])


def _host(name, text, line, reason):
    """The host `bad` must not come of it."""
    return _file(name, text, line, reason, gone=[("Host", "bad")])


def _path(name, path, zone=ZONE):
    """A name of a file that is none: the update as a whole is refused."""
    return {"id": name, "kind": "config_update", "must": "reject", "audit": {"file": path, "line": None, "reason": "bad-path"} if len(path) < 1000 else None,
            "payload": {"zone": zone, "files": {path: 'object Host "outside" { check_command = "dummy" }\n'}},
            "must_not_exist": [{"type": "Host", "name": "outside"}]}


def _object(name, kind, config, reason, *, gone=()):
    """A message that announces one object and sends another text; NAME in it is the announced name. What is announced, and `gone`,
    must not exist."""
    full_name = name if kind in ("Host", "CheckCommand", "EventCommand", "NotificationCommand", "ApiUser") else f"good!{name}"
    return {"id": name, "kind": "update_object", "must": "reject", "audit": {"reason": reason},
            "payload": {"type": kind, "name": full_name, "version": 1700000000.5, "zone": ZONE, "modified_attributes": {},
                        "original_attributes": [], "config": config.replace("NAME", name)},
            "must_not_exist": [{"type": one, "name": each} for one, each in [(kind, full_name), *gone]]}


def _execute(name, command, kind="check_command", **more):
    return {"id": name, "kind": "execute_command", "must": "reject", "must_not_exist": [],
            "payload": {"command_type": kind, "command": command, "host": "attacked", "macros": {}, **more}}


def _commands():
    body = "{ " + _RUN + " }"
    for kind in ("CheckCommand", "EventCommand", "NotificationCommand"):
        yield _command(f"object-{kind}", f'object {kind} "evil" {body}\n', 1, kind=kind)
        yield _command(f"template-{kind}", f'template {kind} "evil" {body}\n', 1, kind=kind)
    yield _command("shadowed", f'object CheckCommand "lab-true" {body}\n', 1, "command-shadowed", "lab-true")
    yield _command("from-a-template", 'template CheckCommand "base" {\n  ' + _RUN + '\n}\nobject CheckCommand "evil" {\n  import "base"\n}\n', 4)
    yield _command("from-the-library", 'object CheckCommand "evil" {\n  import "plugin-check-command"\n  ' + _RUN + "\n}\n", 1)
    yield _command("by-the-table-of-types", f'\nobject Types["CheckCommand"] "evil" {body}\n', 2)
    yield _command("by-a-made-up-key", f'object Types["Check" + "Command"] "evil" {body}\n', 1)
    yield _command("under-another-name", f'var Host = CheckCommand\nobject Host "evil" {body}\n', 2)
    yield _command("as-a-constant", f'const Probe = EventCommand\nobject Probe "evil" {body}\n', 2, kind="EventCommand")
    yield _command("an-escaped-word", f'object @CheckCommand "evil" {body}\n', 1)
    yield _command("by-a-ternary", f'object (true ? CheckCommand : Host) "evil" {body}\n', 1)
    yield _command("by-a-function", f'function kind() {{\n  return CheckCommand\n}}\nobject (kind()) "evil" {body}\n', 4)
    yield _command("in-a-function", f'function make(name) {{\n  object CheckCommand name {body}\n}}\nmake("evil")\n', 2)
    yield _command("in-a-lambda", f'var make = (name) => {{\n  object CheckCommand name {body}\n}}\nmake("evil")\n', 2)
    yield _command("in-a-loop", f'for (word in [ "ev" ]) {{\n  object CheckCommand word + "il" {body}\n}}\n', 2)
    yield _command("in-a-condition", f'if (NodeName != "") {{\n\n  object CheckCommand "evil" {body}\n}}\n', 3)
    yield _command("in-a-while", f'var n = 0\nwhile (n < 2) {{\n  object CheckCommand "evil" {body}\n  n += 1\n}}\n', 3)
    yield _command("in-a-try", f'try {{\n  object CheckCommand "evil" {body}\n}} except {{ }}\n', 2)
    yield _command("over-the-types", f'for (kind in [ Host, CheckCommand ]) {{\n  object kind "evil" {body}\n}}\n', 2)
    yield _command("by-an-escaped-name", f'object CheckCommand "\\145vil" {body}\n', 1)
    yield _command("ignoring-errors", f'object CheckCommand "evil" ignore_on_error {body}\n', 1)
    yield _command("in-the-body-of-a-host", f'object Host "bad" {{\n  check_command = "dummy"\n  object CheckCommand "evil" {body}\n}}\n', 3)
    yield _command("applied", f'apply CheckCommand "evil" to Host {{\n  {_RUN}\n  assign where true\n}}\n', 1)
    yield _file("used-and-pushed", f'object CheckCommand "evil" {body}\nobject Service "s" {{\n  host_name = "good"\n'
                '  check_command = "evil"\n}\n', 2, "unknown-command", gone=[("CheckCommand", "evil"), ("Service", "good!s")])


def _code():
    for name, attribute in (("a-lambda", "vars.x = {{ touch }}"), ("a-function", "vars.x = function() { return 1 }"),
                            ("an-arrow", "vars.x = (y) => y"), ("a-method", 'vars.x = "".len'), ("a-native", "vars.x = len"),
                            ("deep-in-a-list", "vars.x = [ 1, { a = [ {{ 1 }} ] } ]"), ("as-a-command", "check_command = {{ 1 }}"),
                            ("as-a-name-of-a-period", "check_period = function() { 1 }"),
                            ("behind-a-good-one", "vars.x = (y) => y\n  vars.z = 1")):
        line = 'object Host "bad" {\n  check_command = "dummy"\n  ' + attribute + "\n}\n"
        yield _host(f"function-{name}", line, 3, None)
    for name, call in (("getenv", 'getenv("HOME")'), ("the-time", "get_time()"), ("a-random-number", "random()"), ("the-end", "exit(1)"),
                       ("sleep", "sleep(60)"), ("a-glob", 'glob("/etc/*")'),
                       ("a-path", 'path_exists("/etc/passwd")'), ("a-module", "Internal.run_with_activation_context"),
                       ("a-constructor", 'System.ApiListener')):
        yield _host(f"outside-{name}", 'object Host "bad" {\n  check_command = "dummy"\n  vars.x = ' + call + "\n}\n", 3, None)


def _statements():
    for name, text in (
            ("globals", "globals.counter = 1"), ("globals-by-index", 'globals["counter"] = 1'), ("globals-added", "globals.PluginDir += \"x\""),
            ("global-by-a-variable", "var g = globals\ng.counter = 1"), ("a-method-of-globals", 'globals.set("PluginDir", "/tmp")'),
            ("plugin-dir", 'const PluginDir = "/srv/plugins"'), ("plugin-dir-again", 'PluginDir = "/srv/plugins"'),
            ("node-name", 'const NodeName = "other"'), ("a-type", "const Host = CheckCommand"), ("a-new-global", 'Counter = 1'),
            ("a-prototype", 'String.prototype.len = function() { return 1 }'), ("types", 'Types.Host = CheckCommand'),
            ("system", "System.configuration.x = 1"), ("include", 'include "../secrets.conf"'), ("include-absolute", 'include "/etc/passwd"'),
            ("include-the-library", "include <plugins>"), ("include-recursive", 'include_recursive "/etc"'),
            ("include-zones", 'include_zones "x", "/etc"'), ("library", 'library "methods"'), ("using", "using Internal"),
            ("namespace", "namespace Internal {\n  x = 1\n}")):
        line = 2 if name == "global-by-a-variable" else 1
        yield _file(f"statement-{name}", text + '\nobject Host "after" { check_command = "dummy" }\n', line, None)


def _types():
    for kind, body in (("ApiUser", 'password = "guest"; permissions = [ "*" ]'), ("ApiListener", 'accept_commands = true'),
                       ("Endpoint", 'host = "192.0.2.66"'), ("Zone", 'endpoints = [ "evil" ]'), ("FileLogger", f'path = "{CANARY}"'),
                       ("SyslogLogger", 'severity = "debug"'), ("InfluxdbWriter", 'host = "192.0.2.66"'),
                       ("ElasticsearchWriter", 'host = "192.0.2.66"'), ("GraphiteWriter", 'host = "192.0.2.66"'),
                       ("PerfdataWriter", f'host_perfdata_path = "{CANARY}"'), ("CheckerComponent", "concurrent_checks = 1000"),
                       ("IcingaDB", 'host = "192.0.2.66"'), ("ExternalCommandListener", f'command_path = "{CANARY}"')):
        yield _file(f"type-{kind}", f'object {kind} "evil" {{ {body} }}\n', 1, "type-not-granted", gone=[(kind, "evil")])


def _values():
    host = 'object Host "bad" {{\n  check_command = "dummy"\n  {}\n}}\n'.format
    yield _host("interval-milliseconds", host("check_interval = 1ms"), 3, "limit-exceeded")
    yield _host("interval-nothing", host("check_interval = 0"), 3, None)
    yield _host("interval-negative", host("check_interval = -60"), 3, None)
    yield _host("interval-computed", host("check_interval = 1m / 60000"), 3, "limit-exceeded")
    yield _host("interval-retry", host("retry_interval = 0.001"), 3, "limit-exceeded")
    yield _host("interval-endless", host("check_interval = Math.max()"), 3, None)
    yield _host("somebody-elses-endpoint", host('command_endpoint = "master.example.org"'), 3, None)
    yield _host("no-such-command", 'object Host "bad" {\n  check_command = "/usr/bin/id"\n}\n', 1, "unknown-command")
    yield _host("a-parameter-that-breaks-its-rule", 'object Host "bad" {\n  check_command = "lab-args"\n  vars.lab_bare = "x; id"\n}\n', 1,
                "argument-refused")
    # Values are single arguments of an exec: whatever they say, they are data.
    shell = f"x; touch {CANARY} && `touch {CANARY}` | touch {CANARY} &"
    yield _file("shell-text", f'object Host "data" {{\n  check_command = "lab-args"\n  vars.lab_text = {json.dumps(shell)}\n}}\n', None, None,
                must="accept_without_effect", there=[("Host", "good"), ("Host", "data")])
    yield _file("a-macro-in-a-macro", 'object Host "data" {\n  check_command = "lab-args"\n  vars.lab_text = "$host.vars.x$"\n'
                f'  vars.x = {json.dumps(shell)}\n}}\n', None, None, must="accept_without_effect", there=[("Host", "good")])


def _broken():
    yield _host("a-nul", 'object Host "bad" { check_command = "dummy" }\n\u0000\n', 2, "syntax-error")
    yield _host("a-byte-order-mark", '\ufeffobject Host "bad" { check_command = "dummy" }\n', 1, "syntax-error")
    yield _host("a-letter-that-looks-like-another", 'object H\u043est "bad" { check_command = "dummy" }\n', 1, "syntax-error")
    yield _host("hidden-behind-a-byte", 'object Host "bad" { check_command = "dummy" }\n\u00a0\nobject CheckCommand "evil" { }\n', 2,
                "syntax-error")
    yield _host("an-open-comment", 'object Host "bad" { check_command = "dummy" }\n/*\n', 2, "syntax-error")
    yield _host("an-open-text", 'object Host "bad" {\n  check_command = "dummy\n}\n', 2, "syntax-error")
    yield _host("an-open-bracket", 'object Host "bad" {\n  check_command = "dummy"\n', None, "syntax-error")
    yield _file("another-zone", 'object Host "bad" { check_command = "dummy" }\n', None, None, gone=[("Host", "bad")], there=(),
                zone="no-such-zone")
    yield _file("the-parents-zone", 'object Host "bad" { check_command = "dummy" }\n', None, None, gone=[("Host", "bad")], there=(),
                zone="master")
    for name, path in (("up", "/_etc/../../up.conf"), ("at-the-end", "/_etc/.."), ("doubled", "//etc/x.conf"), ("relative-up", "../x.conf"),
                       ("a-nul", "/_etc/x.conf\u0000.txt"), ("nothing", ""), ("dot", "/./x.conf"), ("root", "/"),
                       ("too-long", "/" + "x" * 2000 + ".conf")):
        yield _path(f"path-{name}", path)


def _objects():
    command = 'object EventCommand "pushed" {\n\tcommand = [ "/usr/bin/id" ]\n}\n'
    host = 'object Host "NAME" {\n\tcheck_command = "dummy"\n}\n'
    gone = [("EventCommand", "pushed"), ("Host", "second"), ("Host", "other")]
    for kind in ("Comment", "Downtime", "Host", "Service"):
        yield _object(f"another-type-than-{kind}", kind, command.replace("pushed", "NAME"), None,
                      gone=[("EventCommand", f"another-type-than-{kind}")])
    for kind in ("CheckCommand", "EventCommand", "NotificationCommand"):
        yield _object(f"runtime-{kind}", kind, f'object {kind} "NAME" {{\n\t{_RUN}\n}}\n', "command-pushed")
    yield _object("runtime-by-another-word", "Host", f'object Types["CheckCommand"] "NAME" {{ {_RUN} }}\n', None,
                  gone=[("CheckCommand", "runtime-by-another-word")])
    for name, more in (("a-constant", "const X = 1\n"), ("a-second", 'object Host "second" { check_command = "dummy" }\n'),
                       ("a-command", command), ("an-include", 'include "x"\n'), ("a-global", "globals.x = 1\n")):
        yield _object(f"trailing-{name}", "Host", host + more, None, gone=gone)
        yield _object(f"leading-{name}", "Host", more + host, None, gone=gone)
    yield _object("another-name", "Host", host.replace("NAME", "other"), None, gone=gone)
    yield _object("a-name-that-is-computed", "Host", host.replace('"NAME"', '("" + "NAME")'), None)
    yield _object("a-loop-around", "Host", "for (x in [ 1 ]) {\n" + host + "}\n", None)
    yield _object("an-applied-one", "Service", 'apply Service "NAME" {\n\tcheck_command = "dummy"\n\tassign where true\n}\n', None)
    yield _object("a-runtime-lambda", "Host", host.replace('"dummy"', '"dummy"\n\tvars.x = {{ 1 }}'), "function-not-allowed")
    yield _object("a-runtime-user", "ApiUser", 'object ApiUser "NAME" { password = "x" }\n', "type-not-granted")
    yield _object("a-runtime-endless-loop", "Host", host.replace('"dummy"', '"dummy"\n\twhile (true) { }'), "limit-exceeded")
    yield _object("a-comment-that-runs", "Comment", 'object Comment "NAME" {\n\thost_name = "good"\n\tauthor = "a"\n'
                  '\ttext = {{ 1 }}\n\tentry_time = 1\n}\n', None)


def _executions():
    for name, command in (("path", "/usr/bin/id"), ("relative", "../../bin/id"), ("shell", f"lab-true; touch {CANARY}"), ("empty", ""),
                          ("glob", "*"), ("pushed", "evil"), ("case", "LAB-TRUE")):
        yield _execute(f"execute-{name}", command)


ATTACKS = [*_commands(), *_code(), *_statements(), *_types(), *_values(), *_broken(), *_objects(), *_executions()]
