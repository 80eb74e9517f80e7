#!/usr/bin/python3
"""Sequences of results that nobody wrote, given to the real Icinga 2 and to our state machine: the same states, soft or
hard, the same attempts, acknowledgements and flapping after each, and the same calls of event handlers."""

import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from lab import Lab
from waiting import wait_for

_SEED = int(os.environ.get("STATE_SEED", "1"))
_OBJECTS = int(os.environ.get("STATE_OBJECTS", "36"))
_ROUNDS = int(os.environ.get("STATE_ROUNDS", "30"))
_STATES = ["OK", "Warning", "Critical", "Unknown"]
_DUMP = pathlib.Path(os.environ.get("ENDPOINTD_STATE_DUMP",
                                    pathlib.Path(__file__).resolve().parents[2] / "build/asan/bin/state_dump"))

# What a handler is told of its object: the text of the result it was called after comes first.
_TOLD = ["output", "state_id", "state_type", "check_attempt", "last_state_id", "last_state_type"]
_CLOSED = """
object Host "gate" {
  check_command = "dummy"
  enable_active_checks = false
  max_check_attempts = 1
}
"""


class Subject:
    """A host or service: its settings, and our state machine beside Icinga's."""

    def __init__(self, number, generator):
        self.is_host = number % 3 == 0
        self.host = f"h{number}"
        self.name = self.host if self.is_host else f"{self.host}!s"
        low = generator.choice([10, 25, 40])
        self.settings = {
            "is_host": self.is_host, "volatile": generator.random() < 0.25, "enable_flapping": generator.random() < 0.6,
            "max_check_attempts": generator.choice([1, 2, 3, 3, 5]), "check_interval": generator.choice([60, 300]),
            "retry_interval": generator.choice([15, 30]), "flapping_low": low, "flapping_high": low + generator.choice([5, 20]),
            "flapping_ignored": 0 if self.is_host else generator.choice([0, 0, 2, 8, 12]),
        }
        self.enabled = generator.random() < 0.85
        self.settings["event_handler"] = self.enabled
        # None of it keeps a handler from being called.
        self.in_downtime, self.unreachable = generator.random() < 0.3, generator.random() < 0.3
        # How steady it is: some change with every result, some hardly ever.
        self.restless = generator.choice([0.1, 0.4, 0.9])
        self.state = generator.randrange(4)
        self.acknowledged = self.problem = False
        self.child = subprocess.Popen([_DUMP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say(self.settings)

    def where(self):
        kind = "Host" if self.is_host else "Service"
        return {"type": kind, "filter": f'{kind.lower()}.__name=="{self.name}"'}

    def _say(self, what):
        self.child.stdin.write(json.dumps(what) + "\n")
        self.child.stdin.flush()

    def event(self, what):
        self._say(what)
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()

    def config(self):
        own = self.settings
        ignored = [name for bit, name in enumerate(_STATES) if own["flapping_ignored"] >> bit & 1]
        body = f"""
  check_command = "dummy"
  event_command = "{"host" if self.is_host else "service"}-handler"
  enable_event_handler = {str(self.enabled).lower()}
  enable_active_checks = false
  volatile = {str(own["volatile"]).lower()}
  enable_flapping = {str(own["enable_flapping"]).lower()}
  max_check_attempts = {own["max_check_attempts"]}
  check_interval = {own["check_interval"]}
  retry_interval = {own["retry_interval"]}
  flapping_threshold_low = {own["flapping_low"]}
  flapping_threshold_high = {own["flapping_high"]}
  flapping_ignore_states = [ {", ".join(ignored)} ]
"""
        behind = ""
        if self.unreachable:
            child = "" if self.is_host else '  child_service_name = "s"\n'
            behind = f'object Dependency "gate" {{\n  parent_host_name = "gate"\n  child_host_name = "{self.host}"\n{child}}}\n'
        if self.is_host:
            return f'object Host "{self.host}" {{{body}}}\n{behind}'
        return (f'object Host "{self.host}" {{ check_command = "dummy"\n enable_active_checks = false }}\n'
                f'object Service "s" {{\n  host_name = "{self.host}"{body}}}\n{behind}')

    def told(self, after, turn):
        """The line of a handler that is called after this."""
        def number(raw):
            return int(raw > 1) if self.is_host else raw

        types = ["SOFT", "HARD"]
        return " ".join(map(str, [self.name, f"turn-{turn}", number(after["state_raw"]), types[after["state_type"]],
                                  int(after["check_attempt"]), number(after["last_state_raw"]), types[after["last_state_type"]]]))


class Handlers:
    """Event handlers of the master: each writes a file of its own."""

    def __init__(self, lab):
        self.directory = lab.directory / "handled"
        self.directory.mkdir()
        lab.account.own(self.directory)
        self.plugin = lab.directory / "handler"
        self.plugin.write_text(f'#!/bin/sh\nset -e\necho "$*" > "$(mktemp {self.directory}/new.XXXXXXXXXX)"\n')
        self.plugin.chmod(0o755)

    def config(self):
        text = ""
        for kind, name in (("host", "$host.name$"), ("service", "$host.name$!$service.name$")):
            told = ", ".join(f'"${kind}.{field}$"' for field in _TOLD)
            text += f'object EventCommand "{kind}-handler" {{\n  command = [ "{self.plugin}", "{name}", {told} ]\n}}\n'
        return text

    def lines(self):
        """What was written so far, sorted: they run side by side."""
        return sorted(line for file in self.directory.iterdir() for line in file.read_text().splitlines())


class StateMachine(unittest.TestCase):
    def test_generated_results_lead_to_the_states_they_lead_to_upstream(self):
        generator = random.Random(_SEED)
        subjects = [Subject(number, generator) for number in range(_OBJECTS)]
        for subject in subjects:
            self.addCleanup(subject.close)
        with Lab() as lab:
            handlers, expected = Handlers(lab), []
            master = lab.master(extra=_CLOSED + handlers.config() + "".join(subject.config() for subject in subjects))
            master.start()
            clock = master.program_start()
            self._prepare(master, subjects, clock)
            for turn in range(_ROUNDS):
                clock += 0.01
                ours = {subject.name: self._turn(master, subject, generator, clock, turn) for subject in subjects}
                expected += [subject.told(ours[subject.name], turn) for subject in subjects if ours[subject.name]["handled"]]
                self._compare(master, subjects, ours, turn)
            wait_for(lambda: len(handlers.lines()) >= len(expected), "the event handlers",
                     last=lambda: set(expected).symmetric_difference(handlers.lines()))
            self.assertEqual(handlers.lines(), sorted(expected))
            self.assertGreater(len(expected), _OBJECTS)

    def _prepare(self, master, subjects, now):
        """Downtimes, and objects that cannot be reached."""
        master.rest.action("process-check-result", type="Host", filter='host.name=="gate"', exit_status=1, plugin_output="shut")
        for subject in subjects:
            where = subject.where()
            if subject.in_downtime:
                master.rest.action("schedule-downtime", **where, author="a", comment="c", start_time=now - 60, end_time=now + 86400)
        down = [subject for subject in subjects if subject.in_downtime]
        wait_for(lambda: all(self._attrs(master, subject)["downtime_depth"] for subject in down), "the downtimes")

    def _attrs(self, master, subject):
        return (master.rest.host if subject.is_host else master.rest.service)(subject.name)

    def _turn(self, master, subject, generator, clock, turn):
        where = subject.where()
        if subject.problem and not subject.acknowledged and generator.random() < 0.15:
            sticky = generator.random() < 0.5
            master.rest.action("acknowledge-problem", **where, author="a", comment="c", sticky=sticky, notify=False)
            subject.event({"acknowledge": 2 if sticky else 1})
        if generator.random() < subject.restless:
            subject.state = generator.randrange(4)
        # Now and then one that is older than the last one.
        start = clock - (5 if turn > 1 and generator.random() < 0.05 else 0)
        result = {"execution_start": start, "execution_end": start + 0.005}
        status = subject.state
        if subject.is_host:
            # The API takes UP and DOWN of a host.
            status = 0 if subject.state < 2 else 1
        master.rest.action("process-check-result", **where, exit_status=status, plugin_output=f"turn-{turn}", **result)
        after = subject.event({"state": status * 2 if subject.is_host else status, "now": clock, **result})
        subject.acknowledged, subject.problem = after["acknowledgement"], after["state_raw"] > 0
        return after

    def _compare(self, master, subjects, ours, turn):
        theirs = {}
        for kind in ("hosts", "services"):
            for found in master.rest.get(f"/v1/objects/{kind}")["results"]:
                theirs[found["name"]] = found["attrs"]
        for subject in subjects:
            there, here = theirs[subject.name], ours[subject.name]
            known = there["last_check_result"]

            def state(raw):
                return raw if not subject.is_host else int(raw > 1)

            view = {
                "state": state(here["state_raw"]), "state_type": here["state_type"], "check_attempt": here["check_attempt"],
                "last_state": state(here["last_state_raw"]), "last_state_type": here["last_state_type"],
                "last_hard_state": state(here["last_hard_state_raw"]), "last_state_change": here["last_state_change"],
                "last_hard_state_change": here["last_hard_state_change"], "flapping": here["flapping"],
                "flapping_current": here["flapping_current"], "acknowledgement": here["acknowledgement"],
            }
            self.assertEqual(bool(there["last_reachable"]), not subject.unreachable, subject.name)
            with self.subTest(name=subject.name, turn=turn, settings=subject.settings):
                for key, value in view.items():
                    self.assertAlmostEqual(float(there[key]), float(value), 4, f"{key} of {subject.name} after turn {turn}")
                self.assertEqual(known["previous_hard_state"], here["previous_hard_state"])


if __name__ == "__main__":
    unittest.main()
