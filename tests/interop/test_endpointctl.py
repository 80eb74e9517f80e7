#!/usr/bin/python3
"""endpointctl: exit statuses, where errors go, and the JSON shapes that scripts depend on."""

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess

from endpointd_node import DONE, NO, UNREACHABLE, WRONG_USAGE
from lab import AGENT, MASTER, LabTestCase, main, zones_conf
from peer import Peer
from scene import CAPS, audit_number, start_node
from waiting import wait_for

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
_RECORD = {"id", "time", "last_seen", "count", "parent", "zone", "method", "object_type", "object_name", "file", "line", "decision",
           "reason", "detail", "content_sha256", "reviewed", "hash"}


class _Ctl(LabTestCase):
    @classmethod
    def build(cls, lab):
        caps = {MASTER: {"preset": "results-only", "grant": {"execute": {**CAPS[MASTER]["grant"]["execute"], "rate": "600/min",
                                                                        "max_concurrent": 16, "hosts": ["*"], "services": ["*"]}}},
                "zone:master": {"grant": ["recheck"]}}
        cls.node, cls.certificate = start_node(lab, caps=caps)
        cls.peer = Peer.dial((lab.host, cls.node.port), cls.certificate)
        lab.on_exit(cls.peer.close)
        cls.peer.execute("lab-absent", host="h", service="s")
        cls.number = audit_number(cls.peer.result("h", "s")["output"])
        cls.peer.execute("lab-true", host="used")
        cls.peer.result("used")
        cls.peer.execute("lab-args", host="h", macros={"lab_text": "-x"})
        cls.refused = audit_number(cls.peer.result("h")["output"])

    def setUp(self):
        # A peer that was silent for a minute is dropped.
        self.peer.send("event::Heartbeat", {})

    def ctl(self, *args):
        return self.node.ctl(*args, check=False)

    def is_error(self, answer, status):
        """`endpointctl: <what>: <why>` on stderr, nothing on stdout."""
        self.assertEqual(answer.status, status, answer)
        self.assertRegex(answer.err, r"^endpointctl: [^\n]+")
        self.assertEqual(answer.out, "")

    def plain_output(self, *args):
        """A table for people: some text, and never an escape sequence where no terminal is."""
        answer = self.node.ctl(*args)
        self.assertTrue(answer.out.strip())
        self.assertNotIn("\x1b", answer.out)
        return answer.out


class Status(_Ctl):
    def test_its_shape(self):
        status = self.node.status()
        self.assertLessEqual({"node", "zone", "version", "pid", "uptime", "parents", "children", "objects", "runner", "store",
                              "confinement"}, set(status))
        self.assertEqual((status["node"], status["zone"], status["pid"]), (AGENT, AGENT, self.node.child.pid))
        self.assertLessEqual({"hosts", "services", "rejected"}, set(status["objects"]))
        self.assertLessEqual({"running", "queued", "executed", "refused", "timeouts"}, set(status["runner"]))
        self.assertLessEqual({"size", "outbox", "audit"}, set(status["store"]))
        self.assertGreaterEqual(status["store"]["audit"], 2)
        parent = next(each for each in status["parents"] if each["name"] == MASTER)
        self.assertLessEqual({"name", "zone", "connected", "since", "direction", "address", "version", "capabilities", "queued",
                              "last_message"}, set(parent))
        self.assertEqual((parent["zone"], parent["connected"]), ("master", True))
        self.assertEqual((parent["direction"], parent["version"]), ("inbound", "2.13.6"))
        self.assertRegex(parent["since"], _TIME)
        self.assertEqual(sorted(parent["capabilities"]), ["execute", "recheck", "results"])

    def test_a_parent_that_is_away(self):
        lab = self.lab
        node = lab.node(folder="alone", zones=zones_conf(), catalog={}, caps=CAPS).start()
        parent = node.parent()
        self.assertEqual((parent["connected"], parent["since"], parent["direction"], parent["address"]), (False, None, None, None))
        self.assertEqual(node.stop(), 0)

    def test_a_table_for_people(self):
        self.assertIn(MASTER, self.plain_output("status"))

    def test_as_a_monitoring_plugin(self):
        answer = self.ctl("status", "--check")
        self.assertIn(answer.status, (0, 1, 2))
        self.assertRegex(answer.out, r"^(ENDPOINTD )?(OK|WARNING|CRITICAL)[^\n|]*\|[^\n]*=")


class Caps(_Ctl):
    def test_show(self):
        parents = self.node.ctl("caps", "show", json=True)["parents"]
        by_name = {each["name"]: each for each in parents}
        entry = by_name[MASTER]
        self.assertEqual(entry["kind"], "endpoint")
        execute = next(grant for grant in entry["grants"] if grant["capability"] == "execute")
        self.assertEqual(set(execute) & {"capability", "scope", "rate", "expires", "source", "used", "denied"},
                         {"capability", "scope", "rate", "expires", "source", "used", "denied"})
        self.assertEqual((execute["rate"], execute["expires"]), ("600/min", None))
        self.assertRegex(execute["source"], r"^caps\.d/lab\.json:\d+$")
        self.assertIn("lab-args", execute["scope"]["commands"])
        self.assertGreaterEqual(execute["used"], 1)
        line = int(execute["source"].split(":")[1])
        self.assertIn('"execute"', (self.node.config / "caps.d/lab.json").read_text().splitlines()[line - 1])
        results = next(grant for grant in entry["grants"] if grant["capability"] == "results")
        self.assertEqual(results["scope"], {})
        self.assertIn("config", entry["denied"])
        self.assertNotIn("execute", entry["denied"])

    def test_show_one(self):
        parents = self.node.ctl("caps", "show", MASTER, json=True)["parents"]
        self.assertIn(MASTER, [each["name"] for each in parents])
        self.assertIn("execute", self.plain_output("caps", "show"))

    def test_show_an_unknown_parent(self):
        self.assertEqual(self.ctl("caps", "show", "nobody.example.org").status, NO)

    def test_check(self):
        yes = self.node.ctl("caps", "check", MASTER, "execute", "--command", "lab-args", "--host", "h", json=True)
        self.assertEqual((yes["allowed"], yes["capability"]), (True, "execute"))
        self.assertRegex(yes["source"], r"^caps\.d/lab\.json:\d+$")
        for args, reason in {("execute", "--command", "lab-not-granted"): "capability-denied", ("config",): "capability-denied",
                             ("execute", "--command", "lab-args", "--param", "lab_text=-x"): "argument-refused"}.items():
            with self.subTest(args):
                answer = self.ctl("caps", "check", MASTER, *args, "--json")
                self.assertEqual(answer.status, NO, answer)
                self.assertEqual((answer.json["allowed"], answer.json["reason"]), (False, reason))

    def test_check_a_capability_that_does_not_exist(self):
        self.is_error(self.ctl("caps", "check", MASTER, "fly"), WRONG_USAGE)


class Audit(_Ctl):
    def test_list(self):
        listed = self.node.ctl("audit", "list", json=True)
        self.assertLessEqual({"records", "next"}, set(listed))
        ids = [record["id"] for record in listed["records"]]
        self.assertEqual(ids, sorted(ids, reverse=True), "newest first")
        for record in listed["records"]:
            self.assertLessEqual(_RECORD, set(record))
            self.assertRegex(record["time"], _TIME)
            self.assertRegex(record["last_seen"], _TIME)
            self.assertRegex(record["hash"], "^[0-9a-f]{64}$")
        self.assertIn("lab-absent", self.plain_output("audit", "list"))

    def test_list_page_by_page(self):
        first = self.node.ctl("audit", "list", "--limit", "1", json=True)
        self.assertEqual(len(first["records"]), 1)
        self.assertIsNotNone(first["next"])
        second = self.node.ctl("audit", "list", "--limit", "1", "--before", first["next"], json=True)
        self.assertLess(second["records"][0]["id"], first["records"][0]["id"])

    def test_list_with_filters(self):
        def ids(*args):
            return [record["id"] for record in self.node.ctl("audit", "list", *args, json=True)["records"]]

        self.assertIn(self.number, ids("--reason", "unknown-command"))
        self.assertNotIn(self.number, ids("--reason", "argument-refused"))
        self.assertIn(self.number, ids("--parent", MASTER, "--decision", "denied", "--type", "Check*", "--name", "lab-a*", "--since", "1h"))
        self.assertEqual(ids("--parent", "somebody"), [])
        self.assertEqual(ids("--until", "1h"), [])
        self.assertIn(self.number, ids("--unreviewed"))
        self.assertIn(self.number, ids("--since", "2020-01-01T00:00:00.000Z"))

    def test_list_with_a_reason_that_does_not_exist(self):
        self.is_error(self.ctl("audit", "list", "--reason", "because"), WRONG_USAGE)

    def test_show(self):
        record = self.node.record(self.number)
        self.assertLessEqual(_RECORD | {"content"}, set(record))
        self.assertEqual((record["object_type"], record["object_name"]), ("CheckCommand", "lab-absent"))
        self.assertEqual(record["reason"], "unknown-command")
        self.assertIn("lab-absent", self.plain_output("audit", "show", self.number))

    def test_show_what_is_not_there(self):
        self.is_error(self.ctl("audit", "show", "999999"), NO)
        self.is_error(self.ctl("audit", "show", "x"), WRONG_USAGE)

    def test_the_refused_value_is_in_the_record_only(self):
        self.assertEqual(self.node.record(self.refused)["reason"], "argument-refused")

    def test_export(self):
        lines = self.node.ctl("audit", "export").out.splitlines()
        self.assertIn(self.number, [json.loads(line)["id"] for line in lines])
        rows = list(csv.DictReader(io.StringIO(self.node.ctl("audit", "export", "--format", "csv").out)))
        self.assertEqual(len(rows), len(lines))
        self.assertIn("lab-absent", [row["object_name"] for row in rows])

    def test_verify(self):
        verdict = self.node.ctl("audit", "verify", json=True)
        self.assertTrue(verdict["ok"])
        self.assertIsNone(verdict["broken"])
        self.assertGreaterEqual(verdict["records"], 2)
        self.assertTrue(verdict["head"])


class Catalog(_Ctl):
    def test_list(self):
        commands = {each["name"]: each for each in self.node.ctl("catalog", "list", json=True)["commands"]}
        self.assertLessEqual({"dummy", "icinga", "cluster", "cluster-zone", "lab-args"}, set(commands))
        self.assertLessEqual({"name", "kind", "description", "builtin", "weakened", "source"}, set(commands["lab-args"]))
        self.assertTrue(commands["dummy"]["builtin"])
        self.assertEqual((commands["restart-thing"]["kind"], commands["lab-args"]["builtin"]), ("action", False))
        self.assertRegex(commands["lab-args"]["source"], r"^catalog\.d/lab\.json:\d+$")

    def test_show(self):
        shown = self.node.ctl("catalog", "show", "lab-args", json=True)
        self.assertEqual(shown["entry"]["timeout"], "30s")
        self.assertEqual(self.ctl("catalog", "show", "nothing").status, NO)

    def test_render_runs_nothing(self):
        rendered = self.node.ctl("catalog", "render", "lab-args", "--param", "lab_text=hello there", "--param", "lab_state=2",
                                 "--param", "lab_env=x", json=True)
        self.assertLessEqual({"name", "argv", "env", "run_as", "sandbox", "timeout"}, set(rendered))
        self.assertEqual(rendered["argv"][1:], ["--text", "hello there", "--state", "2"])
        self.assertEqual(rendered["env"]["LAB_ENV"], "x")
        self.assertEqual(rendered["timeout"], 30)

    def test_render_and_run_refuse_what_a_parent_would_be_refused(self):
        for verb in ("render", "run"):
            with self.subTest(verb):
                answer = self.ctl("catalog", verb, "lab-args", "--param", "lab_text=-x")
                self.assertEqual(answer.status, NO, answer)
                self.assertIn("lab_text", answer.err)

    def test_run(self):
        ran = self.node.ctl("catalog", "run", "lab-args", "--param", "lab_state=2", json=True)
        self.assertLessEqual({"name", "exit_status", "state", "output", "performance_data", "execution_start", "execution_end"}, set(ran))
        self.assertEqual((ran["exit_status"], ran["state"]), (2, 2), "exit 0 of endpointctl whatever the command's own status")
        self.assertIn('["--state", "2"]', ran["output"])
        self.assertEqual(ran["performance_data"], ["arguments=2;5;10;0;20", "'two words'=1.5s"])

    def test_run_a_built_in(self):
        ran = self.node.ctl("catalog", "run", "dummy", "--param", "dummy_state=1", "--param", "dummy_text=hello", json=True)
        self.assertEqual((ran["state"], ran["output"]), (1, "hello"))


class Config(_Ctl):
    def test_validate(self):
        valid = self.node.ctl("config", "validate", json=True)
        self.assertEqual((valid["valid"], valid["errors"]), (True, []))
        self.assertIsInstance(valid["warnings"], list)

    def candidate(self, text):
        path = self.lab.directory / "candidate.tmp"
        path.write_text(text)
        path.chmod(0o640)
        self.lab.account.own(path)
        return path

    def judged(self, kind, text, *more):
        return self.ctl("config", "validate", "--as", kind, "--file", self.candidate(text), *more, "--json")

    def test_validate_a_candidate_in_place_of_a_file(self):
        good = json.dumps({"commands": {"lab-new": {"kind": "check", "command": ["/bin/true"]}}})
        self.assertEqual(self.judged("catalog", good).status, DONE)
        twice = json.dumps({"commands": {"lab-true": {"kind": "check", "command": ["/bin/true"]}}})
        self.assertEqual(self.judged("catalog", twice).status, NO, "one file more that defines a command again")
        # In place of the file itself it is no second definition; that caps.d then names commands nobody has is a warning.
        self.assertEqual(self.judged("catalog", twice, "--name", "lab.json").status, DONE)

    def test_an_error_has_a_place(self):
        answer = self.judged("catalog", '{"commands": {\n  "x": {\n    "kind": "check",\n    "comand": ["/bin/true"]\n  }\n}}\n')
        self.assertEqual(answer.status, NO)
        self.assertFalse(answer.json["valid"])
        for error in answer.json["errors"]:
            self.assertLessEqual({"file", "line", "column", "pointer", "message"}, set(error))
        unknown = next(error for error in answer.json["errors"] if error["pointer"] == "/commands/x/comand")
        self.assertEqual((unknown["line"], unknown["column"]), (4, 5))
        self.assertIn("comand", unknown["message"])

    def test_each_kind_is_judged(self):
        for kind, good, bad in [
                ("settings", '{"node": {"name": "%s"}}' % AGENT, '{"listen": {"port": "x"}}'),
                ("caps", '{"parents": {"zone:master": {"preset": "operator"}}}',
                 '{"parents": {"x": {"grant": {"config": {"types": ["CheckCommand"]}}}}}'),
                ("zones", "// nothing\n", 'object Zone "x" { parent = "nobody" }\n')]:
            name = {"settings": ("--name", "endpointd.json"), "caps": ("--name", "lab.json"), "zones": ("--name", "more.conf")}[kind]
            with self.subTest(kind):
                answer = self.judged(kind, good, *name)
                self.assertEqual(answer.status, DONE, answer)
                answer = self.judged(kind, bad, *name)
                self.assertEqual(answer.status, NO, answer)

    def test_reload(self):
        answer = self.node.ctl("config", "reload", json=True)
        self.assertLessEqual({"reloaded", "errors", "warnings"}, set(answer))
        self.assertTrue(answer["reloaded"])


class Usage(_Ctl):
    def test_wrong_usage(self):
        for args in (["fly"], ["audit"], ["audit", "list", "--limit", "many"], ["caps", "check"], ["catalog", "run"], []):
            with self.subTest(args):
                answer = self.ctl(*args)
                self.assertEqual(answer.status, WRONG_USAGE, answer)
                self.assertEqual(answer.out, "")
                self.assertTrue(answer.err)

    def test_help_and_version(self):
        for program in (self.node.endpointctl, self.node.daemon):
            for flag in ("--help", "--version"):
                done = subprocess.run([*self.lab.account.prefix, program, flag], capture_output=True, text=True, check=False, cwd="/")
                self.assertEqual(done.returncode, 0, flag)
                self.assertTrue(done.stdout)

    def test_no_daemon(self):
        node = self.lab.node(folder="down", zones=zones_conf(), catalog={}, caps=CAPS)
        answer = node.ctl("status", check=False)
        self.is_error(answer, UNREACHABLE)
        self.assertEqual(node.ctl("config", "validate", check=False).status, DONE, "needs no daemon")


class Tampered(LabTestCase):
    """Whoever edits the store is found out."""

    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab)
        with Peer.dial((lab.host, cls.node.port), cls.certificate) as peer:
            for number in range(5):
                peer.execute("lab-args", host=f"h{number}", macros={"lab_state": 9} if number % 2 else {"lab_text": "-x"})
                peer.result(f"h{number}")
            peer.execute("lab-absent")
            peer.result()
        wait_for(lambda: len(cls.node.audit()) >= 3, "the records")
        cls.node.stop()
        cls.databases = [path for path in cls.node.state.rglob("*") if path.is_file() and path.open("rb").read(15) == b"SQLite format 3"]

    def verdict_after(self, change):
        """`audit verify` on a copy of the state after `change(connection)`."""
        state = self.node.directory / "tampered"
        shutil.copytree(self.node.state, state)
        original, self.node.state = self.node.state, state
        try:
            path = state / self.databases[0].relative_to(original)
            connection = sqlite3.connect(path)
            change(connection)
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            self.lab.account.own(state)
            answer = self.node.ctl("audit", "verify", "--json", check=False)
        finally:
            self.node.state = original
            shutil.rmtree(state)
        return answer

    def test_untouched_it_verifies(self):
        answer = self.verdict_after(lambda connection: None)
        self.assertEqual(answer.status, DONE, answer)
        self.assertTrue(answer.json["ok"])

    def test_every_kind_of_edit_is_found(self):
        for case, statement in {
                "a changed row": "UPDATE audit_row SET payload = replace(payload, 'lab-absent', 'lab-benign')",
                "a missing row": "DELETE FROM audit_row WHERE seq = (SELECT min(seq) + 1 FROM audit_row)",
                "the last row missing": "DELETE FROM audit_row WHERE seq = (SELECT max(seq) FROM audit_row)",
                "two rows changed places": "UPDATE audit_row SET payload = (SELECT o.payload FROM audit_row o"
                                           " WHERE o.seq = 5 - audit_row.seq) WHERE seq IN (2, 3)",
                "a changed count": "UPDATE audit_record SET count = count + 1",
                "a record missing": "DELETE FROM audit_record WHERE id = (SELECT max(id) FROM audit_record)",
                "another content": "UPDATE audit_content SET content = x'00'",
                "nothing left": "DELETE FROM audit_row",
        }.items():
            with self.subTest(case):
                answer = self.verdict_after(lambda connection, text=statement: connection.execute(text))
                self.assertEqual(answer.status, NO, answer)
                self.assertFalse(answer.json["ok"])
                self.assertTrue(answer.json["broken"]["why"])


if __name__ == "__main__":
    main()
