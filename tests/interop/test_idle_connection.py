#!/usr/bin/python3
"""An idle connection stays: the master drops a peer that was silent for 60 s, and looks every 30 s."""

from lab import AGENT, MASTER, LabTestCase, main
from scene import start_pair
from waiting import WaitedTooLong, wait_for

# Beyond the 90 s that the master can take to notice.
_IDLE = 95.0


class IdleConnection(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab)

    def test_heartbeats_keep_it_for_longer_than_the_master_would_wait(self):
        before = self.node.wait_connected()

        def lost():
            now = self.node.parent()
            return not now["connected"] or now["since"] != before["since"]

        with self.assertRaises(WaitedTooLong, msg="the connection was lost while idle"):
            wait_for(lost, "the connection to break", timeout=_IDLE)
        self.assertTrue(self.master.rest.connected(AGENT))
        self.assertNotIn("No messages for", self.master.log())
        self.assertGreater(self.node.parent()["last_message"], before["since"], "the master's heartbeats arrived")
        # Hello, heartbeats and the empty config::Update of every connect need no capability.
        self.assertEqual(self.node.audit(parent=MASTER), [])


if __name__ == "__main__":
    main()
