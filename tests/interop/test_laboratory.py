#!/usr/bin/python3
"""The laboratory itself: a real master, and a scripted agent that answers it. A failure here is not endpointd's."""

import time

from lab import AGENT, LabTestCase, agent_objects, main
from peer import Peer, frame
from scene import MASTER_COMMANDS, dsl, master_host, master_service
from waiting import WaitedTooLong, wait_for


class Laboratory(LabTestCase):
    @classmethod
    def build(cls, lab):
        objects = master_host("h") + master_service("h", "s", "lab-args", vars_lab_text="Grüße", vars_lab_list=["a", "b c"])
        cls.master = lab.master(extra=agent_objects() + MASTER_COMMANDS, zones_d={"master/objects.conf": objects}).start()
        cls.certificate = lab.authority.issue(lab.directory / "probe", AGENT)

    def dial(self):
        # The master takes a second connection for a duplicate until it has noticed the end of the first.
        wait_for(lambda: not self.master.rest.connected(AGENT), "the last connection to be over")
        peer = Peer.dial((self.lab.host, self.master.port), self.certificate, trust=self.lab.authority.certificate, name=self.master.name)
        self.addCleanup(peer.close)
        return peer

    def asked(self, peer):
        """The master's request for a check. What it asked while a connection was made is lost, and it asks again after 90 s only."""
        def look():
            self.master.rest.recheck("Service", "h!s")
            try:
                return peer.receive(lambda got: got.get("method") == "event::ExecuteCommand" and got["params"].get("service") == "s",
                                    "a check of the service", 5)
            except WaitedTooLong:
                return None

        return wait_for(look, "a check of the service")

    def test_a_scripted_agent_is_asked_and_its_answer_stands_in_the_master(self):
        peer = self.dial()
        asked = self.asked(peer)
        self.assertEqual(asked["params"]["macros"], {"lab_text": "Grüße", "lab_list": ["a", "b c"]})
        now = time.time()
        peer.send("event::CheckResult", {"host": "h", "service": "s", "cr": {
            "type": "CheckResult", "state": 2, "exit_status": 2, "output": "from the script", "performance_data": ["a=1"],
            "execution_start": now, "execution_end": now, "schedule_start": now, "schedule_end": now, "active": True}})
        result = self.master.rest.result("h!s", lambda got: got["output"] == "from the script")
        self.assertEqual((result["state"], result["performance_data"]), (2, ["a=1"]))

    def test_a_reload_of_the_master_ends_connections_and_is_over_when_it_returns(self):
        peer = self.dial()
        peer.method("icinga::Hello")
        self.master.reload()
        self.assertTrue(peer.closed())
        again = self.dial()
        again.method("icinga::Hello")
        wait_for(lambda: self.master.rest.connected(AGENT), "the scripted agent to be connected")

    def test_values_are_written_as_icinga_reads_them(self):
        self.assertEqual(dsl({"a": [1, "ü", True]}), '{ "a" = [ 1, "ü", true ] }')
        self.assertEqual(frame("ü"), b"2:\xc3\xbc,")


if __name__ == "__main__":
    main()
