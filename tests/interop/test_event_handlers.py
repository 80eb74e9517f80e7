#!/usr/bin/python3
"""Event handlers of services that are checked here: pushed and its own, with and without the grant, and with a master that
pushes a definition of its own under the name of an entry of the catalog."""

import json

from configured_pair import CONFIG, grant
from lab import AGENT, MASTER, main
from scene import canary, connecting, start_pair
from scheduled_checks import HOST, Checks, service
from scheduled_zone import Sequences
from waiting import wait_for

OK, WARNING, CRITICAL, UNKNOWN = range(4)

_INTERVALS = "  check_interval = 1d\n  retry_interval = 1d\n  max_check_attempts = 3\n"
_EVENT = {"commands": ["lab-note"], "services": [service("granted"), service("refused"), service("changed"), service("leased")]}
_CAPS = {"config": CONFIG, "comment": {}, "passive": {}, "pause": {}}


def handled(host, name, command="lab-note", text="as said"):
    """A service that ends as `Sequences` is told to, checked when somebody asks."""
    handler = f'  event_command = "{command}"\n' if command else ""
    return (f'object Service "{name}" {{\n  host_name = "{host}"\n  check_command = "lab-sequence"\n  vars.seq_name = "{name}"\n'
            f'  vars.note_text = "{text}"\n{handler}{_INTERVALS}}}\n')


def plain_host(name):
    return f'object Host "{name}" {{\n  check_command = "dummy"\n  vars.dummy_state = 0\n{_INTERVALS}}}\n'


class Handlers(Checks):
    caps = grant(**_CAPS, event=_EVENT)

    @classmethod
    def build(cls, lab):
        cls.sequences = Sequences(lab)
        cls.mark = canary(lab, "of-the-master")
        cls.notes = canary(lab, "notes")
        cls.notes.touch()
        lab.account.own(cls.notes)
        fields = ["host.name", "service.name", "service.state", "service.state_type", "service.check_attempt", "note_text"]
        note = {
            "kind": "event", "command": [f"{lab.directory}/plugins/lab_record", str(cls.notes)],
            "arguments": {field: {"value": f"${field}$", "skip_key": True, "order": order} for order, field in enumerate(fields)},
            "parameters": {
                "host.name": {"pattern": "[a-z]+"}, "service.name": {"pattern": "[a-z]+"}, "note_text": {"pattern": "[a-z ]+"},
                "service.state": {"enum": ["OK", "WARNING", "CRITICAL"]}, "service.state_type": {"enum": ["SOFT", "HARD"]},
                "service.check_attempt": {"type": "integer"}},
            "sandbox": {"write": [str(cls.notes.parent)]}}
        # Says who ran it: the master itself does, for results of its child zone.
        shadow = f'object EventCommand "lab-note" {{\n  command = [ "/bin/sh", "-c", "cat /proc/$$PPID/comm >> {cls.mark}" ]\n}}\n'
        names = ["granted", "denied", "leased", "changed", "refused"]
        zone = plain_host(HOST) + "".join([
            handled(HOST, "granted"), handled(HOST, "denied"), handled(HOST, "leased"), handled(HOST, "changed", command=None),
            handled(HOST, "refused", text="; rm -rf /")])
        cls.master, cls.node = start_pair(
            lab, cls.sequences.command(False), caps=cls.caps, catalog_more={**cls.sequences.catalog, "lab-note": note},
            zones_d={"global-templates/shadow.conf": shadow, f"{AGENT}/checks.conf": zone}, start=False)
        cls.node.write("zones.d/own.conf", plain_host("own") + handled("own", "local"))
        with connecting(cls.master, cls.node):
            cls.node.start()
            cls.master.start()
        for name in [*map(service, names), "own!local"]:
            wait_for(lambda: ("Service", name) in cls.objects(cls, "Service"), f"Service {name}", last=cls.node.status)
            cls.node.ctl("check", "now", name)
            wait_for(lambda: cls.node.ctl("objects", "show", "Service", name, json=True)["state"]["checked"], f"a check of {name}")

    def noted(self, name):
        """What the handler was told of HOST!SERVICE so far, without the names, once nothing runs any more."""
        def idle():
            runner = self.node.status()["runner"]
            return runner["running"] + runner["queued"] == 0

        wait_for(idle, "the runner to be idle")
        lines = map(json.loads, self.notes.read_text().splitlines())
        return [line[2:] for line in lines if line[:2] == name.split("!")]

    def turn_to(self, name, state):
        """The next check ends like this, and is made; what its handler was told since is returned."""
        before = self.noted(name)
        self.sequences.set_state(name.split("!")[1], state)
        was = self.state(name)
        self.node.ctl("check", "now", name)
        now = wait_for(lambda: self.changed_since(name, was), f"a check of {name}", last=lambda: self.state(name))
        self.assertEqual(now["state"], state)
        return self.noted(name)[len(before):]

    def handlers_of(self, name, **filters):
        return [one for one in self.node.audit(object_type="EventCommand", **filters) if one["detail"].startswith(f"for {name} (")]

    def caps_are(self, **capabilities):
        after = len(self.node.log())
        self.node.write_caps(grant(**capabilities))
        self.node.ctl("config", "reload")
        self.node.wait_log("configuration evaluated", after)

    def assert_only_there(self):
        """What the master pushed under the name of an entry was run by nobody but the master."""
        ran = set(self.mark.read_text().split()) if self.mark.exists() else set()
        self.assertLessEqual(ran, {"icinga2"}, "the master's definition was run here")

    def assert_course(self, name):
        """The whole course of a problem, with a restart in it."""
        said = ["as said"]
        self.assertEqual(self.turn_to(name, CRITICAL), [["CRITICAL", "SOFT", "1", *said]])
        self.assertEqual(self.turn_to(name, CRITICAL), [["CRITICAL", "SOFT", "2", *said]])
        self.assertEqual(self.turn_to(name, CRITICAL), [["CRITICAL", "HARD", "1", *said]])
        self.assertEqual(self.turn_to(name, CRITICAL), [])
        self.assertEqual(self.turn_to(name, WARNING), [["WARNING", "HARD", "1", *said]])
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.assertEqual(self.turn_to(name, WARNING), [], "no news over a restart")
        self.assertEqual(self.turn_to(name, OK), [["OK", "HARD", "1", *said]])
        self.assertEqual(self.turn_to(name, OK), [])
        self.node.wait_connected()

    def test_1_a_granted_one_runs_the_entry_of_the_catalog(self):
        self.assert_course(service("granted"))
        record = self.handlers_of(service("granted"), decision="executed")[0]
        self.assertEqual((record["object_name"], record["parent"], record["reason"]), ("lab-note", MASTER, "ok"))
        self.assertRegex(record["detail"], r"^for box!granted \(OK HARD 1\): event exited, exit status 0, after .+ s; parameters \{.*"
                                           r'"service\.state":"OK","service\.state_type":"HARD"\}$')
        self.node.wait_audit(object_type="EventCommand", object_name="lab-note", decision="rejected", reason="command-shadowed")
        wait_for(self.mark.exists, "the master to run its own definition")
        self.assert_only_there()

    def test_2_one_of_this_host_needs_no_grant(self):
        self.assert_course("own!local")
        self.assertEqual({one["parent"] for one in self.handlers_of("own!local")}, {None})

    def test_3_what_is_not_granted_is_denied(self):
        name = service("denied")
        self.assertEqual(self.turn_to(name, CRITICAL), [])
        record = self.handlers_of(name, decision="denied")[0]
        self.assertEqual((record["reason"], record["parent"], record["object_name"]), ("out-of-scope", MASTER, "lab-note"))
        self.addCleanup(self.caps_are, **_CAPS, event=_EVENT)
        self.caps_are(**_CAPS)
        self.assertEqual(self.turn_to(service("leased"), CRITICAL), [])
        record = self.handlers_of(service("leased"), reason="capability-denied")[0]
        self.assertEqual((record["decision"], record["parent"]), ("denied", MASTER))
        self.node.ctl("caps", "grant", MASTER, "event", "--for", "1h", "--reason", "a night's work")
        self.assertEqual(len(self.turn_to(service("leased"), CRITICAL)), 1)
        self.assert_only_there()

    def test_4_a_value_that_breaks_its_rule_is_refused(self):
        self.assertEqual(self.turn_to(service("refused"), CRITICAL), [])
        record = self.node.wait_audit(object_type="EventCommand", reason="argument-refused", decision="denied")
        self.assertRegex(record["detail"], r"^for box!refused \(.+\): parameter 'note_text' refused: ")
        self.assertNotIn("rm -rf", record["detail"])

    def test_5_what_the_master_changes_counts_as_its_own(self):
        name = service("changed")
        self.assertEqual(self.turn_to(name, WARNING), [])
        self.modify("services", name, event_command="lab-note")
        self.wait_attrs("Service", name, event_command="lab-note")
        self.assertEqual(self.turn_to(name, WARNING), [["WARNING", "SOFT", "2", "as said"]])
        self.modify("services", name, enable_event_handler=False)
        self.wait_attrs("Service", name, enable_event_handler=False)
        self.assertEqual(self.turn_to(name, WARNING), [])
        self.modify("services", name, enable_event_handler=True)
        self.wait_attrs("Service", name, enable_event_handler=True)
        # A result of the master's own, of what is checked here.
        before = self.noted(name)
        self.submit(name, OK)
        self.wait_state(name, state=OK)
        self.assertEqual(self.noted(name)[len(before):], [["OK", "HARD", "1", "as said"]])
        self.assert_only_there()


if __name__ == "__main__":
    main()
