#!/usr/bin/python3
"""What a master's API does while the node is away, and what comes late: both have the same objects once they meet again."""

import contextlib

from configured_pair import Pair
from lab import AGENT, MASTER, main
from peer import Peer
from scene import connecting, parent_certificate
from waiting import wait_for


class AbsentNode(Pair):
    def setUp(self):
        self.wait_zone()

    @contextlib.contextmanager
    def away(self):
        """The node is stopped meanwhile, and has judged whatever the master sends to it when it comes back."""
        with connecting(self.master, self.node):
            self.node.stop()
            # What it sends before it has noticed that is neither there nor kept.
            wait_for(lambda: not self.master.rest.connected(AGENT), "the master to miss the node")
            yield
            self.node.start()
        self.all_done()

    def assert_as_there(self, kind, name):
        there = self.master.rest.attrs(kind.lower() + "s", name)
        self.assert_same(kind, name, there)
        self.assertAlmostEqual(self.attrs(kind, name)["version"], there["version"], places=5)

    def test_what_was_deleted_meanwhile_is_gone(self):
        self.put("hosts", "doomed", check_command="dummy")
        self.put("services", "doomed!svc", check_command="dummy")
        self.put("services", "web1!doomed", check_command="dummy")
        made = [("Downtime", self.downtime("web1")), ("Comment", self.comment("web1")), ("Host", "doomed"), ("Service", "doomed!svc"),
                ("Service", "web1!doomed")]
        for kind, name in made:
            self.wait_object(kind, name)
        with self.away():
            self.master.rest.action("remove-downtime", downtime=made[0][1])
            self.master.rest.action("remove-comment", comment=made[1][1])
            self.delete("hosts", "doomed")
            self.delete("services", "web1!doomed")
        for kind, name in made:
            self.assert_not_there(kind, name)
        for kind, name in made[:3]:
            self.node.wait_audit("the deletion", method="config::DeleteObject", object_type=kind, object_name=name, decision="changed")

    def test_what_was_made_and_changed_meanwhile_is_as_it_is_there(self):
        with self.away():
            self.put("hosts", "late", check_command="dummy", address="192.0.2.1")
            self.modify("hosts", "late", address="192.0.2.2", **{"vars.deep.er": "yes"})
            self.put("services", "late!svc", check_command="lab-plain")
            self.modify("services", "late!svc", check_command="evil", notes="changed")
            comment = self.comment("late")
            self.modify("comments", comment, text="changed")
        self.assert_as_there("Host", "late")
        self.assertEqual(self.attrs("Host", "late")["address"], "192.0.2.2")
        self.assert_as_there("Comment", comment)
        # The service was made with a command of ours, and changed to one that is not.
        service = self.attrs("Service", "late!svc")
        self.assertEqual((service["check_command"], service["notes"]), ("lab-plain", "changed"))
        record = self.node.wait_audit(object_name="late!svc", decision="denied", method="config::UpdateObject", reason="unknown-command")
        self.assertEqual(self.node.record(record["id"])["parameter"], "check_command")
        self.assert_nothing_ran()

    def test_what_was_changed_and_restored_meanwhile_is_as_it_is_there(self):
        self.modify("services", "db1!replication", notes="before", check_interval=99)
        self.wait_attrs("Service", "db1!replication", notes="before", check_interval=99)
        with self.away():
            self.restore("Service", "db1!replication", "check_interval")
            self.modify("services", "db1!replication", notes="after", **{"vars.more": 1})
        self.assert_as_there("Service", "db1!replication")
        attrs = self.attrs("Service", "db1!replication")
        self.assertEqual((attrs["check_interval"], attrs["notes"], attrs["vars"]), (300, "after", {"more": 1}))

    def test_one_of_the_same_name_is_another_one(self):
        self.put("hosts", "again", check_command="dummy", address="192.0.2.1")
        self.modify("hosts", "again", display_name="The first")
        self.wait_attrs("Host", "again", display_name="The first")
        self.delete("hosts", "again")
        self.wait_gone("Host", "again")
        self.put("hosts", "again", check_command="dummy", address="192.0.2.2")
        self.wait_attrs("Host", "again", address="192.0.2.2", display_name="again")
        self.assert_as_there("Host", "again")
        self.modify("hosts", "again", notes="of the second")
        self.put("services", "again!old", check_command="dummy")
        self.wait_object("Service", "again!old")
        with self.away():
            self.delete("hosts", "again")
            self.put("hosts", "again", check_command="dummy", address="192.0.2.3", **{"vars.third": True})
            self.put("services", "again!new", check_command="dummy")
        self.assert_as_there("Host", "again")
        self.assertEqual(self.attrs("Host", "again")["address"], "192.0.2.3")
        self.assertEqual(self.attrs("Host", "again")["notes"], "")
        self.assert_as_there("Service", "again!new")
        self.assert_not_there("Service", "again!old")
        # And so it stays, whoever starts again.
        with self.away():
            pass
        with connecting(self.master, self.node):
            self.master.restart()
        self.all_done()
        self.assert_as_there("Host", "again")
        self.assert_not_there("Service", "again!old")

    def test_a_master_that_starts_again_brings_nothing_back(self):
        self.put("hosts", "gone", check_command="dummy")
        self.put("hosts", "stays", check_command="dummy")
        self.wait_object("Host", "gone")
        self.delete("hosts", "gone")
        self.wait_gone("Host", "gone")
        self.master.restart()
        self.node.wait_connected()
        self.all_done()
        self.assert_not_there("Host", "gone")
        self.assert_as_there("Host", "stays")


class LateMessages(Pair):
    """The master's own messages, in an order it does not send them in: another one of its zone may."""

    @classmethod
    def build(cls, lab):
        super().build(lab)
        cls.certificate = parent_certificate(lab)

    @contextlib.contextmanager
    def peer(self):
        peer = Peer.dial((self.node.host, self.node.port), self.certificate)
        try:
            yield peer
        finally:
            peer.stream.close()

    def send(self, peer, version, config=None, **modified):
        params = {"type": "Host", "name": "late", "zone": AGENT, "version": version, "modified_attributes": modified,
                  "original_attributes": list(modified)}
        peer.send("config::UpdateObject", {**params, "config": config} if config else params)

    def settle(self, peer, name):
        """What `peer` sent before is judged once a host that it sends now stands."""
        text = f'object Host "{name}" {{\n\tcheck_command = "dummy"\n}}\n'
        peer.send("config::UpdateObject", {"type": "Host", "name": name, "zone": AGENT, "version": 1, "modified_attributes": {},
                                           "original_attributes": [], "config": text})
        self.wait_object("Host", name)

    def test_an_older_version_changes_nothing(self):
        self.wait_zone()
        self.put("hosts", "late", check_command="dummy", address="192.0.2.1")
        self.modify("hosts", "late", notes="newest")
        version = self.wait_attrs("Host", "late", notes="newest")["version"]
        record = next(one for one in self.node.audit(object_type="Host", object_name="late") if one["detail"] == "created")
        text = self.node.record(record["id"])["content"]
        self.master.stop()
        try:
            with self.peer() as peer:
                for old in (version, version - 1, 0, -1):
                    self.send(peer, old, notes="older")
                    self.send(peer, old, text.replace("192.0.2.1", "192.0.2.66"))
                peer.send("config::DeleteObject", {"type": "Host", "name": "late", "version": version - 1})
                self.settle(peer, "first")
                attrs = self.attrs("Host", "late")
                self.assertEqual((attrs["notes"], attrs["address"], attrs["version"]), ("newest", "192.0.2.1", version))
                self.send(peer, version + 1, notes="newer", address="192.0.2.2")
                self.wait_attrs("Host", "late", notes="newer", address="192.0.2.2", version=version + 1)
                peer.send("config::DeleteObject", {"type": "Host", "name": "late", "version": version + 2})
                self.wait_gone("Host", "late")
            # The deletion is remembered over a start.
            self.node.stop()
            self.node.start()
            with self.peer() as peer:
                for old in (version, version + 1, version + 2):
                    self.send(peer, old, text)
                self.settle(peer, "second")
                self.assert_not_there("Host", "late")
                self.send(peer, version + 3, text)
                self.assertEqual(self.wait_object("Host", "late")["origin"], f"runtime:{MASTER}")
                self.assertEqual(self.attrs("Host", "late")["notes"], "")
        finally:
            self.master.start()


if __name__ == "__main__":
    main()
