#!/usr/bin/python3
"""Who dials whom, and that checks go on after a restart of either side and a reload of the master."""

import time

from lab import AGENT, MASTER, LabTestCase, main
from scene import master_host, master_service, start_pair
from waiting import wait_for

_OBJECTS = master_host("h") + master_service("h", "s", "lab-plain")


class _Pair(LabTestCase):
    dials = None

    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab, _OBJECTS, dials=cls.dials)

    def checks_go_on(self):
        """Results that were produced after now stand in the master, for the host and the service."""
        now = time.time()
        for name in ("h", "h!s"):
            result = self.master.rest.result(name, lambda got: got["state"] == 0, "a fresh OK", since=now)
            self.assertEqual(result["check_source"], AGENT)

    def parent(self):
        return self.node.wait_connected()


class _EitherSide:
    """What holds whoever dials."""

    def test_checks_run_and_both_sides_say_connected(self):
        self.checks_go_on()
        self.assertTrue(self.master.rest.connected(AGENT))
        parent = self.parent()
        self.assertEqual(parent["version"], "2.13.6")
        self.assertEqual(parent["zone"], "master")
        self.assertEqual(sorted(parent["capabilities"]), ["execute", "results"])
        self.assertIsNotNone(parent["since"])
        self.assertIsNotNone(parent["last_message"])

    def test_the_master_knows_our_version(self):
        attrs = wait_for(lambda: (found := self.master.rest.attrs("endpoints", AGENT)) and found["icinga_version"] and found, "our Hello")
        self.assertGreaterEqual(attrs["icinga_version"], 21300)
        self.assertEqual(int(attrs["capabilities"]) & 1, 1, "execute-command needs capability 1")

    def test_a_restart_of_the_master(self):
        self.master.restart()
        self.node.wait_connected()
        self.checks_go_on()

    def test_a_reload_of_the_master(self):
        self.master.reload()
        self.checks_go_on()

    def test_a_restart_of_endpointd(self):
        self.assertEqual(self.node.stop(), 0)
        wait_for(lambda: not self.master.rest.connected(AGENT), "the master to see us gone")
        self.node.start()
        self.node.wait_connected()
        self.checks_go_on()


class MasterDials(_EitherSide, _Pair):
    dials = "master"

    def test_the_direction_is_inbound(self):
        self.assertEqual(self.parent()["direction"], "inbound")


class AgentDials(_EitherSide, _Pair):
    dials = "agent"

    def test_the_direction_is_outbound(self):
        self.assertEqual(self.parent()["direction"], "outbound")
        self.assertIn(self.master.host, self.parent()["address"])


class BothDial(_EitherSide, _Pair):
    dials = "both"

    def test_one_connection_remains(self):
        # The master dials every 10 s where it sees no connection, we within 2 s: long enough for a second one to show.
        self.checks_go_on()
        first = self.parent()
        before = len(self.node.log())
        self.master.reload()
        self.node.wait_connected()
        self.checks_go_on()
        names = [parent["name"] for parent in self.node.status()["parents"]]
        self.assertEqual(names, [MASTER], "one parent, one connection")
        self.assertGreaterEqual(self.parent()["since"], first["since"])
        self.assertLess(self.node.log()[before:].count("connected"), 40, "no storm of connections")


if __name__ == "__main__":
    main()
