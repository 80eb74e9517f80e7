#!/usr/bin/python3
"""An operator of the host itself: a check now, pauses that end by themselves or by somebody, and what is refused."""

from configured_pair import CONFIG, grant
from endpointd_node import DONE, NO, UNREACHABLE, WRONG_USAGE
from lab import main
from scene import connecting
from scheduled_checks import HOST, Checks, service


class Locally(Checks):
    """Nothing is granted to anybody but the zone."""

    caps = grant(config=CONFIG, comment={})
    names = ["now", "short", "long", "off"]

    def local(self, *args, status=DONE):
        answer = self.node.ctl(*args, "--json", check=False)
        self.assertEqual(answer.status, status, str(answer))
        return answer.json if status == DONE else answer.err

    def wait_record(self, name, detail):
        return self.node.wait_audit(object_name=name, object_type=self.kind(name), decision="changed", reason="ok", parent=None,
                                    detail=detail)

    def test_check_now(self):
        who = self.lab.account.name
        for name in (service("now"), HOST):
            before = self.state(name)
            answer = self.local("check", "now", name)
            self.assertEqual(answer["object"], name)
            self.assertEqual(answer["state"]["checked"], True)
            self.wait_checked(name, before)
            self.wait_record(name, f"check now by {who}")
        self.assertIn("is checked now", self.node.ctl("check", "now", service("now")).out)

    def test_a_pause_that_ends_by_itself(self):
        name, who = service("short"), self.lab.account.name
        # Long enough to be seen on a loaded machine, too short to be taken for somebody's `resume`.
        paused = self.local("pause", name, "--for", "5s")["state"]["paused"]
        self.assertEqual(paused["by"], who)
        self.assertGreater(paused["until"], paused["since"])
        self.wait_record(name, f"paused for 5 s by {who}")
        self.wait_state(name, paused=None)
        self.wait_record(name, f"resumed: the pause of {who} is over")
        self.assertIsNotNone(self.state(name)["next_check"])

    def test_a_pause_that_somebody_ends(self):
        name, who = service("long"), self.lab.account.name
        paused = self.local("check", "pause", name)["state"]
        self.assertEqual((paused["paused"]["by"], paused["paused"]["until"], paused["next_check"]), (who, None, None))
        self.wait_record(name, f"paused by {who}")
        # It outlives a restart, what the master sends of the object, and a reload; a check that is asked for runs nevertheless.
        self.modify("services", name, notes="changed meanwhile")
        self.wait_attrs("Service", name, notes="changed meanwhile")
        self.assertEqual(self.state(name)["paused"], paused["paused"])
        with connecting(self.master, self.node):
            self.node.stop()
            self.node.start()
            self.assertEqual(self.state(name)["paused"], paused["paused"])
            self.assertIsNone(self.state(name)["next_check"])
        before = self.state(name)
        self.local("check", "now", name)
        self.assertIsNone(self.wait_checked(name, before)["next_check"])
        self.assertIsNone(self.local("resume", name)["state"]["paused"])
        self.wait_record(name, f"resumed by {who}")
        self.assertIsNotNone(self.state(name)["next_check"])
        self.assertIn("was not paused by an operator", self.local("resume", name, status=NO))

    def test_a_pause_of_the_configuration_stands(self):
        name = service("off")
        after = len(self.node.log())
        self.node.write_caps(grant(config=CONFIG, comment={}, pause={}))
        self.addCleanup(self.node.write_caps, self.caps)
        self.node.ctl("config", "reload")
        self.node.wait_log("configuration evaluated", after)
        self.modify("services", name, enable_active_checks=False)
        self.wait_attrs("Service", name, enable_active_checks=False)
        self.local("pause", name)
        self.local("resume", name)
        self.assertIsNone(self.state(name)["next_check"])

    def test_what_is_wrong(self):
        for verb in (("check", "now"), ("pause",), ("resume",)):
            for name in ("nothing", service("nothing"), "nothing\nelse"):
                error = self.local(*verb, name, status=NO)
                self.assertIn("no host or service 'nothing" if name == "nothing" else "is checked here", error)
                self.assertEqual(error.count("\n"), 1, error)
            self.local(*verb, "", status=WRONG_USAGE)
            self.local(*verb, status=WRONG_USAGE)
        for length in ("soon", "-1s", "0s", ""):
            self.local("pause", service("now"), "--for", length, status=WRONG_USAGE)
        self.assertIsNone(self.state(service("now"))["paused"])
        self.assertEqual(self.node.audit(object_name="nothing"), [])

    def test_nobody_answers(self):
        self.node.stop()
        self.addCleanup(self.node.start)
        for verb in (("check", "now"), ("pause",), ("resume",)):
            self.local(*verb, HOST, status=UNREACHABLE)


if __name__ == "__main__":
    main()
