#!/usr/bin/python3
"""The attacks in attacks/*.json, each sent as the message a taken-over parent would send. The parent may have its checks
executed and no more; nothing of an attack is run, written or opened, each is on record, and the daemon keeps working."""

import json
import pathlib
import time

from lab import AGENT, MASTER, LabTestCase, main
from peer import Peer
from scene import canary, start_node

_ATTACKS = pathlib.Path(__file__).resolve().parent / "attacks"
_METHODS = {"config_update": "config::Update", "update_object": "config::UpdateObject", "execute_command": "event::ExecuteCommand"}


def load_attack(path, mark):
    return json.loads(path.read_text().replace("@CANARY@", str(mark)))


def params_of(attack):
    """The params of the message. Zone `satellite` of the samples is ours."""
    payload = attack["payload"]
    if attack["kind"] != "config_update":
        return {key: AGENT if key == "zone" else value for key, value in payload.items()}
    files = dict(payload.get("files", {}))
    for path, pieces in payload.get("files_gen", {}).items():
        files[path] = "".join(text * repeat for text, repeat in pieces)
    return {"update": {AGENT: files}, "update_v2": {AGENT: {"/.timestamp": f"{time.time():f}"}}, "checksums": {}}


class Attacks(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab)
        # Anything an attack could leave behind would be a new file in here.
        cls.before = cls.files()
        cls.peer = Peer.dial((lab.host, cls.node.port), cls.certificate)
        lab.on_exit(cls.peer.close)

    @classmethod
    def files(cls):
        """All files of the node and around it, but for the log and the store."""
        found = {path for path in cls.lab.directory.rglob("*") if path.is_file() or path.is_symlink()}
        return {path for path in found if path.suffix != ".log" and cls.node.state not in path.parents and path.suffix != ".pyc"}

    def peak(self):
        with open(f"/proc/{self.node.child.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def answers(self):
        self.peer.execute("lab-true", host="good")
        self.assertEqual(self.peer.result("good")["state"], 0)

    def test_every_attack(self):
        paths = sorted(_ATTACKS.glob("*.json"))
        self.assertEqual(len(paths), 15)
        for path in paths:
            with self.subTest(path.stem):
                self.attack(path)

    def attack(self, path):
        mark = canary(self.lab, path.stem)
        attack = load_attack(path, mark)
        method = _METHODS[attack["kind"]]
        before = self.records(method)
        started = time.monotonic()
        self.peer.send(method, params_of(attack))
        self.answers()
        limits = attack.get("limits", {"seconds": 10, "rss_mb": 512})
        self.assertLess(time.monotonic() - started, limits["seconds"])
        self.assertLess(self.peak(), limits["rss_mb"])
        self.assertGreater(self.records(method), before, "no audit record")
        record = self.newest(method)
        self.assertIn(record["decision"], ("denied", "rejected"))
        self.assertEqual(record["parent"], MASTER)
        if attack["kind"] == "update_object":
            self.assertEqual((record["object_type"], record["object_name"]), (attack["payload"]["type"], attack["payload"]["name"]))
        if attack["kind"] == "execute_command":
            self.assertEqual(record["object_name"], attack["payload"]["command"])
            answer = next(got for got in self.peer.seen if got.get("params", {}).get("host") == attack["payload"]["host"])
            self.assertEqual(answer["params"]["cr"]["state"], 3)
        self.assertFalse(mark.exists(), "the attack left its mark")
        self.assertEqual(self.files(), self.before, "a file appeared or is gone")

    def records(self, method):
        return sum(record["count"] for record in self.node.audit(method=method))

    def newest(self, method):
        return max(self.node.audit(method=method), key=lambda record: record["last_seen"])

    def test_no_command_came_into_being(self):
        names = {command["name"] for command in self.node.ctl("catalog", "list", json=True)["commands"]}
        self.assertFalse(names & {"collector", "heal", "n0", "n1", "n2", "c"})


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
