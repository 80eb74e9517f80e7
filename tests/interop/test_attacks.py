#!/usr/bin/python3
"""The attacks of attack_corpus.py, and the samples' where they are at hand, each sent as the message a taken-over parent would send:
by one that may have its checks executed and no more, and by one that may configure. Nothing of an attack is run, written or opened,
nothing of what must not exist stands, each is on record, and the daemon keeps working."""

import os
import pathlib
import time
import unittest

import attack_corpus
from endpointd_node import brief
from lab import AGENT, MASTER, LabTestCase, main
from peer import Peer
from scene import CAPS, canary, start_node
from waiting import wait_for

_METHODS = {"config_update": "config::Update", "update_object": "config::UpdateObject", "execute_command": "event::ExecuteCommand"}
_REFUSED = ("denied", "rejected")
# Where an attack names none. A hang is what the time is for; an idle daemon has some 15 MiB.
# A hang takes longer; with sanitizers on a loaded machine looking at it takes a good part of this.
_LIMITS = {"seconds": 120, "rss_mb": 512}

# Everything there is to grant, so that what is refused is refused whatever is granted.
CONFIG = {"hosts": ["*"], "services": ["*"], "zones": ["*"], "attributes": ["*"], "min_check_interval": "10s"}
GRANT = {MASTER: {"grant": {**CAPS[MASTER]["grant"], "config": CONFIG, "downtime": {}, "comment": {}, "pause": {}, "recheck": {},
                            "acknowledge": {}, "passive": {}}}}


class Attacks(LabTestCase):
    """The parent may configure whatever can be granted."""

    caps = GRANT
    may_configure = True

    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, caps=cls.caps)
        cls.mark = canary(lab, "attack")
        # Anything an attack could leave behind would be a new file in here.
        cls.before = cls.files()
        cls.peer = Peer.dial((lab.host, cls.node.port), cls.certificate)
        lab.on_exit(cls.peer.close)
        cls.timestamp = time.time()
        cls.answered = 0

    @classmethod
    def files(cls):
        """All files of the node and around it, but for the log and the store."""
        found = {path for path in cls.lab.directory.rglob("*") if path.is_file() or path.is_symlink()}
        return {path for path in found if path.suffix != ".log" and cls.node.state not in path.parents and path.suffix != ".pyc"}

    def peak(self):
        with open(f"/proc/{self.node.child.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def answers(self):
        type(self).answered += 1
        host = f"good-{self.answered}"
        self.peer.execute("lab-true", host=host)
        self.assertEqual(self.peer.result(host)["state"], 0)

    def objects(self):
        return {(one["type"], one["name"]): one for one in self.node.ctl("objects", "list", json=True)["objects"]}

    def records(self, attack):
        """Records that this attack could have raised, newest first."""
        kind, payload = attack["kind"], attack["payload"]
        found = self.node.audit(method=_METHODS[kind], parent=MASTER)
        if kind == "update_object":
            return [one for one in found if (one["object_type"], one["object_name"]) == (payload["type"], payload["name"])]
        if kind == "execute_command":
            return [one for one in found if one["object_name"] == payload["command"] and one["decision"] in _REFUSED]
        if attack["must"] != "reject":
            return found
        wanted = attack.get("audit") or {}
        found = [one for one in found if one["decision"] in _REFUSED]
        if not self.may_configure:
            return found
        if "file" in wanted:
            found = [one for one in found if one["file"] == payload["zone"] + ("" if wanted["file"].startswith("/") else "/") + wanted["file"]]
        if wanted.get("line"):
            found = [one for one in found if one["line"] == wanted["line"]]
        return found

    def attack(self, attack):
        def count():
            return sum(one["count"] for one in self.records(attack))

        method = _METHODS[attack["kind"]]
        before = count()
        type(self).timestamp += 1
        started = time.monotonic()
        self.peer.send(method, attack_corpus.params_of(attack, self.timestamp))
        self.answers()
        wait_for(lambda: count() > before, f"an audit record as in {attack.get('audit')}", last=lambda: brief(self.node.audit()[:4]))
        limits = attack.get("limits", _LIMITS)
        self.assertLess(time.monotonic() - started, limits["seconds"])
        self.assertLess(self.peak(), limits["rss_mb"])
        records = self.records(attack)
        if attack["must"] == "reject":
            record = max(records, key=lambda one: one["last_seen"])
            self.assertIn(record["decision"], _REFUSED)
            reason = (attack.get("audit") or {}).get("reason")
            if reason and self.may_configure:
                self.assertIn(reason, [one["reason"] for one in records])
        if attack["kind"] == "execute_command":
            def is_answer(got):
                return got.get("params", {}).get("host") == attack["payload"]["host"]

            # A refusal is told once it is on record, and the check behind it may have overtaken it.
            answer = next(filter(is_answer, self.peer.seen), None) or self.peer.receive(is_answer, "the answer")
            self.assertEqual(answer["params"]["cr"]["state"], 3)
            self.peer.seen.clear()
        self.nothing_came_of(attack)

    def nothing_came_of(self, attack):
        objects = self.objects()
        for one in attack["must_not_exist"]:
            self.assertNotIn((one["type"], one["name"]), objects)
        if self.may_configure:
            for one in attack.get("there", []):
                self.assertIn((one["type"], one["name"]), objects)
        else:
            self.assertEqual(objects, {})
        self.assertFalse({kind for kind, _ in objects} & {"CheckCommand", "EventCommand", "NotificationCommand", "ApiUser"})
        self.assertFalse(self.mark.exists(), "the attack left its mark")
        self.assertEqual(self.files(), self.before, "a file appeared or is gone")
        self.assertTrue(self.node.child.running())

    def all_of(self, attacks):
        names = self.catalog()
        for attack in attacks:
            with self.subTest(attack["id"]):
                self.attack(attack)
        self.assertEqual(self.catalog(), names)
        self.assertTrue(self.node.ctl("audit", "verify", json=True)["ok"])

    def catalog(self):
        return {command["name"]: command["source"] for command in self.node.ctl("catalog", "list", json=True)["commands"]}

    def test_every_attack(self):
        self.all_of(attack_corpus.ours(AGENT, self.mark))

    @unittest.skipUnless("ENDPOINTD_SAMPLES" in os.environ, "ENDPOINTD_SAMPLES does not name the samples")
    def test_every_sample(self):
        paths = sorted((pathlib.Path(os.environ["ENDPOINTD_SAMPLES"]) / "attacks").glob("*.json"))
        self.assertTrue(paths)
        self.all_of(attack_corpus.load(paths, AGENT, self.mark))


class WithoutTheGrant(Attacks):
    """The parent may have its checks executed and no more."""

    caps = CAPS
    may_configure = False


class Paths(LabTestCase):
    """A command is a name: what looks like a path, an option or a trick is only a name that is not in the catalog."""

    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, caps={MASTER: {"grant": {"execute": {"commands": ["*"]}}}})

    def test_names_that_are_paths(self):
        with Peer.dial((self.lab.host, self.node.port), self.certificate) as peer:
            for number, name in enumerate(["/usr/bin/id", "../plugins/lab_touch", "lab-true\n", "LAB-TRUE", "lab-true;id", "", ".", "*",
                                           "lab-true\u0000", "$command$", "--help", "x" * 100000]):
                with self.subTest(name[:30]):
                    peer.execute(name, host=f"h{number}")
                    result = peer.result(f"h{number}")
                    self.assertEqual(result["state"], 3)
                    self.assertIn("is not in the local catalog (audit ", result["output"])


if __name__ == "__main__":
    main()
