#!/usr/bin/python3
"""Leases, seen by a scripted parent: denied, granted, over again, over a restart of the daemon, and what the audit holds of it."""

import json
import time

from endpointd_node import DONE, NO, WRONG_USAGE
from lab import AGENT, MASTER, LabTestCase, main
from peer import Peer
from scene import start_node
from waiting import wait_for

_DENIED = r"^endpointd: command 'lab-plain' is not granted to master\.example\.org \(audit \d+\)$"


class Leases(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, caps={MASTER: {"grant": {"results": {}}}})

    def tearDown(self):
        for lease in self.leases():
            self.node.ctl("caps", "revoke", lease["source"])

    def dial(self):
        peer = Peer.dial((self.lab.host, self.node.port), self.certificate, trust=self.lab.authority.certificate)
        self.addCleanup(self.node.wait_connected, connected=False)
        self.addCleanup(peer.close)
        self.node.wait_connected()
        return peer

    def grant(self, capability="execute", *more, length="1h", parent=MASTER, reason="a deployment"):
        """The new lease's number."""
        return self.node.ctl("caps", "grant", parent, capability, "--for", length, "--reason", reason, *more, json=True)["id"]

    def leases(self):
        """What `caps show` shows of the leases there are."""
        parents = self.node.ctl("caps", "show", json=True)["parents"]
        return [grant for parent in parents for grant in parent["grants"] if grant["source"].startswith("lease:")]

    def steps(self, number):
        """What the audit says of this lease, oldest first."""
        return [record["detail"] for record in reversed(self.node.audit(object_type="Lease", object_name=f"lease:{number}",
                                                                        decision="changed", reason="ok", parent=None))]

    def assert_denied(self, peer):
        peer.execute("lab-plain", host="h")
        got = peer.result("h")
        self.assertEqual(got["state"], 3)
        self.assertRegex(got["output"], _DENIED)
        self.assertEqual(self.check().status, NO)

    def assert_allowed(self, peer):
        peer.execute("lab-plain", host="h")
        self.assertEqual(peer.result("h")["state"], 0)

    def check(self):
        return self.node.ctl("caps", "check", MASTER, "execute", "--command", "lab-plain", "--json", check=False)

    def test_denied_granted_revoked_denied(self):
        peer = self.dial()
        self.assert_denied(peer)
        number = self.grant("execute", "--scope", json.dumps({"commands": ["lab-plain"], "rate": "100/h"}))
        self.assert_allowed(peer)
        answer = self.check()
        self.assertEqual(answer.status, DONE)
        self.assertEqual(answer.json, {**answer.json, "allowed": True, "reason": "ok", "source": f"lease:{number}"})
        shown = self.leases()
        self.assertEqual(len(shown), 1)
        self.assertEqual(shown[0], {**shown[0], "capability": "execute", "source": f"lease:{number}", "rate": "100/h", "used": 1,
                                    "scope": {"commands": ["lab-plain"]}, "by": self.lab.account.name, "reason": "a deployment"})
        self.assertRegex(shown[0]["expires"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertIn("execute", self.node.parent()["capabilities"])
        peer.execute("lab-true", host="h")
        self.assertRegex(peer.result("h")["output"], "^endpointd: command 'lab-true' is not granted to ")
        self.assertEqual(self.node.ctl("caps", "revoke", number, json=True), {"id": number, "parent": MASTER, "capability": "execute"})
        self.assert_denied(peer)
        self.assertEqual(self.leases(), [])
        who = self.lab.account.name
        self.assertEqual(self.steps(number), [
            f"granted until {shown[0]['expires']}: execute of {MASTER}, granted by {who}: a deployment",
            f"revoked by {who}: execute of {MASTER}, granted by {who}: a deployment"])
        record = self.node.audit(object_name=f"lease:{number}")[-1]
        self.assertEqual(json.loads(self.node.record(record["id"])["content"])["scope"], {"commands": ["lab-plain"], "rate": "100/h"})
        again = self.node.ctl("caps", "revoke", number, check=False)
        self.assertEqual((again.status, again.out), (NO, ""))

    def test_a_lease_ends_by_itself(self):
        peer = self.dial()
        number = self.grant(length="1s")
        wait_for(lambda: len(self.steps(number)) == 2, "the lease to end", last=lambda: self.steps(number))
        self.assertRegex(self.steps(number)[1], f"^expired: execute of {MASTER}, granted by ")
        self.assert_denied(peer)

    def test_a_lease_is_in_force_again_after_a_restart_and_a_reload_and_keeps_its_end(self):
        number = self.grant()
        before = self.leases()[0]["expires"]
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.assertEqual([(lease["source"], lease["expires"]) for lease in self.leases()], [(f"lease:{number}", before)])
        self.node.ctl("config", "reload")
        peer = self.dial()
        self.assert_allowed(peer)
        self.node.ctl("caps", "revoke", f"lease:{number}")
        peer.close()
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.assert_denied(self.dial())
        self.assertEqual(len(self.steps(number)), 2)
        self.assertGreater(self.grant(), number)

    def test_a_lease_that_ended_while_nothing_ran_is_over_and_on_record(self):
        number = self.grant(length="1s")
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        wait_for(lambda: len(self.steps(number)) == 2, "the lease to end", last=lambda: self.steps(number))
        self.assert_denied(self.dial())

    def test_a_zones_lease_is_for_its_endpoints(self):
        self.grant(parent="zone:master")
        self.assert_allowed(self.dial())

    def test_what_no_file_could_grant_is_refused(self):
        for args, status, text in [
            (("nobody", "execute"), NO, f"there is no parent 'nobody'; known: {MASTER}, zone:master"),
            ((AGENT, "execute"), NO, f"known: {MASTER}, zone:master"),
            ((MASTER, "fly"), WRONG_USAGE, "'fly' is no capability; they are results, "),
            ((MASTER, "config", "--scope", '{"types": ["CheckCommand"]}'), WRONG_USAGE, "can never be granted"),
            ((MASTER, "execute", "--scope", '{"rate": "often"}'), WRONG_USAGE, "scope /rate: 'often' is not a rate"),
        ]:
            answer = self.node.ctl("caps", "grant", *args, "--for", "1h", "--reason", "r", check=False)
            self.assertEqual((answer.status, answer.out), (status, ""), answer)
            self.assertIn(text, answer.err)
        for length in ("0", "31d"):
            answer = self.node.ctl("caps", "grant", MASTER, "execute", "--for", length, "--reason", "r", check=False)
            self.assertEqual(answer.status, WRONG_USAGE)
            self.assertIn("from 1 second to 30 days", answer.err)
        self.assertEqual(self.leases(), [])

    def push(self, peer):
        text = 'object Host "leased" {\n  check_command = "dummy"\n}\n'
        peer.send("config::Update", {"update": {AGENT: {"/_etc/hosts.conf": text}},
                                     "update_v2": {AGENT: {"/.timestamp": f"{time.time():f}"}}, "checksums": {}})

    def wait_hosts(self, names):
        wait_for(lambda: [one["name"] for one in self.node.ctl("objects", "list", "--type", "Host", json=True)["objects"]] == names,
                 f"the hosts {names}", last=lambda: self.node.ctl("objects", "list", json=True))

    def test_what_was_pushed_stands_as_long_as_the_lease_does(self):
        peer = self.dial()
        self.push(peer)
        refused = self.node.wait_audit(decision="rejected", reason="capability-denied", parent=MASTER, method="config::Update")
        self.wait_hosts([])
        number = self.grant("config")
        self.push(peer)
        self.wait_hosts(["leased"])
        self.node.ctl("caps", "revoke", number)
        self.wait_hosts([])
        wait_for(lambda: self.node.record(refused["id"])["count"] > refused["count"], "the refusal to be counted once more")
        # It was kept, so another lease needs no other push.
        self.grant("config")
        self.wait_hosts(["leased"])


if __name__ == "__main__":
    main()
