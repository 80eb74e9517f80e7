#!/usr/bin/python3
"""Sequences of results that nobody wrote, given to the real Icinga 2 and to our state machine: the same states, soft or
hard, the same attempts, acknowledgements and flapping after each."""

import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from lab import Lab

_SEED = int(os.environ.get("STATE_SEED", "1"))
_OBJECTS = int(os.environ.get("STATE_OBJECTS", "36"))
_ROUNDS = int(os.environ.get("STATE_ROUNDS", "30"))
_STATES = ["OK", "Warning", "Critical", "Unknown"]
_DUMP = pathlib.Path(os.environ.get("ENDPOINTD_STATE_DUMP",
                                    pathlib.Path(__file__).resolve().parents[2] / "build/asan/bin/state_dump"))


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
        # How steady it is: some change with every result, some hardly ever.
        self.restless = generator.choice([0.1, 0.4, 0.9])
        self.state = generator.randrange(4)
        self.acknowledged = self.problem = False
        self.child = subprocess.Popen([_DUMP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say(self.settings)

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
        if self.is_host:
            return f'object Host "{self.host}" {{{body}}}\n'
        return (f'object Host "{self.host}" {{ check_command = "dummy"\n enable_active_checks = false }}\n'
                f'object Service "s" {{\n  host_name = "{self.host}"{body}}}\n')


class StateMachine(unittest.TestCase):
    def test_generated_results_lead_to_the_states_they_lead_to_upstream(self):
        generator = random.Random(_SEED)
        subjects = [Subject(number, generator) for number in range(_OBJECTS)]
        for subject in subjects:
            self.addCleanup(subject.close)
        with Lab() as lab:
            master = lab.master(extra="".join(subject.config() for subject in subjects))
            master.start()
            clock = master.program_start()
            for turn in range(_ROUNDS):
                clock += 0.01
                ours = {subject.name: self._turn(master, subject, generator, clock, turn) for subject in subjects}
                self._compare(master, subjects, ours, turn)

    def _turn(self, master, subject, generator, clock, turn):
        kind = "Host" if subject.is_host else "Service"
        where = {"type": kind, "filter": f'{kind.lower()}.__name=="{subject.name}"'}
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
        master.rest.action("process-check-result", **where, exit_status=status, plugin_output="x", **result)
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
            with self.subTest(name=subject.name, turn=turn, settings=subject.settings):
                for key, value in view.items():
                    self.assertAlmostEqual(float(there[key]), float(value), 4, f"{key} of {subject.name} after turn {turn}")
                self.assertEqual(known["previous_hard_state"], here["previous_hard_state"])


if __name__ == "__main__":
    unittest.main()
