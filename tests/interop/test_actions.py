#!/usr/bin/python3
"""Actions, event handlers and notification commands of a real master: what runs, what the master gets, what is on record."""

import json
import os

from lab import AGENT, MASTER, LabTestCase, main
from scene import CAPS, audit_number, canary, connecting, master_host, master_service, start_pair
from waiting import ASKED_AGAIN, wait_for

# What the master has under the names of our catalog; of its own command lines nothing ever reaches us but the macros.
_MASTER_COMMANDS = """
object CheckCommand "lab-service" {
  command = [ "/nonexistent/of-the-master" ]
  arguments = { "--service" = "$service$", "--state" = "$lab_state$" }
}
object CheckCommand "lab-pair" {
  command = [ "/nonexistent/of-the-master" ]
  arguments = { "-a" = "$lab_a$", "-b" = "$lab_b$" }
}
for (name in [ "lab-service", "lab-pair", "lab-hold", "lab-gate", "lab-heal", "lab-secret", "lab-unknown" ]) {
  object EventCommand name {
    command = [ "/nonexistent/of-the-master" ]
    arguments = { "--service" = "$service$", "--state" = "$lab_state$", "--was" = "$service.state$", "-a" = "$lab_a$", "-b" = "$lab_b$" }
  }
}
object NotificationCommand "lab-notify" {
  command = [ "/nonexistent/of-the-master" ]
  arguments = { "--to" = "$user.name$", "--about" = "$host.name$", "--text" = "$lab_text$" }
}
object User "operator1" {
}
"""

# A host of our own zone: what is about a host of its own zone a 2.13 master refuses from us.
_OURS = """
object Host "ours" {
  check_command = "dummy"
  enable_active_checks = false
}
object Notification "told" {
  host_name = "ours"
  command = "lab-notify"
  users = [ "operator1" ]
  states = [ ]
}
"""


def _fifo(lab):
    """What lab_gate waits for."""
    path = lab.directory / "gate"
    os.mkfifo(path)
    lab.account.own(path)
    return str(path)


def _commands(lab):
    plugins = lab.directory / "plugins"
    marks = canary(lab, "handled")

    def touch(kind, mark):
        return {"kind": kind, "command": [f"{plugins}/lab_touch", str(canary(lab, mark))], "sandbox": {"write": [str(marks.parent)]}}

    return {
        "lab-service": {
            "kind": "action", "command": [f"{plugins}/lab_echo", "restart"],
            "arguments": {"--service": {"value": "$service$", "required": True}, "--state": "$lab_state$"},
            "parameters": {"service": {"enum": ["nginx", "redis"]}, "lab_state": {"type": "integer", "min": 0, "max": 255}},
        },
        "lab-pair": {
            "kind": "action", "command": [f"{plugins}/lab_echo"], "arguments": {"-a": "$lab_a$", "-b": "$lab_b$"},
            "parameters": {"lab_a": {"pattern": "[a-z0-9]+"}, "lab_b": {"pattern": "[a-z0-9]+"}},
            "tuples": [{"lab_a": "a1", "lab_b": "b1"}, {"lab_a": "a2", "lab_b": "b2"}],
        },
        "lab-hold": {"kind": "action", "command": [f"{plugins}/lab_wait", str(lab.directory)], "timeout": "10m"},
        "lab-gate": {"kind": "action", "command": [f"{plugins}/lab_gate", _fifo(lab)], "timeout": "10m"},
        "lab-heal": {**touch("event", "handled"), "parameters": {"service.state": {"enum": ["OK", "CRITICAL"]}}},
        "lab-secret": touch("action", "secret"),
        "lab-notify": {
            "kind": "notification", "command": [f"{plugins}/lab_echo"],
            "arguments": {"--about": "$host.name$", "--to": "$user.name$", "--text": "$lab_text$"},
            "parameters": {"user.name": {"pattern": "[a-z0-9]+"}, "host.name": {"pattern": "[a-z0-9]+"}, "lab_text": {"pattern": "[a-z ]+"}},
        },
    }


_GRANT = {**CAPS[MASTER]["grant"],
          "action": {"commands": ["lab-service", "lab-pair", "lab-plain", "lab-heal", "lab-notify", "lab-unknown", "restart-thing"]},
          "event": {"commands": ["lab-heal", "ring-bell"]}}


class ActionCase(LabTestCase):
    """A master and an agent with these commands; `grant` is what the master may do."""

    grant = _GRANT
    objects = ()

    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab, master_host("h"), *cls.objects, caps={MASTER: {"grant": cls.grant}}, start=False,
                                          catalog_more=_commands(lab),
                                          zones_d={"master/commands.conf": _MASTER_COMMANDS, f"{AGENT}/ours.conf": _OURS})
        with connecting(cls.master, cls.node):
            cls.node.start()
            cls.master.start()
        cls.rest = cls.master.rest
        # Without the capability of our Hello the master refuses by itself.
        wait_for(lambda: int(cls.rest.attrs("endpoints", AGENT)["capabilities"]) & 1, "our Hello at the master")

    def ask(self, kind, command, *, ttl=60, **body):
        """The execute-command action of the master's API; the id of the execution."""
        accepted = self.rest.action("execute-command", type="Host", filter='host.name=="ours"', endpoint=AGENT, ttl=ttl,
                                    command_type=kind, command=command, **body)
        return accepted[0]["execution"]

    def execution(self, identity):
        return (self.rest.host("ours")["executions"] or {}).get(identity)

    def over(self, identity):
        """The execution as the master has it, once it is over."""
        def look():
            found = self.execution(identity)
            return found if found and not found.get("pending") else None

        return wait_for(look, "the end of the execution", last=lambda: (self.rest.host("ours")["executions"], self.node.audit()[:3]))

    def executed(self, kind, command, **body):
        return self.over(self.ask(kind, command, **body))

    def recorded(self, **filters):
        """The one `executed` record of these."""
        record = self.node.wait_audit("the record of what ran", decision="executed", **filters)
        self.assertEqual((record["reason"], record["parent"], record["zone"], record["method"], record["count"]),
                         ("ok", MASTER, "master", "event::ExecuteCommand", 1))
        return record

    def refused(self, execution, text, reason, command, kind="EventCommand"):
        self.assertEqual(execution["exit"], 126, execution)
        self.assertRegex(execution["output"], f"^endpointd: {text} \\(audit \\d+\\)$")
        record = self.node.record(audit_number(execution["output"]))
        self.assertEqual((record["decision"], record["reason"], record["parent"]), ("denied", reason, MASTER))
        self.assertEqual((record["object_type"], record["object_name"]), (kind, command))
        self.assertIn("ours", record["detail"])
        return record


class ExecuteCommandAction(ActionCase):
    """The API's execute-command for each type of command, as the master's execution object shows it."""

    def test_an_action_asked_for_as_an_event_command(self):
        execution = self.executed("EventCommand", "lab-service", macros={"service": "redis", "lab_state": 3})
        self.assertEqual(execution["exit"], 3)
        self.assertIn('ARGS ["restart", "--service", "redis", "--state", "3"]', execution["output"])
        self.assertGreaterEqual(execution["end"], execution["start"])
        record = self.recorded(object_type="EventCommand", object_name="lab-service")
        self.assertRegex(record["detail"], r'^for ours: action exited, exit status 3, after \d+\.\d{3} s; parameters '
                                           r'\{"lab_state":3,"service":"redis"\}$')
        content = json.loads(self.node.record(record["id"])["content"])
        self.assertEqual(content["params"]["macros"]["service"], "redis")

    def test_an_action_asked_for_as_a_check_command(self):
        execution = self.executed("CheckCommand", "lab-service", macros={"service": "nginx"})
        self.assertEqual(execution["exit"], 0)
        self.assertIn('"--service", "nginx"', execution["output"])
        self.recorded(object_type="CheckCommand", object_name="lab-service")

    def test_a_check_command(self):
        execution = self.executed("CheckCommand", "lab-plain")
        self.assertEqual(execution["exit"], 0)
        self.assertIn(" | arguments=0;", execution["output"], "raw, not split")
        self.assertIn("check exited, exit status 0", self.recorded(object_type="CheckCommand", object_name="lab-plain")["detail"])

    def test_an_event_command(self):
        execution = self.executed("EventCommand", "lab-heal")
        self.assertEqual((execution["exit"], execution["output"]), (0, ""))
        self.assertTrue(canary(self.lab, "handled").exists())
        self.recorded(object_type="EventCommand", object_name="lab-heal")

    def test_a_notification_command(self):
        execution = self.executed("NotificationCommand", "lab-notify", user="operator1", notification="ours!told",
                                  macros={"lab_text": "come in"})
        self.assertEqual(execution["exit"], 0, execution)
        self.assertIn('"--text", "come in"', execution["output"])
        self.assertIn('"--to", "operator1"', execution["output"])
        self.recorded(object_type="NotificationCommand", object_name="lab-notify")

    def test_a_parameter_that_breaks_its_rule(self):
        execution = self.executed("EventCommand", "lab-service", macros={"service": "sshd"})
        record = self.refused(execution, "parameter 'service' refused: must be one of \"nginx\", \"redis\"", "argument-refused", "lab-service")
        self.assertNotIn("sshd", execution["output"])
        self.assertIn("sshd", record["content"], "the operator sees what was asked for")

    def test_a_combination_that_is_not_listed(self):
        execution = self.executed("EventCommand", "lab-pair", macros={"lab_a": "a1", "lab_b": "b2"})
        self.refused(execution, "parameters of 'lab-pair' refused: not a listed combination", "argument-refused", "lab-pair")
        self.assertEqual(self.executed("EventCommand", "lab-pair", macros={"lab_a": "a2", "lab_b": "b2"})["exit"], 0)

    def test_a_command_outside_the_grant(self):
        self.refused(self.executed("EventCommand", "lab-secret"), "command 'lab-secret' is not granted to master.example.org",
                     "capability-denied", "lab-secret")
        self.assertFalse(canary(self.lab, "secret").exists(), "it was run")

    def test_a_command_outside_the_catalog(self):
        self.refused(self.executed("EventCommand", "lab-unknown"), "command 'lab-unknown' is not in the local catalog",
                     "unknown-command", "lab-unknown")

    def test_the_masters_word_about_executions_is_no_offence(self):
        self.executed("CheckCommand", "lab-plain")
        self.assertEqual(self.node.audit(method="event::UpdateExecutions"), [])

    def test_the_operators_own_run_of_an_action_is_on_record(self):
        ran = self.node.ctl("catalog", "run", "lab-service", "--param", "service=nginx", json=True)
        self.assertEqual(ran["exit_status"], 0)
        record = self.node.wait_audit("the operator's run", decision="executed", object_name="lab-service", parent=None)
        self.assertRegex(record["detail"], r'^run by .+: action exited, exit status 0, after \d+\.\d{3} s; parameters '
                                           r'\{"service":"nginx"\}$')

    def test_a_dry_run_shows_the_command_line_and_runs_nothing(self):
        before = self.node.status()["runner"]["executed"]
        shown = self.node.ctl("catalog", "render", "lab-service", "--param", "service=redis", json=True)
        self.assertEqual(shown["argv"][1:], ["restart", "--service", "redis"])
        self.assertEqual(self.node.status()["runner"]["executed"], before)


class EventHandlers(ActionCase):
    """The master's handlers of services that go critical, run by us on their command_endpoint."""

    objects = (
        master_service("h", "healed", "dummy", vars_dummy_state=0, event_command="lab-heal"),
        master_service("h", "restarted", "dummy", vars_dummy_state=0, vars_service="redis", event_command="lab-service"),
        master_service("h", "wrong", "dummy", vars_dummy_state=0, vars_service="sshd", event_command="lab-service"),
        master_service("h", "denied", "dummy", vars_dummy_state=0, event_command="lab-secret"),
    )

    @classmethod
    def build(cls, lab):
        super().build(lab)
        # Only now: what a result that came earlier leads to may get lost while the connection is made.
        for name in ("healed", "restarted", "wrong", "denied"):
            cls.rest.modify("services", f"h!{name}", **{"vars.dummy_state": 2})

    def test_an_event_command_and_an_action_are_run_and_not_answered(self):
        record = self.recorded(object_name="lab-heal")
        self.assertRegex(record["detail"], r'^for h!healed: event exited, exit status 0, after .+ s; parameters '
                                           r'\{"service\.state":"CRITICAL"\}$')
        self.assertTrue(canary(self.lab, "handled").exists())
        record = self.recorded(object_name="lab-service")
        self.assertRegex(record["detail"], r'^for h!restarted: action exited, exit status 0, .+ parameters \{"service":"redis"\}$')
        for name in ("healed", "restarted"):
            result = self.rest.result(f"h!{name}", lambda got: got["state"] == 2)
            self.assertEqual((result["state"], result["output"]), (2, "Check was successful."), "the check's own, not the handler's")

    def test_a_parameter_that_breaks_its_rule_is_on_record(self):
        record = self.node.wait_audit("the refused handler", ASKED_AGAIN, object_name="lab-service", decision="denied")
        self.assertEqual(record["reason"], "argument-refused")
        self.assertIn("h!wrong", record["detail"])
        self.assertNotIn("sshd", record["detail"])
        self.rest.result("h!wrong", lambda got: got["state"] == 2)

    def test_an_action_that_is_not_granted_is_on_record(self):
        record = self.node.wait_audit("the denied handler", ASKED_AGAIN, object_name="lab-secret")
        self.assertEqual((record["decision"], record["reason"]), ("denied", "capability-denied"))
        self.assertFalse(canary(self.lab, "secret").exists(), "it was run")


class RatesAndDeadlines(ActionCase):
    grant = {"results": {}, "action": {"commands": ["lab-hold", "lab-service"], "max_concurrent": 1, "rate": "5/h"}}

    def test_deadlines_then_the_rate(self):
        """In one: the order is what makes it deterministic."""
        held = self.ask("EventCommand", "lab-hold", ttl=40)
        wait_for(lambda: self.node.status()["runner"]["running"] == 1, "the first to run")
        late = self.ask("EventCommand", "lab-service", ttl=20, macros={"service": "nginx"})
        patient = self.ask("EventCommand", "lab-service", ttl=300, macros={"service": "redis"})
        wait_for(lambda: self.node.status()["runner"]["queued"] == 2, "two behind max_concurrent")

        # Ended at its deadline, though the catalog would give it ten minutes.
        execution = self.over(held)
        self.assertEqual(execution["exit"], 128)
        self.assertIn("<Timeout exceeded.>", execution["output"])
        self.assertLess(execution["end"] - execution["start"], 60)
        self.assertIn("action timed out, exit status 128", self.recorded(object_name="lab-hold")["detail"])

        # What waited past its deadline never ran, and nobody is told; the next one did.
        self.assertEqual(self.over(patient)["exit"], 0)
        record = self.node.wait_audit("the stale request", reason="stale", object_name="lab-service")
        self.assertEqual(record["detail"], "for ours: its deadline passed while it waited")
        self.assertTrue(self.execution(late)["pending"])
        self.recorded(object_name="lab-service")

        for _ in range(2):
            self.assertEqual(self.executed("EventCommand", "lab-service", macros={"service": "nginx"})["exit"], 0)
        execution = self.executed("EventCommand", "lab-service", macros={"service": "nginx"})
        self.refused(execution, r"rate-limited: action for master\.example\.org, again in \d+ s", "rate-limited", "lab-service")
        grant = next(g for p in self.node.ctl("caps", "show", json=True)["parents"] for g in p["grants"] if g["capability"] == "action")
        self.assertEqual((grant["used"], grant["rate"]), (5, "5/h"))


class AnswersToActionsAreKept(ActionCase):
    """A parent that is away when the action ends gets the answer when it is back."""

    grant = {"action": {"commands": ["lab-gate"]}}

    def test_over_a_restart_of_the_master(self):
        held = self.ask("EventCommand", "lab-gate", ttl=600)
        wait_for(lambda: self.node.status()["runner"]["running"] == 1, "the action to run")
        self.master.stop()
        self.node.wait_connected(connected=False)
        with open(self.lab.directory / "gate", "w", encoding="ascii") as gate:
            gate.write("opened\n")
        self.recorded(object_name="lab-gate")
        self.assertGreaterEqual(self.node.parent()["queued"], 1)
        self.master.start()
        execution = self.over(held)
        self.assertEqual((execution["exit"], execution["output"]), (0, "GATE opened\n"))
        # The master has replayed nothing of it: it was acknowledged before it ran.
        self.assertEqual(self.node.status()["runner"]["running"], 0)
        self.assertEqual(len(self.node.audit(object_name="lab-gate")), 1)


if __name__ == "__main__":
    main()
