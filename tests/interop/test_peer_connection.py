#!/usr/bin/python3
"""One connection, seen by a scripted parent: who speaks first, acknowledgements, a second connection, answers that were late."""

import os
import time

from lab import MASTER, LabTestCase, main
from peer import Peer
from scene import start_node
from waiting import wait_for


class PeerConnection(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.gate = lab.directory / "gate"
        os.mkfifo(cls.gate, 0o600)
        lab.account.own(cls.gate)
        command = {"kind": "check", "command": [str(lab.directory / "plugins/lab_gate"), str(cls.gate)], "timeout": "60s"}
        cls.node, cls.certificate = start_node(
            lab, catalog_more={"lab-gate": command}, caps={MASTER: {"grant": {"execute": {"commands": ["*"]}}}},
            settings={"connect": {"reconnect_min": "1s", "reconnect_max": "2s"}})

    def dial(self, hello=True):
        peer = Peer.dial((self.lab.host, self.node.port), self.certificate, trust=self.lab.authority.certificate, hello=hello)
        self.addCleanup(self.node.wait_connected, connected=False)
        self.addCleanup(peer.close)
        return peer

    def answers(self, peer):
        peer.execute("lab-true", host="good")
        self.assertEqual(peer.result("good")["state"], 0)

    def test_our_hello(self):
        peer = self.dial()
        hello = peer.method("icinga::Hello")
        self.assertEqual(hello["params"]["version"], 21605)
        self.assertEqual(hello["params"]["capabilities"] & 1, 1)
        self.assertEqual(peer.seen, [hello], "Hello is the first message")

    def test_a_result_has_what_a_master_needs_to_believe_it(self):
        peer = self.dial()
        peer.execute("lab-plain", host="h", service="s")
        got = peer.result("h", "s")
        self.assertEqual(got["type"], "CheckResult")
        self.assertIsInstance(got["performance_data"], list)
        self.assertEqual((got["state"], got["exit_status"], got["active"]), (0, 0, True))
        self.assertIsNone(got["vars_after"])
        self.assertLessEqual(got["execution_start"], got["execution_end"])

    def test_what_has_a_timestamp_is_acknowledged_and_a_replay_ignored(self):
        peer = self.dial()
        now = time.time()
        params = {"command_type": "check_command", "command": "lab-true", "macros": {}}
        peer.send("event::ExecuteCommand", {**params, "host": "first"}, ts=now)
        peer.send("event::ExecuteCommand", {**params, "host": "older"}, ts=now - 100)
        peer.send("event::ExecuteCommand", {**params, "host": "last"})
        # In whichever order they end.
        peer.receive(lambda _: {"first", "last"} <= {got.get("params", {}).get("host") for got in peer.seen}, "both results")
        ack = peer.receive(lambda got: got.get("method") == "log::SetLogPosition", "an acknowledgement", 20)
        self.assertAlmostEqual(ack["params"]["log_position"], now, 3)
        self.assertNotIn("older", [got["params"].get("host") for got in peer.seen])

    def test_of_two_connections_the_first_stays(self):
        first = self.dial()
        self.answers(first)
        with Peer.dial((self.lab.host, self.node.port), self.certificate) as second:
            self.assertTrue(second.closed(30))
        self.answers(first)
        self.assertEqual(self.node.audit(reason="malformed-message"), [])

    def test_the_answer_to_a_parent_that_went_away_comes_first_when_it_is_back(self):
        peer = self.dial()
        peer.execute("lab-gate", host="late")
        wait_for(lambda: self.node.status()["runner"]["running"] == 1, "the plugin to run")
        peer.close()
        self.node.wait_connected(connected=False)
        with open(self.gate, "w", encoding="ascii") as gate:
            gate.write("opened\n")
        wait_for(lambda: self.node.parent()["queued"] == 1, "the answer to be kept", last=self.node.parent)
        again = self.dial()
        self.assertEqual(again.result("late")["output"], "GATE opened")
        self.assertEqual([got["method"] for got in again.seen], ["icinga::Hello", "event::CheckResult"])
        self.assertEqual(self.node.parent()["queued"], 0)

    def test_a_deadline_that_has_passed_is_no_command_any_more(self):
        peer = self.dial()
        peer.execute("restart-thing", kind="event_command", host="h", source="s-1", deadline=time.time() - 10)
        self.answers(peer)
        self.assertEqual([got for got in peer.seen if got["method"] == "event::ExecutedCommand"], [])


class WhoDials(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, settings={"connect": {"timeout": "3s"}})

    def test_speaks_first(self):
        with Peer.dial((self.lab.host, self.node.port), self.certificate, hello=False) as peer:
            started = time.monotonic()
            self.assertEqual(peer.bytes_until_end(), b"", "it spoke first")
            self.assertLess(time.monotonic() - started, 30, "connect.timeout is 3 s")


if __name__ == "__main__":
    main()
