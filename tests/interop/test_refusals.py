#!/usr/bin/python3
"""What a real master gets for every kind of refused command, and what the audit holds of it."""

import re
import time

from lab import AGENT, MASTER, LabTestCase, main
from scene import CAPS, EXECUTE, audit_number, canary, master_host, master_service, start_pair
from waiting import ASKED_AGAIN, wait_for

_UNKNOWN = 3


class RefusedChecks(LabTestCase):
    @classmethod
    def build(cls, lab):
        objects = [
            master_host("h", "lab-no-such"),
            master_service("h", "no-such", "lab-absent"),
            master_service("h", "not-granted", "lab-not-granted"),
            master_service("h", "bad-text", "lab-args", vars_lab_text="-option-like-secret"),
            master_service("h", "bad-list", "lab-args", vars_lab_list=["ok", "NOT ok"]),
            master_service("h", "bad-number", "lab-args", vars_lab_state=7),
            master_service("h", "bad-enum", "lab-args", vars_lab_eq="three"),
            master_service("h", "tuple-good", "lab-tuples", vars_lab_a="a1", vars_lab_b="b1"),
            master_service("h", "tuple-bad", "lab-tuples", vars_lab_a="a1", vars_lab_b="b2"),
            master_service("h", "missing", "lab-required"),
            master_service("h", "loose", "lab-loose"),
            master_service("h", "pinned", "lab-pinned"),
            master_service("h", "good", "lab-plain"),
        ]
        loose = lab.directory / "plugins" / "lab_loose"
        cls.master, cls.node = start_pair(lab, *objects, start=False,
                                          catalog_more={"lab-loose": {"kind": "check", "command": [str(loose)]}})
        loose.write_text("#!/bin/sh\necho run\n")
        loose.chmod(0o777)
        lab.account.own(loose)
        cls.node.start()
        cls.master.start()
        cls.node.wait_connected()

    def refused(self, name, text, reason, command, kind="CheckCommand"):
        """The output is `text` with the number of a record that says so, once, with a count."""
        result = self.master.rest.result(name, lambda got: True)
        self.assertEqual((result["state"], result["check_source"]), (_UNKNOWN, AGENT))
        self.assertRegex(result["output"], f"^endpointd: {text} \\(audit \\d+\\)$")
        record = self.node.record(audit_number(result["output"]))
        self.assertEqual((record["decision"], record["reason"]), ("denied", reason))
        self.assertEqual((record["parent"], record["zone"], record["method"]), (MASTER, "master", "event::ExecuteCommand"))
        self.assertEqual((record["object_type"], record["object_name"]), (kind, command))
        self.assertIsNone(record["file"])
        for part in name.split("!"):
            self.assertIn(part, record["detail"])
        listed = [each for each in self.node.audit(object_name=command, reason=reason) if each["id"] == record["id"]]
        self.assertEqual(len(listed), 1, "the record is in the list")
        self.master.rest.recheck("Service" if "!" in name else "Host", name)
        wait_for(lambda: self.node.record(record["id"])["count"] > record["count"], "a repeat to raise the count")
        return record

    def test_a_command_that_is_not_in_the_catalog(self):
        self.refused("h!no-such", "command 'lab-absent' is not in the local catalog", "unknown-command", "lab-absent")

    def test_a_host_check_command_outside_the_grant_and_the_catalog(self):
        self.refused("h", "command 'lab-no-such' is not granted to master.example.org", "capability-denied", "lab-no-such")

    def test_a_command_outside_the_grant(self):
        self.refused("h!not-granted", "command 'lab-not-granted' is not granted to master.example.org", "capability-denied",
                     "lab-not-granted")
        self.assertFalse(canary(self.lab, "not-granted").exists(), "it was run")

    def test_a_text_outside_its_pattern_and_its_value_is_not_echoed(self):
        record = self.refused("h!bad-text", "parameter 'lab_text' refused: .+", "argument-refused", "lab-args")
        output = self.master.rest.result("h!bad-text", lambda got: True)["output"]
        self.assertNotIn("secret", output)
        self.assertIn("lab_text", record["detail"])

    def test_an_element_of_an_array_outside_its_pattern(self):
        self.refused("h!bad-list", "parameter 'lab_list' refused: .+", "argument-refused", "lab-args")

    def test_a_number_outside_its_bounds(self):
        self.refused("h!bad-number", "parameter 'lab_state' refused: .+", "argument-refused", "lab-args")

    def test_a_word_outside_its_list(self):
        self.refused("h!bad-enum", "parameter 'lab_eq' refused: .+", "argument-refused", "lab-args")

    def test_a_combination_that_is_not_listed(self):
        self.refused("h!tuple-bad", "parameters of 'lab-tuples' refused: not a listed combination", "argument-refused", "lab-tuples")
        self.assertEqual(self.master.rest.result("h!tuple-good", lambda got: True)["state"], 0)

    def test_a_missing_required_parameter_is_no_matter_for_the_audit(self):
        result = self.master.rest.result("h!missing", lambda got: True)
        self.assertEqual((result["state"], result["output"]),
                         (_UNKNOWN, "endpointd: parameter 'lab_needed' is missing: argument '-c' of 'lab-required' requires it"))
        self.assertEqual(self.node.audit(object_name="lab-required"), [])

    def test_a_loosely_owned_plugin(self):
        self.refused("h!loose", "plugin of 'lab-loose' refused: .+", "plugin-changed", "lab-loose")

    def test_a_plugin_that_differs_from_its_pin(self):
        self.refused("h!pinned", "plugin of 'lab-pinned' refused: .+", "plugin-changed", "lab-pinned")

    def test_all_that_does_not_disturb_the_others(self):
        now = time.time()
        self.assertEqual(self.master.rest.result("h!good", lambda got: True, since=now)["state"], 0)

    def test_the_chain_holds_after_repeats(self):
        self.refused("h!no-such", "command 'lab-absent' is not in the local catalog", "unknown-command", "lab-absent")
        verdict = self.node.ctl("audit", "verify", json=True)
        self.assertTrue(verdict["ok"], verdict)


class RateLimited(LabTestCase):
    @classmethod
    def build(cls, lab):
        caps = {MASTER: {"grant": {"execute": {**EXECUTE, "rate": "3/h"}}}}
        cls.master, cls.node = start_pair(lab, master_host("h", "lab-plain"), caps=caps)

    def test_more_than_the_rate(self):
        result = self.master.rest.result("h", lambda got: got["state"] == _UNKNOWN)
        found = re.fullmatch(r"endpointd: rate-limited: execute for master\.example\.org, again in (\d+) s \(audit (\d+)\)",
                             result["output"])
        self.assertTrue(found, result["output"])
        # Three an hour: one every 20 minutes.
        self.assertTrue(0 < int(found.group(1)) <= 1200, found.group(0))
        record = self.node.record(int(found.group(2)))
        self.assertEqual((record["decision"], record["reason"]), ("denied", "rate-limited"))
        grant = next(g for p in self.node.ctl("caps", "show", json=True)["parents"] for g in p["grants"] if g["capability"] == "execute")
        self.assertEqual((grant["used"], grant["rate"]), (3, "3/h"))
        self.assertGreater(grant["denied"], 0)


class NothingGranted(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab, master_host("h", "lab-plain"), caps={"zone:elsewhere": {"grant": ["results"]}})

    def test_a_parent_without_grants_is_connected_and_refused(self):
        result = self.master.rest.result("h", lambda got: True)
        self.assertEqual(result["state"], _UNKNOWN)
        self.assertRegex(result["output"], r"^endpointd: command 'lab-plain' is not granted to master\.example\.org \(audit \d+\)$")
        self.assertEqual(self.node.record(audit_number(result["output"]))["reason"], "capability-denied")


class ActionsAndEvents(LabTestCase):
    """The execute-command action on a host of our own zone (for others the master throws the answer away), and event handlers."""

    @classmethod
    def build(cls, lab):
        ours = 'object Host "ours" {\n  check_command = "dummy"\n  enable_active_checks = false\n}\n'
        with_handler = master_service("h", "handled", "dummy", vars_dummy_state=0, event_command="heal-thing")
        cls.master, cls.node = start_pair(lab, master_host("h"), with_handler, zones_d={f"{AGENT}/ours.conf": ours})
        wait_for(lambda: int(cls.master.rest.attrs("endpoints", AGENT)["capabilities"]) & 1, "our Hello at the master")
        # Only now: what a result that came earlier leads to may get lost while the connection is made.
        cls.master.rest.modify("services", "h!handled", **{"vars.dummy_state": 2})

    def executed(self, **body):
        """The execution as it stands in the master once it is over."""
        accepted = self.master.rest.action("execute-command", type="Host", filter='host.name=="ours"', endpoint=AGENT, ttl=60, **body)
        execution = accepted[0]["execution"]

        def over():
            found = (self.master.rest.host("ours")["executions"] or {}).get(execution)
            return found if found and not found.get("pending") else None

        return wait_for(over, "the end of the execution", last=lambda: self.master.rest.host("ours")["executions"])

    def refused_execution(self, kind, command):
        execution = self.executed(command_type=kind, command=command)
        self.assertEqual(execution["exit"], 126)
        self.assertRegex(execution["output"], f"^endpointd: command '{command}' is not granted to master\\.example\\.org \\(audit \\d+\\)$")
        record = self.node.record(audit_number(execution["output"]))
        self.assertEqual((record["decision"], record["reason"], record["method"]), ("denied", "capability-denied", "event::ExecuteCommand"))
        self.assertEqual((record["object_type"], record["object_name"]), (kind, command))

    def test_an_action_is_refused_with_126(self):
        self.refused_execution("EventCommand", "restart-thing")
        self.assertFalse(canary(self.lab, "action").exists(), "it was run")

    def test_a_granted_check_as_an_action_needs_the_capability_action(self):
        self.refused_execution("CheckCommand", "lab-plain")

    def test_an_event_handler_is_refused_without_an_answer(self):
        record = self.node.wait_audit("the refused event command", ASKED_AGAIN, object_type="EventCommand", object_name="heal-thing")
        self.assertEqual((record["decision"], record["reason"], record["parent"]), ("denied", "capability-denied", MASTER))
        self.assertFalse(canary(self.lab, "event").exists(), "it was run")
        self.master.rest.result("h!handled", lambda got: got["state"] == 2, "the check itself, which goes on,")

    def test_a_recheck_and_a_pause_of_an_object_in_our_zone_have_no_effect(self):
        self.master.rest.recheck("Host", "ours")
        record = self.node.wait_audit("the refused recheck", method="event::SetNextCheck")
        self.assertEqual((record["decision"], record["reason"]), ("denied", "capability-denied"))
        self.master.rest.request("POST", "/v1/objects/hosts/ours", {"attrs": {"enable_notifications": False}})
        record = self.node.wait_audit("the refused pause", method="config::UpdateObject")
        self.assertEqual((record["decision"], record["reason"], record["object_name"]), ("denied", "capability-denied", "ours"))


class AnswersWithoutResults(LabTestCase):
    """The answer to a parent's own command belongs to `execute`, with the fields of `redact` left out."""

    @classmethod
    def build(cls, lab):
        caps = {MASTER: {"grant": {"execute": {**CAPS[MASTER]["grant"]["execute"], "redact": ["command", "performance_data"]}}}}
        cls.master, cls.node = start_pair(lab, master_host("h", "lab-plain"), caps=caps)

    def test_redacted_fields_do_not_arrive(self):
        result = self.master.rest.result("h", lambda got: True)
        self.assertEqual(result["state"], 0)
        self.assertIn("ARGS []", result["output"])
        self.assertFalse(result["command"])
        self.assertFalse(result["performance_data"])


if __name__ == "__main__":
    main()
