#!/usr/bin/python3
"""Updates that are made to hang a node or to fill its memory: each ends with a record that names file, line and limit, what was in
force stays, and meanwhile heartbeats come and commands are answered."""

import concurrent.futures
import time

import evaluation_bombs
from endpointd_node import DONE, NO
from lab import AGENT, MASTER, LabTestCase, main
from peer import Peer
from scene import CAPS, start_node
from waiting import wait_for

CONFIG = {"hosts": ["*"], "services": ["*"], "zones": ["*"], "attributes": ["*"]}
GRANT = {MASTER: {"grant": {**CAPS[MASTER]["grant"], "config": CONFIG}}}
_GOOD = 'object Host "good" { check_command = "dummy" }\n'

# MiB at the peak: 256 of values, as much again for objects made of them, 2,000,000 nodes of 150 bytes,
# and the message of 30 MiB as bytes, as JSON and as texts. Without limits any of them takes all there is.
_MEMORY = 1024
# A hang is what it is for: with sanitizers on a loaded machine the longest takes a minute.
_PATIENCE = 180


class Bombed(LabTestCase):
    settings = None

    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, caps=GRANT, settings=cls.settings)
        cls.peer = Peer.dial((lab.host, cls.node.port), cls.certificate)
        lab.on_exit(lambda: cls.peer.close())
        cls.timestamp = time.time()
        cls.executed = 0
        cls.push(_GOOD)
        wait_for(lambda: cls.objects(), "the configuration before")
        cls.before = cls.objects()

    @classmethod
    def push(cls, good, **files):
        cls.timestamp += 1
        texts = {"/_etc/a-good.conf": good, **{f"/_etc/{name}.conf": text for name, text in files.items()}}
        cls.peer.send("config::Update", {"update": {AGENT: texts}, "update_v2": {AGENT: {"/.timestamp": f"{cls.timestamp:f}"}},
                                         "checksums": {}})

    @classmethod
    def objects(cls):
        # What is in force; what becomes of the checks meanwhile is another matter.
        return [{key: value for key, value in one.items() if key != "state"}
                for one in cls.node.ctl("objects", "list", json=True)["objects"]]

    def dial_again(self):
        """So that one that fails is not the failure of those behind it: a peer that was silent for a minute is dropped."""
        self.peer.close()
        self.node.wait_connected(connected=False)
        type(self).peer = Peer.dial((self.lab.host, self.node.port), self.certificate)

    def answers(self):
        type(self).executed += 1
        host = f"h{self.executed}"
        self.peer.execute("lab-true", host=host)
        self.assertEqual(self.peer.result(host)["state"], 0)

    def records(self, name):
        return self.node.audit(method="config::Update", file=f"{AGENT}/_etc/{name}.conf", parent=MASTER)

    def wait_record(self, name):
        def look():
            # A peer that was silent for a minute is dropped.
            self.peer.send("event::Heartbeat", {})
            return self.records(name)

        return wait_for(look, f"a record of {name}", timeout=_PATIENCE,
                        last=lambda: [(one["file"], one["line"], one["detail"]) for one in self.node.audit()[:3]])[0]

    def peak(self):
        with open(f"/proc/{self.node.child.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


class Bombs(Bombed):
    def all_of(self, bombs):
        for name, bomb in bombs.items():
            with self.subTest(name):
                try:
                    self.drop(name, *bomb)
                except BaseException:
                    self.dial_again()
                    raise

    def drop(self, name, text, reason, line):
        self.push(_GOOD, **{name: evaluation_bombs.text_of(text)})
        self.answers()
        record = self.wait_record(name)
        self.assertEqual((record["decision"], record["reason"]), ("rejected", reason), record["detail"][:300])
        if line is not None:
            self.assertEqual(record["line"], line, record["detail"][:300])
        self.assertLess(len(record["detail"]), 20000)
        self.assertLess(self.peak(), _MEMORY, "MiB at the peak")
        self.assertEqual(self.objects(), self.before)
        self.answers()

    def test_what_runs(self):
        self.all_of(evaluation_bombs.RUNNING)

    def test_what_is_only_read(self):
        self.all_of(evaluation_bombs.READ)

    def test_the_next_update_is_taken(self):
        self.push(_GOOD + 'object Host "next" { check_command = "dummy" }\n')
        wait_for(lambda: len(self.objects()) == 2, "the host of a good update", last=self.objects)
        self.push(_GOOD)
        wait_for(lambda: self.objects() == self.before, "the host to be gone", last=self.objects)


class Meanwhile(Bombed):
    """With steps enough for minutes an evaluation ends by its time, a minute: long enough to look at what goes on meanwhile. That it
    still runs is known by its record, which is not there: it is the last thing that is done for it."""

    settings = {"limits": {"eval_steps": 10_000_000_000}}

    def heartbeat(self):
        self.peer.method("event::Heartbeat")

    def test_1_heartbeats_and_answers_go_on(self):
        self.push(_GOOD, slow="\nwhile (true) { }\n")
        # Messages of one connection are handled in their order: with this answer the update is being evaluated.
        self.answers()
        self.assertEqual(self.records("slow"), [])
        self.push(_GOOD + 'object Host "after" { check_command = "dummy" }\n')
        self.heartbeat()
        self.answers()
        self.assertEqual(self.objects(), self.before)
        self.assertEqual(self.records("slow"), [], "it has ended already: nothing was seen meanwhile")
        record = self.wait_record("slow")
        self.assertEqual((record["decision"], record["reason"], record["line"]), ("rejected", "limit-exceeded", 2))
        self.assertIn("took too long", record["detail"])
        # What came meanwhile has its turn.
        wait_for(lambda: len(self.objects()) == 2, "the host of the update behind it", last=self.objects)

    def test_2_a_stop_does_not_wait_for_the_end(self):
        before = self.objects()
        self.push(_GOOD, stopped="while (true) { }\n")
        self.answers()
        self.assertEqual(self.records("stopped"), [])
        started = time.monotonic()
        self.assertEqual(self.node.stop(), 0)
        self.assertLess(time.monotonic() - started, 30, "s; the evaluation alone takes 60")
        self.node.start()
        wait_for(lambda: self.objects() == before, "what was in force before", last=self.objects)

    def test_3_a_start_listens_to_nobody_before_it_has_evaluated(self):
        self.dial_again()
        # So many that it can be looked at meanwhile.
        services = "".join(f'apply Service "s{number}" {{ check_command = "dummy"; check_interval = 1d; assign where host.name != "good" }}\n'
                           for number in range(4))
        self.push(_GOOD, many="for (i in range(18000)) { object Host \"h\" + i { check_command = \"dummy\"; check_interval = 1d } }\n" + services)
        wait_for(lambda: self.node.status()["objects"]["services"] == 72000, "the services", _PATIENCE)
        self.peer.close()
        self.assertEqual(self.node.stop(), 0)
        before = len(self.node.log())
        self.node.launch()
        wait_for(lambda: self.node.ctl("status", check=False).status == DONE, "endpointd to answer", last=self.node.log)
        refused = set()

        def evaluated():
            # In this order: what is refused last was not there for the others either.
            check, parent = self.node.ctl("check", "now", "good", check=False), self.node.parent()
            listed = self.node.ctl("objects", "list", "--type", "TimePeriod", check=False)
            if listed.status == DONE:
                return True
            refused.update((check.err.split(": ")[-1], listed.err.split(": ")[-1]))
            self.assertEqual((check.status, listed.status, parent["connected"]), (NO, NO, False))
            return False

        # A parent that comes meanwhile waits.
        with concurrent.futures.ThreadPoolExecutor(1) as dialling:
            peer = dialling.submit(Peer.dial, (self.lab.host, self.node.port), self.certificate)
            wait_for(evaluated, "the evaluation", _PATIENCE)
            type(self).peer = peer.result()
        # How often it could be looked at is up to the machine; in which order it went is not.
        self.assertLessEqual(refused, {"the configuration is still being evaluated; ask again in a moment\n"})
        self.node.wait_log(" cluster: connected ", before)
        log = self.node.log()[before:]
        steps = [log.index(word) for word in (" net: listening ", " config: configuration evaluated ", " daemon: ready ", " cluster: connected ")]
        self.assertEqual(steps, sorted(steps), log)
        self.assertEqual(self.node.status()["objects"]["services"], 72000)
        self.answers()


if __name__ == "__main__":
    main()
