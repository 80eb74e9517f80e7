#!/usr/bin/python3
"""Every CheckCommand of Icinga's own template library, asked for with hostile values for each macro it has, by the real
message of a parent that may execute anything. Some of the names are in the local catalog, under tight rules, with plugins
that record what they are given. Nothing outside the catalog is executed, and nothing reaches a plugin that its rules do
not allow."""

import json
import pathlib
import re

from lab import MASTER, LabTestCase, main
from peer import Peer
from scene import canary, start_node
from waiting import wait_for

_LIBRARY = pathlib.Path("/usr/share/icinga2/include")
# Requests under way at once.
_WINDOW = 64
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
_PERCENT = r"[0-9]{1,3}%"


def itl():
    """The macros that each CheckCommand of the library names, by its name."""
    commands = {}
    for path in sorted(_LIBRARY.rglob("*.conf")):
        text = path.read_text()
        starts = [(found.start(), found.group(1), found.group(2)) for found in
                  re.finditer(r'^\s*(object|template) CheckCommand "([^"]+)"', text, re.MULTILINE)]
        for (start, kind, name), (end, _, _) in zip(starts, [*starts[1:], (len(text), "", "")]):
            if kind == "object":
                commands[name] = sorted(set(re.findall(r"\$([A-Za-z_][A-Za-z0-9_.]*)\$", text[start:end])))
    return commands


# By name: the arguments of an entry as (word, parameter, rule, a value that passes). No word: the value stands alone.
# A rule that is a boolean's has no value after its word.
_CATALOG = {
    "disk": [("-w", "disk_wfree", {"pattern": _PERCENT}, "20%"), ("-c", "disk_cfree", {"pattern": _PERCENT}, "10%"),
             ("-p", "disk_partitions", {"type": "array", "items": {"pattern": "/[a-z]*"}, "max_items": 4}, ["/", "/var"])],
    "http": [("-H", "http_vhost", {"pattern": _HOST}, "www.example.org"),
             ("-p", "http_port", {"type": "integer", "min": 1, "max": 65535}, 443),
             ("-u", "http_uri", {"pattern": "/[A-Za-z0-9/_-]*"}, "/status"), ("-S", "http_ssl", {"type": "boolean"}, True)],
    "ping4": [("-H", "ping_address", {"pattern": r"[0-9]{1,3}(\.[0-9]{1,3}){3}"}, "127.0.0.1"),
              ("-p", "ping_packets", {"type": "integer", "min": 1, "max": 20}, 5)],
    "tcp": [("-H", "tcp_address", {"pattern": _HOST}, "localhost"), ("-p", "tcp_port", {"type": "integer", "min": 1, "max": 65535}, 22)],
    "ssh": [(None, "ssh_address", {"pattern": _HOST}, "localhost"), ("-p", "ssh_port", {"type": "integer", "min": 1, "max": 65535}, 22)],
    "by_ssh": [("-H", "by_ssh_address", {"pattern": _HOST}, "localhost"), ("-C", "by_ssh_command", {"enum": ["uptime", "df"]}, "uptime"),
               ("-l", "by_ssh_logname", {"pattern": "[a-z]+"}, "nobody")],
    "dns": [("-H", "dns_lookup", {"pattern": _HOST}, "example.org"),
            ("-a", "dns_expected_answers", {"type": "array", "items": {"pattern": _HOST}}, ["a", "b"])],
    "snmp": [("-o", "snmp_oid", {"pattern": "[0-9.]{1,100}"}, "1.3.6.1"), ("-C", "snmp_community", {"pattern": "[a-z]{1,20}"}, "public")],
    "nrpe": [("-c", "nrpe_command", {"enum": ["check_load", "check_users"]}, "check_load"),
             ("-a", "nrpe_arguments", {"type": "array", "items": {"pattern": "[a-z0-9=]+"}, "max_items": 3}, ["w=1", "c=2"])],
    "file_age": [("-f", "file_age_file", {"pattern": "/var/log/[a-z]+"}, "/var/log/syslog"),
                 ("-w", "file_age_warning_time", {"type": "integer", "min": 0}, 60)],
    "load": [("-w", "load_wload1", {"type": "number", "min": 0, "max": 1000}, 1.5),
             ("-c", "load_cload1", {"type": "number", "min": 0, "max": 1000}, 3)],
    "procs": [("-a", "procs_argument", {"pattern": "[a-z ]{1,40}"}, "sshd"), ("-s", "procs_state", {"enum": ["D", "Z"]}, "Z")],
}


def entry(plugin, record, name):
    arguments = {}
    for order, (word, parameter, rule, _) in enumerate(_CATALOG[name]):
        value = {"set_if": f"${parameter}$"} if rule.get("type") == "boolean" else {"value": f"${parameter}$"}
        arguments[word or parameter] = {**value, "order": order, **({} if word else {"skip_key": True})}
    return {"kind": "check", "command": [str(plugin), str(record), name], "arguments": arguments,
            "parameters": {parameter: rule for _, parameter, rule, _ in _CATALOG[name]},
            "sandbox": {"write": [str(record.parent)]}, "timeout": "30s"}


def hostile_values(mark):
    """Values by the name of the trick; `mark` is the file that a successful one makes."""
    return {
        "command separator": f"; touch {mark} #",
        "substitution": f"$(touch {mark})", "backticks": f"`touch {mark}`",
        "pipe": f"| touch {mark}", "and": f"x && touch {mark}", "redirection": f"> {mark}", "quotes": f"'\" ; touch {mark} ; \"'",
        "newline": f"x\ntouch {mark}\n", "carriage return": f"x\rtouch {mark}\r", "line separator": f"x\u2028touch {mark}",
        "option": "--help", "option with a value": f"--output={mark}", "ssh's option": f"-oProxyCommand=touch {mark}",
        "NUL": f"localhost\u0000; touch {mark}", "escape": f"\u001b]0;touch {mark}\u0007", "right to left": f"\u202etouch {mark}",
        "huge": "A" * 5000, "empty": "", "climbing": "../../../../../../bin/touch", "format": "%s%n%x%99999d{0}{}",
        "macro": "$host.name$ $command$ $$", "macro of an environment": "$env.PATH$",
        "array": ["touch", str(mark)], "array of arrays": [["touch", str(mark)], [["x"]]],
        "array of options": ["-oProxyCommand=touch", str(mark)],
        "dictionary": {"touch": str(mark), "value": [str(mark)]}, "function": {"type": "Function", "name": f"touch {mark}"},
        "null": None, "true": True, "number": -1e308, "valid and more": f"localhost;touch {mark}",
    }


def fits(rule, text):
    """The rule once more, by nothing of ours."""
    if "items" in rule:
        return fits(rule["items"], text)
    if "enum" in rule:
        return text in rule["enum"]
    if "pattern" in rule:
        return re.fullmatch(rule["pattern"], text) is not None
    number = re.fullmatch(r"-?[0-9]+" if rule["type"] == "integer" else r"-?[0-9]+(\.[0-9]+)?", text)
    return number is not None and rule.get("min", float("-inf")) <= float(text) <= rule.get("max", float("inf"))


class EveryCommandOfTheLibrary(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.mark = canary(lab, "itl")
        records = lab.directory / "records"
        records.mkdir()
        cls.record = records / "executions"
        cls.record.touch()
        lab.account.own(records)
        plugin = lab.directory / "plugins/lab_record"
        cls.node, certificate = start_node(lab, caps={MASTER: {"grant": {"execute": {"commands": ["*"], "max_concurrent": 8}}}},
                                           catalog_more={name: entry(plugin, cls.record, name) for name in _CATALOG})
        cls.peer = Peer.dial((lab.host, cls.node.port), certificate)
        lab.on_exit(cls.peer.close)
        cls.library = itl()
        cls.builtin = {command["name"] for command in cls.node.ctl("catalog", "list", json=True)["commands"] if command["builtin"]}

    def requests(self):
        """(command, macros) of everything that is sent, what passes first."""
        values = hostile_values(self.mark)
        for name in _CATALOG:
            yield name, {parameter: value for _, parameter, _, value in _CATALOG[name]}
        for name, macros in self.library.items():
            for value in values.values():
                yield name, {macro: value for macro in [*macros, "command", "check_command", "host.name"]}
        # One hostile among good ones, so that each rule is the one that decides.
        for name, arguments in _CATALOG.items():
            good = {parameter: value for _, parameter, _, value in arguments}
            for parameter in good:
                for value in values.values():
                    yield name, {**good, parameter: value}

    def ask_all(self, requests):
        """Sends them, _WINDOW at a time, and returns each with its result."""
        waiting, answered = {}, []

        def one_answer():
            got = self.peer.receive(lambda got: got.get("method") == "event::CheckResult" and got["params"]["host"] in waiting, "an answer")
            answered.append((waiting.pop(got["params"]["host"]), got["params"]["cr"]))
            self.peer.seen.clear()

        for number, (name, macros) in enumerate(requests):
            if len(waiting) == _WINDOW:
                one_answer()
            waiting[f"h{number}"] = name
            self.peer.execute(name, host=f"h{number}", macros=macros)
        while waiting:
            one_answer()
        return answered

    def count(self, **filters):
        return sum(record["count"] for record in self.node.audit(**filters))

    def test_nothing_outside_the_catalog_is_executed(self):
        self.assertGreater(len(self.library), 200, "this is not the whole library")
        self.assertLessEqual(set(_CATALOG), set(self.library))
        requests = list(self.requests())
        answered = self.ask_all(requests)
        executions = [json.loads(line) for line in self.record.read_text().splitlines()]
        unknown = [(name, result) for name, result in answered if f"command '{name}' is not in the local catalog" in result["output"]]
        ran = [(name, result) for name, result in answered if result["output"].startswith("recorded")]
        built_in = [(name, result) for name, result in answered if name in self.builtin]
        refused = [(name, result) for name, result in answered if name in _CATALOG and result["output"].startswith("endpointd: ")]
        print(f"{len(self.library)} commands of the library, {len(requests)} requests, {len(answered)} answers: {len(unknown)} not in the "
              f"catalog, {len(refused)} refused by a rule, {len(built_in)} of the daemon's own commands, {len(ran)} executed")

        self.assertEqual(len(answered), len(requests))
        self.assertEqual(len(unknown) + len(ran) + len(built_in) + len(refused), len(answered), "an answer of another kind")
        # Every one that is not in the catalog was refused, and every refusal is on record.
        self.assertEqual({name for name, _ in unknown}, set(self.library) - set(_CATALOG) - self.builtin)
        self.assertTrue(all(result["state"] == 3 for _, result in unknown + refused))
        self.assertEqual(self.count(reason="unknown-command", decision="denied"), len(unknown))
        self.assertEqual(self.count(reason="argument-refused", decision="denied"), len([1 for name, result in refused + built_in
                                                                                        if "(audit " in result["output"]]))
        # What was executed is what the plugins saw, the runner counted and the answers say.
        self.assertEqual(len(executions), len(ran))
        self.assertEqual(self.node.status()["runner"]["executed"], len(ran))
        self.assertEqual(sorted(name for name, _ in ran), sorted(words[0] for words in executions))
        self.assertEqual({words[0] for words in executions}, set(_CATALOG), "a recorder that records nothing proves nothing")
        for words in executions:
            self.assert_by_the_rules(words)
        self.assertEqual(list(self.mark.parent.iterdir()), [], "something made a mark")
        self.assertTrue(self.node.ctl("audit", "verify", json=True)["ok"])

    def assert_by_the_rules(self, words):
        """Each word is the catalog's own, or a value that its parameter's rule admits."""
        name, rest = words[0], iter(words[1:])
        by_word = {word: rule for word, _, rule, _ in _CATALOG[name]}
        for word in rest:
            if word not in by_word:
                self.assertIn(None, by_word, words)
                self.assertTrue(fits(by_word[None], word), words)
            elif by_word[word].get("type") != "boolean":
                self.assertTrue(fits(by_word[word], next(rest, "")), words)


class AsAnotherKind(LabTestCase):
    """The same names as event handler, as notification and as an action's command: no check is one of these."""

    @classmethod
    def build(cls, lab):
        records = lab.directory / "records"
        records.mkdir()
        cls.record = records / "executions"
        cls.record.touch()
        lab.account.own(records)
        grants = {capability: {"commands": ["*"]} for capability in ("execute", "event", "action")}
        cls.node, certificate = start_node(lab, caps={MASTER: {"grant": grants}}, catalog_more={
            name: entry(lab.directory / "plugins/lab_record", cls.record, name) for name in _CATALOG})
        cls.peer = Peer.dial((lab.host, cls.node.port), certificate)
        lab.on_exit(cls.peer.close)

    def good(self, name):
        return {parameter: value for _, parameter, _, value in _CATALOG[name]}

    def refusals(self):
        return sum(record["count"] for record in self.node.audit(method="event::ExecuteCommand", decision="denied"))

    def test_none_is_executed(self):
        sent = 0
        for name in itl():
            for kind in ("event_command", "notification_command"):
                self.peer.execute(name, host="h", macros=self.good(name) if name in _CATALOG else {}, kind=kind)
                sent += 1
        # A refused event handler or notification gets no answer: a check result would be one of the object it was for.
        self.peer.execute("disk", host="last", macros=self.good("disk"))
        self.assertTrue(self.peer.result("last")["output"].startswith("recorded"))
        self.assertEqual([got for got in self.peer.seen if got["method"] == "event::CheckResult"][:-1], [])
        wait_for(lambda: self.refusals() >= sent, "all refusals on record", last=self.refusals)
        self.assertEqual(self.refusals(), sent)
        self.assertEqual(len(self.record.read_text().splitlines()), 1)
        print(f"{sent} requests as event handler and notification: {sent} refused, none executed")


if __name__ == "__main__":
    main()
