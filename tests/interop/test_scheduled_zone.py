#!/usr/bin/python3
"""Hosts and services that this node checks by itself, pushed or its own: what its parents see of them, with and without
them there, and what they do not see."""

import json
import time
from datetime import datetime

import scheduled_zone
from configured_pair import CONFIG, Pair, grant
from lab import AGENT, MASTER, LabTestCase, agent_objects, main
from peer import Peer
from scene import MASTER_COMMANDS, canary, connecting, start_node, start_pair
from scheduled_zone import FAST, Arrivals, Sequences, run_number, service
from waiting import wait_for

STOCK = "stock.example.org"
OK, WARNING, CRITICAL, UNKNOWN = range(4)

# Seconds: 5 % of an hour and a half second more is what either may take off it.
_MOST_OFFSET = 181


class Scheduled(Pair):
    """A master and a node that checks by itself."""

    def view(self, name):
        """The state of a host or service as this node has it."""
        shown = self.node.ctl("objects", "show", "Service" if "!" in name else "Host", name, json=True)
        return shown["state"]

    def wait_view(self, name, accept, what):
        def look():
            view = self.view(name)
            return view if view and accept(view) else None

        return wait_for(look, f"{what} of {name}", last=lambda: self.view(name))

    def wait_run(self, name, at_least):
        return self.wait_view(name, lambda view: run_number(view["output"]) >= at_least, f"run {at_least}")

    def there(self, name):
        """Its attributes in the master."""
        return self.master.rest.service(name) if "!" in name else self.master.rest.host(name)

    def wait_there(self, name, accept, what):
        def look():
            attrs = self.there(name)
            return attrs if attrs and attrs["last_check_result"] and accept(attrs) else None

        return wait_for(look, f"{what} of {name} in the master", last=lambda: self.there(name))

    def outbox(self):
        return self.node.status()["store"]["outbox"]

    def assert_replayed(self, name, sequence):
        """What happens to a service of `lab-sequence` while the master is away is there when it is back, once and in order."""
        self.wait_there(name, lambda attrs: run_number(attrs["last_check_result"]["output"]) > 0, "a result")
        self.sequences.set_state(sequence, OK)
        self.wait_view(name, lambda view: (view["state"], view["state_type"]) == (OK, "hard"), "a good state")
        # A master that stops takes results for a moment after it has ended its record.
        self.node.ctl("pause", name)
        left = run_number(self.wait_view(name, lambda view: not view["running"], "the end of a check")["output"])
        # It has this one and most likely has not confirmed it: it is sent again.
        self.wait_there(name, lambda attrs: run_number(attrs["last_check_result"]["output"]) == left, "the last result")
        self.master.stop()
        self.node.wait_connected(connected=False)
        self.node.ctl("resume", name)
        self.wait_run(name, left + 2)
        self.sequences.set_state(sequence, CRITICAL)
        self.wait_view(name, lambda view: (view["state"], view["state_type"]) == (CRITICAL, "hard"), "an alarm")
        self.sequences.set_state(sequence, WARNING)
        last = self.wait_view(name, lambda view: view["state"] == WARNING, "a warning")
        self.assertGreater(self.node.parent()["queued"], 5)
        self.assertGreater(self.outbox(), 5)
        with connecting(self.master, self.node):
            self.master.start()
        number = run_number(last["output"])
        self.wait_there(name, lambda attrs: run_number(attrs["last_check_result"]["output"]) >= number, "what was missed")
        self.wait_there(name, lambda attrs: (attrs["state"], attrs["state_type"]) == (WARNING, 1), "the last state")
        self.sequences.set_state(sequence, OK)
        self.wait_there(name, lambda attrs: (attrs["state"], attrs["state_type"], attrs["check_attempt"]) == (OK, 1, 1), "the recovery")
        self.assert_all_taken()
        self.master.stop()
        arrived = self.arrivals.of(name)
        with connecting(self.master, self.node):
            self.master.start()
        numbers = [run_number(each["output"]) for each in arrived]
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)), "once, and in order")
        missed = [(int(each["state"]), int(each["attempt"]), each["type"]) for each in arrived if left <= run_number(each["output"]) <= number]
        turns = [each for before, each in zip([None, *missed], missed) if each != before]
        self.assertEqual(turns, [(OK, 1, "HARD"), (CRITICAL, 1, "SOFT"), (CRITICAL, 2, "SOFT"), (CRITICAL, 1, "HARD"), (WARNING, 1, "HARD")])

    def assert_all_taken(self):
        """Nothing waits for a master that is there: it confirms what it has taken every few seconds."""
        checked = [one["name"] for (kind, _), one in self.objects().items() if kind in ("Host", "Service")]
        for name in checked:
            self.node.ctl("pause", name)
        wait_for(lambda: self.outbox() == 0 and self.node.parent()["queued"] == 0, "the outbox to be emptied", last=self.node.status)
        for name in checked:
            self.node.ctl("resume", name)

    def assert_carries_on(self, name, broken):
        """A restart without any parent; `broken` has had its hard state for a while, `name` counts its runs."""
        self.wait_view(broken, lambda view: (view["state"], view["state_type"]) == (CRITICAL, "hard"), "an alarm")
        self.wait_run(name, 1)
        self.master.stop()
        try:
            self.node.wait_connected(connected=False)
            self.node.ctl("pause", f"{name}-paused")
            before = self.view(broken)
            paused = self.wait_view(f"{name}-paused", lambda view: not view["running"], "the end of a check")
            self.assertEqual(self.node.stop(), 0)
            self.node.start()
            after = self.view(broken)
            for key in ("checked", "state", "state_type", "check_attempt", "last_state_change"):
                self.assertEqual(after[key], before[key], key)
            run = self.sequences.runs(name.split("!")[1])
            self.wait_run(name, run + 2)
            self.assertEqual(self.view(broken)["last_state_change"], before["last_state_change"])
            still = self.view(f"{name}-paused")
            self.assertEqual((still["paused"], still["last_check"]), (paused["paused"], paused["last_check"]))
            self.assertIsNotNone(still["paused"])
            self.node.ctl("resume", f"{name}-paused")
            self.wait_view(f"{name}-paused", lambda view: view["last_check"] > paused["last_check"], "another check")
        finally:
            with connecting(self.master, self.node):
                self.master.start()


class PushedZone(Scheduled):
    """The same zone on this node and on a stock agent beside it, from the same master."""

    caps = grant(config=CONFIG, pause={})

    @classmethod
    def build(cls, lab):
        cls.sequences, cls.arrivals = Sequences(lab), Arrivals(lab)
        # The host's name says who ran it.
        cls.evil = {host: canary(lab, host) for host in ("ours", "stock")}
        evil = (f'object CheckCommand "evil" {{\n  command = [ "/bin/sh", "-c", "id > {canary(lab, "$host.name$")}" ]\n}}\n')
        files = {"global-templates/fast.conf": FAST, "global-templates/evil.conf": evil,
                 "master/commands.conf": cls.sequences.command(False) + cls.arrivals.config(),
                 f"{AGENT}/zone.conf": cls.zone("ours"), f"{STOCK}/zone.conf": cls.zone("stock")}
        cls.master, cls.node = start_pair(lab, caps=cls.caps, catalog_more=cls.sequences.catalog, zones_d=files, start=False)
        plugin = f"{lab.directory}/plugins/lab_echo"
        cls.stock = lab.stock_agent(name=STOCK, extra=f"""
object CheckCommand "lab-args" {{
  command = [ "{plugin}" ]
  arguments = {{ "--text" = "$lab_text$", "--state" = {{ value = "$lab_state$", order = 4 }} }}
  env = {{ LAB_ENV = "$lab_env$" }}
}}
object CheckCommand "lab-true" {{
  command = [ "/bin/true" ]
}}
""" + cls.sequences.command(True))
        cls.master.write(agent_objects(lab.host, cls.node.port) + agent_objects(lab.host, cls.stock.port, agent=STOCK) + MASTER_COMMANDS)
        cls.stock.start()
        with connecting(cls.master, cls.node):
            cls.node.start()
            cls.master.start()
        # It takes the files, validates them, starts anew and is dialled again before it checks anything.
        wait_for(lambda: (cls.master.rest.service("stock!critical") or {}).get("state_type") == 1, "the stock agent to work", 180)

    @staticmethod
    def zone(host):
        return "".join([
            scheduled_zone.host(host),
            service(host, "args", "lab-args", vars_lab_text='"path /srv"'),
            service(host, "true", "lab-true"),
            service(host, "warning", "lab-args", vars_lab_state=WARNING),
            service(host, "critical", "lab-args", vars_lab_state=CRITICAL),
            service(host, "turns", "lab-sequence", vars_seq_name=f'"{host}-turns"'),
            service(host, "replayed", "lab-sequence", vars_seq_name=f'"{host}-replayed"'),
            service(host, "counts", "lab-sequence", vars_seq_name='"counts"' if host == "ours" else '"stock-counts"'),
            service(host, "counts-paused", "lab-true"),
            service(host, "slow", "lab-true", check_interval="1h"),
            service(host, "evil", "evil"),
        ])

    def test_1_results_stand_in_the_master_as_a_stock_agents_do(self):
        for name in ("args", "true", "warning", "critical"):
            with self.subTest(name):
                ours, theirs = (self.wait_there(f"{host}!{name}", lambda attrs: attrs["state_type"] == 1 and attrs["last_check_result"],
                                                "a hard state") for host in ("ours", "stock"))
                for key in ("state", "state_type", "check_attempt", "last_reachable"):
                    self.assertEqual(ours[key], theirs[key], key)
                result, other = ours["last_check_result"], theirs["last_check_result"]
                for key in ("state", "exit_status", "output", "performance_data", "active", "command"):
                    self.assertEqual(result[key], other[key], key)
                self.assertEqual((result["check_source"], result["scheduling_source"]), (AGENT, AGENT))
                self.assertEqual(other["check_source"], STOCK)
        self.assertEqual(self.there("ours!args")["last_check_result"]["performance_data"], ["arguments=2;5;10;0;20", "'two words'=1.5s"])
        self.assertIn('["--text", "path /srv"]', self.there("ours!args")["last_check_result"]["output"])
        self.assertEqual(self.there("ours!critical")["state"], CRITICAL)
        host = self.wait_there("ours", lambda attrs: attrs["state"] == 0, "a result")
        self.assertEqual((host["last_check_result"]["output"], host["last_check_result"]["check_source"]), ("the host ours", AGENT))

    def test_2_the_next_check_moves_and_is_to_come(self):
        seen = set()

        def look(attrs):
            seen.add(attrs["next_check"])
            return len(seen) >= 3

        self.wait_there("ours!true", look, "three next checks")
        attrs = self.there("ours!true")
        self.assertGreater(attrs["next_check"], attrs["last_check_result"]["execution_start"])
        self.assertLess(attrs["next_check"], time.time() + 2)
        # Of a long interval each takes something off, by an offset of its own.
        asked = time.time()
        self.node.ctl("check", "now", "ours!slow")
        slow = self.wait_there("ours!slow", lambda attrs: attrs["last_check_result"]["execution_start"] >= asked, "a check")
        here = self.wait_view("ours!slow", lambda view: _seconds(view["last_check"]) >= asked - 0.01, "a check")
        self.assertEqual(here["state"], OK)
        for moment in (slow["next_check"], _seconds(here["next_check"])):
            self.assertGreater(moment, asked + 3600 - _MOST_OFFSET)
            self.assertLess(moment, time.time() + 3601)

    def test_3_soft_becomes_hard_at_both_ends(self):
        name = "ours!turns"
        self.wait_there(name, lambda attrs: attrs["state_type"] == 1, "a result")
        seen = []

        def look(event):
            if (event["host"], event.get("service")) != ("ours", "turns"):
                return False
            after = event["check_result"]["vars_after"]
            seen.append((int(after["state"]), int(after["attempt"]), int(after["state_type"])))
            return True

        def turned(event):
            return look(event) and seen[-1] == (CRITICAL, 1, 1)

        with self.master.rest.events("CheckResult", queue="turns") as events:
            self.sequences.set_state("ours-turns", CRITICAL)
            events.until(turned, "the hard state")
            self.assertEqual([each for each in seen if each[0] == CRITICAL], [(CRITICAL, 1, 0), (CRITICAL, 2, 0), (CRITICAL, 1, 1)])
            view = self.view(name)
            self.assertEqual((view["state"], view["state_type"], view["check_attempt"]), (CRITICAL, "hard", 1))
            self.sequences.set_state("ours-turns", OK)
            events.until(lambda event: look(event) and seen[-1][0] == OK, "the recovery")
        self.assertEqual(seen[-1], (OK, 1, 1))
        self.assertEqual((self.view(name)["state"], self.view(name)["state_type"]), (OK, "hard"))

    def test_4_objects_show_has_the_state(self):
        view = self.wait_view("ours!critical", lambda view: view["state_type"] == "hard" and view["state"] == CRITICAL, "an alarm")
        self.assertLessEqual({"checked": True, "check_attempt": 1, "reachable": True, "flapping": False, "acknowledged": False,
                              "downtime_depth": 0, "paused": None}.items(), view.items())
        self.assertIn("ARGS", view["output"])
        self.assertGreater(_seconds(view["next_check"]), _seconds(view["last_check"]))
        self.assertEqual(self.view("ours")["state"], 0)
        listed = {one["name"]: one for one in self.node.ctl("objects", "list", "--type", "Service", json=True)["objects"]}
        self.assertEqual(listed["ours!critical"]["state"]["state"], CRITICAL)

    def test_5_a_pushed_command_runs_on_the_stock_agent_only(self):
        wait_for(self.evil["stock"].exists, "the stock agent to run the pushed command", last=lambda: self.stock.log()[-2000:])
        self.assertEqual(self.wait_there("stock!evil", lambda attrs: True, "a result")["last_check_result"]["check_source"], STOCK)
        refused = self.wait_there("ours!evil", lambda attrs: True, "a refusal")["last_check_result"]
        self.assertEqual((refused["state"], refused["check_source"]), (UNKNOWN, AGENT))
        self.assertIn("evil", refused["output"])
        self.assertNotIn(("Service", "ours!evil"), self.objects("Service"))
        run = self.sequences.runs("ours-turns")
        self.wait_run("ours!turns", run + 2)
        self.assertFalse(self.evil["ours"].exists(), "the pushed command was run")

    def test_6_what_the_master_missed_arrives_in_order(self):
        self.assert_replayed("ours!replayed", "ours-replayed")

    def test_7_checks_go_on_over_a_restart_without_a_parent(self):
        self.assert_carries_on("ours!counts", "ours!critical")
        self.assertFalse(self.evil["ours"].exists(), "the pushed command was run")


class OwnObjects(Scheduled):
    """Objects of this node's own zones.d; the master has the stubs that it exports, and may see results."""

    @classmethod
    def build(cls, lab):
        cls.sequences, cls.arrivals = Sequences(lab), Arrivals(lab)
        own = "".join([
            FAST, scheduled_zone.host("own"), service("own", "args", "lab-args", vars_lab_text='"of its own"'),
            service("own", "critical", "lab-args", vars_lab_state=CRITICAL),
            service("own", "private", "lab-sequence", vars_seq_name='"private"'),
            service("own", "replayed", "lab-sequence", vars_seq_name='"replayed"'),
            service("own", "counts", "lab-sequence", vars_seq_name='"counts"'),
            service("own", "counts-paused", "lab-true"),
            service("own", "turns", "lab-sequence", vars_seq_name='"turns"', max_check_attempts=2),
            service("own", "slow", "lab-true", check_interval="1h"),
        ])
        told = ["own!args", "own!critical", "own!replayed", "own!counts*", "own!turns", "own!slow"]
        cls.master, cls.node = start_pair(
            lab, cls.sequences.command(False), cls.arrivals.config(), catalog_more=cls.sequences.catalog, start=False,
            caps={MASTER: {"grant": {"results": {"services": told, "hosts": ["own"]}}}})
        cls.node.write("zones.d/own.conf", own)
        cls.node.start()
        # Those of the node's zone, in a folder of the master's: the node is sent nothing.
        cls.master.write_zones({"master/stubs.conf": cls.node.ctl("export", "parent-config").out})
        with connecting(cls.master, cls.node):
            cls.master.start()

    def test_1_results_arrive_at_the_stubs(self):
        host = self.wait_there("own", lambda attrs: attrs["state"] == 0, "a result")
        self.assertEqual((host["last_check_result"]["output"], host["last_check_result"]["check_source"]), ("the host own", AGENT))
        args = self.wait_there("own!args", lambda attrs: True, "a result")["last_check_result"]
        self.assertEqual((args["state"], args["check_source"], args["active"]), (OK, AGENT, True))
        self.assertIn('["--text", "of its own"]', args["output"])
        self.assertEqual(args["performance_data"], ["arguments=2;5;10;0;20", "'two words'=1.5s"])
        critical = self.wait_there("own!critical", lambda attrs: attrs["state_type"] == 1, "a hard state")
        self.assertEqual((critical["state"], critical["check_attempt"]), (CRITICAL, 1))
        self.assertEqual(self.objects("Service")["Service", "own!args"]["origin"], "local")

    def test_2_what_is_not_granted_is_not_told(self):
        run = self.sequences.runs("private")
        self.wait_run("own!private", run + 2)
        args = self.there("own!args")["last_check"]
        self.wait_there("own!args", lambda attrs: attrs["last_check"] > args + 1, "a later result")
        self.assertIsNone(self.there("own!private")["last_check_result"])

    def test_3_results_is_no_leave_to_ask_for_anything(self):
        before = self.view("own!counts")
        self.master.rest.recheck("Service", "own!counts")
        record = self.node.wait_audit("the refusal", reason="capability-denied", method="event::SetNextCheck", object_name="own!counts")
        self.assertEqual((record["decision"], record["object_type"]), ("denied", "Service"))
        self.assertEqual(self.view("own!counts")["paused"], before["paused"])

    def test_4_what_the_master_missed_arrives_in_order(self):
        self.assert_replayed("own!replayed", "replayed")

    def test_5_checks_go_on_over_a_restart_without_a_parent(self):
        self.assert_carries_on("own!counts", "own!critical")

    def test_6_soft_becomes_hard_at_both_ends_by_the_attempts_of_here(self):
        name, seen = "own!turns", []
        self.sequences.set_state("turns", OK)
        self.wait_there(name, lambda attrs: (attrs["state"], attrs["state_type"]) == (OK, 1), "a good state")

        def look(event):
            if (event["host"], event.get("service")) == ("own", "turns"):
                after = event["check_result"]["vars_after"]
                seen.append((int(after["state"]), int(after["attempt"]), int(after["state_type"])))
            return seen and seen[-1] == (CRITICAL, 1, 1)

        with self.master.rest.events("CheckResult", queue="turns") as events:
            self.sequences.set_state("turns", CRITICAL)
            events.until(look, "the hard state")
        self.assertEqual([each for each in seen if each[0] == CRITICAL][:2], [(CRITICAL, 1, 0), (CRITICAL, 1, 1)])
        view = self.view(name)
        self.assertEqual((view["state"], view["state_type"], view["check_attempt"]), (CRITICAL, "hard", 1))

    def test_7_the_next_check_is_that_of_here(self):
        name = "own!slow"
        self.node.ctl("check", "now", name)
        here = _seconds(self.wait_view(name, lambda view: view["checked"] and not view["running"], "a check")["next_check"])
        there = self.wait_there(name, lambda attrs: abs(attrs["next_check"] - here) < _MOST_OFFSET + 1, "the next check")
        self.assertEqual((there["check_interval"], there["enable_active_checks"]), (3600, False))
        # When it is overdue for the master: by the interval of the stub.
        self.assertAlmostEqual(there["next_update"] - there["last_check_result"]["execution_end"], 2 * 3600, delta=60)


class Redaction(LabTestCase):
    """What is left out of results is in no byte that the parent gets."""

    HIDDEN = {"output": "tombola-output", "performance_data": "tombola-perfdata", "command": "tombola-argument", "vars": "tombola-variable"}
    PRIVATE = "tombola-private"

    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, caps={MASTER: {"grant": {
            "results": {"hosts": ["own"], "services": ["own!told*"], "redact": list(cls.HIDDEN)}}}})
        plugin = lab.directory / "plugins/lab_marked"
        plugin.write_text(f"#!/bin/sh\necho '{cls.HIDDEN['output']} | {cls.HIDDEN['performance_data']}=1'\nexit $2\n")
        plugin.chmod(0o755)
        lab.account.own(plugin)
        cls.node.write_catalog({"lab-marked": {
            "kind": "check", "command": [str(plugin)], "arguments": {
                "text": {"value": "$lab_text$", "skip_key": True, "order": 1}, "state": {"value": "$lab_state$", "skip_key": True, "order": 2}},
            "parameters": {"lab_text": {"pattern": "[a-z-]+"}, "lab_state": {"type": "integer", "default": 0}}}}, name="marked.json")
        marked = f'"{cls.HIDDEN["command"]}"'
        secret = f'"{cls.HIDDEN["vars"]}"'
        cls.node.write("zones.d/own.conf", "".join([
            FAST, scheduled_zone.host("own"),
            service("own", "told", "lab-marked", vars_lab_text=marked, vars_secret=secret),
            service("own", "told-critical", "lab-marked", vars_lab_text=marked, vars_lab_state=CRITICAL, vars_secret=secret),
            service("own", cls.PRIVATE, "lab-marked", vars_lab_text=marked, vars_secret=secret)]))
        cls.node.ctl("config", "reload")

    def dial(self):
        """A parent that keeps every byte it receives."""
        peer = Peer.dial((self.lab.host, self.node.port), self.certificate, trust=self.lab.authority.certificate)
        self.addCleanup(peer.close)
        self.node.wait_connected()
        return peer

    def show(self, name):
        return self.node.ctl("objects", "show", "Service", name, json=True)

    def wait_checked(self, name, after=""):
        """Waits for a result of it that is younger; returns when it was."""
        return wait_for(lambda: [at for at in [self.show(name)["state"]["last_check"]] if at and at > after], f"a check of {name}",
                        last=lambda: self.show(name))[0]

    def assert_nothing_hidden(self, peer):
        text = json.dumps(peer.seen, ensure_ascii=False) + peer.buffer.decode(errors="replace")
        for field, marker in {**self.HIDDEN, "a service outside the grant": self.PRIVATE}.items():
            self.assertNotIn(marker, text, field)

    def results(self, peer, name="told"):
        return [got["params"]["cr"] for got in peer.seen
                if got.get("method") == "event::CheckResult" and got["params"].get("service") == name]

    def test_1_what_is_left_out_is_there_to_be_left_out(self):
        for name in ("own!told", f"own!{self.PRIVATE}"):
            self.wait_checked(name)
            shown = self.show(name)
            self.assertEqual(shown["state"]["output"].strip(), self.HIDDEN["output"])
            self.assertEqual(shown["attrs"]["vars"]["secret"], self.HIDDEN["vars"])

    def test_2_live(self):
        peer = self.dial()
        for _ in range(3):
            result = peer.result("own", "told")
            self.assertEqual((result["state"], result["exit_status"], result["check_source"]), (0, 0, AGENT))
        self.assertEqual(peer.result("own", "told-critical")["state"], CRITICAL)
        methods = {got["method"] for got in peer.seen}
        self.assertLessEqual({"event::CheckResult", "event::SetNextCheck", "event::SetLastCheckStarted"}, methods)
        self.assert_nothing_hidden(peer)

    def test_3_replayed(self):
        peer = self.dial()
        last = peer.result("own", "told")["execution_end"]
        peer.close()
        self.node.wait_connected(connected=False)
        at = self.wait_checked("own!told", self.show("own!told")["state"]["last_check"] or "")
        at = self.wait_checked("own!told", at)
        self.wait_checked(f"own!{self.PRIVATE}", at)
        self.assertGreater(self.node.parent()["queued"], 0)
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        begun = time.time()
        again = self.dial()
        ends = []
        while not ends or ends[-1] < begun:
            ends.append(again.result("own", "told")["execution_end"])
        self.assertEqual(ends, sorted(ends))
        self.assertGreaterEqual(len([end for end in ends if last < end < begun]), 2, "it was replayed")
        self.assert_nothing_hidden(again)


def _seconds(text):
    """RFC 3339 to seconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    main()
