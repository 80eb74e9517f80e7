#!/usr/bin/python3
"""Dependencies that nobody wrote, and results for what hangs on them, given to the real Icinga 2 and to our side: the same hosts
and services are reachable after each, and the same ones are not checked any more."""

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

_SEED = int(os.environ.get("REACHABILITY_SEED", "1"))
_HOSTS = int(os.environ.get("REACHABILITY_HOSTS", "14"))
_RESULTS = int(os.environ.get("REACHABILITY_RESULTS", "400"))
_DUMP = pathlib.Path(os.environ.get("ENDPOINTD_REACHABILITY_DUMP",
                                    pathlib.Path(__file__).resolve().parents[2] / "build/asan/bin/reachability_dump"))
_SERVICE_STATES = {"OK": 1, "Warning": 2, "Critical": 4, "Unknown": 8}
_HOST_STATES = {"Up": 16, "Down": 32}
_PERIODS = {"always": True, "never": False}
_WEEK = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
_PERIODS_CONF = ('object TimePeriod "never" { ranges = { } }\nobject TimePeriod "always" { ranges = { '
                 + ", ".join(f'"{day}" = "00:00-24:00"' for day in _WEEK) + " } }\n")


class Ours:
    """Our state machine and reachability over hosts, services and their dependencies."""

    def __init__(self, nodes, dependencies):
        self.child = subprocess.Popen([_DUMP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say({"nodes": nodes, "dependencies": dependencies, "periods": _PERIODS})

    def _say(self, what):
        self.child.stdin.write(json.dumps(what) + "\n")
        self.child.stdin.flush()

    def ask(self, what):
        self._say(what)
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


class Scene:
    """Hosts, each with a service, and dependencies among all of them that lead in no circle. Those of one child are on the
    same parent and, on our side, in one redundancy group: for Icinga 2.13, which has no such groups, one that holds is always
    enough."""

    def __init__(self, generator):
        self.nodes = [{"max_check_attempts": generator.choice([1, 1, 2, 3])} for _ in range(_HOSTS)]
        self.nodes += [{"max_check_attempts": generator.choice([1, 1, 2, 3]), "host": number} for number in range(_HOSTS)]
        order = list(range(2 * _HOSTS))
        generator.shuffle(order)
        self.dependencies = []
        for place, child in enumerate(order):
            for parent in generator.sample(order[:place], min(place, 1)):
                for _ in range(generator.choice([0, 1, 1, 1, 2])):
                    self.dependencies.append(self._dependency(generator, parent, child))

    def _dependency(self, generator, parent, child):
        names = _HOST_STATES if parent < _HOSTS else _SERVICE_STATES
        usual = ["Up"] if parent < _HOSTS else ["OK", "Warning"]
        made = {"parent": parent, "child": child, "redundancy_group": "g", "ignore_soft_states": generator.random() < 0.7,
                "disable_checks": generator.random() < 0.5, "disable_notifications": generator.random() < 0.5}
        # None: upstream's default, which both sides have to know.
        made["listed"] = None if generator.random() < 0.5 else generator.sample(sorted(names), generator.randint(1, len(names) - 1))
        made["states"] = sum(names[name] for name in made["listed"] or usual)
        if generator.random() < 0.3:
            made["period"] = generator.choice(sorted(_PERIODS))
        return made

    def config(self):
        text = _PERIODS_CONF
        for number, node in enumerate(self.nodes):
            body = (f'check_command = "dummy"\n enable_active_checks = false\n enable_flapping = false\n'
                    f' max_check_attempts = {node["max_check_attempts"]}')
            if "host" in node:
                text += f'object Service "s" {{ host_name = "h{node["host"]}"\n {body} }}\n'
            else:
                text += f'object Host "h{number}" {{ {body} }}\n'
        for number, dependency in enumerate(self.dependencies):
            lines = []
            for role in ("parent", "child"):
                lines.append(f'{role}_host_name = "h{dependency[role] % _HOSTS}"')
                if dependency[role] >= _HOSTS:
                    lines.append(f'{role}_service_name = "s"')
            for key in ("ignore_soft_states", "disable_checks", "disable_notifications"):
                lines.append(f"{key} = {str(dependency[key]).lower()}")
            if dependency["listed"]:
                lines.append(f'states = [ {", ".join(dependency["listed"])} ]')
            if "period" in dependency:
                lines.append(f'period = "{dependency["period"]}"')
            text += f'object Dependency "d{number}" {{ ' + "\n ".join(lines) + " }\n"
        return text


class Reachability(unittest.TestCase):
    def _ours(self, nodes, dependencies):
        ours = Ours(nodes, dependencies)
        self.addCleanup(ours.close)
        return ours

    def test_generated_dependencies_leave_reachable_what_they_leave_reachable_upstream(self):
        generator = random.Random(_SEED)
        scene = Scene(generator)
        ours = self._ours(scene.nodes, [{key: value for key, value in dependency.items() if key != "listed"}
                                        for dependency in scene.dependencies])
        unreachable = unchecked = 0
        with Lab() as lab:
            master = lab.master(extra=scene.config())
            master.start()
            clock = master.program_start()
            for turn in range(_RESULTS):
                clock += 0.001
                number = generator.randrange(len(scene.nodes))
                kind, name = ("Host", f"h{number}") if number < _HOSTS else ("Service", f"h{number - _HOSTS}!s")
                # The API takes UP and DOWN of a host.
                status = int(generator.random() < 0.4) if kind == "Host" else generator.choice([0, 0, 0, 1, 2, 2, 3])
                times = {"execution_start": clock, "execution_end": clock}
                may_be_checked = ours.ask({"number": number})
                said = master.rest.action("process-check-result", type=kind, filter=f'{kind.lower()}.__name=="{name}"', exit_status=status,
                                          plugin_output="x", **times)
                with self.subTest(turn=turn, name=name):
                    # Nor does upstream take a passive result for what is not to be checked.
                    self.assertEqual(not said[0]["status"].startswith("Ignoring"), may_be_checked, said)
                    if not may_be_checked:
                        unchecked += 1
                        continue
                    here = ours.ask({"number": number, "state": status * 2 if kind == "Host" else status, "now": clock, **times})
                    there = master.rest.attrs(kind.lower() + "s", name)
                    self.assertEqual(there["last_reachable"], here)
                    unreachable += not here
        # Otherwise nothing was compared.
        self.assertGreater(unreachable, _RESULTS // 20)
        self.assertGreater(unchecked, _RESULTS // 20)
        self.assertLess(unreachable + unchecked, _RESULTS * 3 // 4)

    def test_checks_stop_where_a_dependency_disables_them(self):
        node = {"max_check_attempts": 1}
        # 1 and 2 hang on 0, which is DOWN; only one of them is not to be checked then. 3 is a service of 0, 4 hangs on 1.
        nodes = [node, node, node, {"host": 0, **node}, node]
        dependencies = [{"parent": 0, "child": 1, "disable_checks": True}, {"parent": 0, "child": 2}, {"parent": 1, "child": 4}]
        ours = self._ours(nodes, [{"states": 16, "ignore_soft_states": True, **dependency} for dependency in dependencies])
        body = 'check_command = "dummy"\n check_interval = 0.2\n retry_interval = 0.2\n max_check_attempts = 1'
        extra = 'object Host "h0" { check_command = "dummy"\n enable_active_checks = false\n max_check_attempts = 1 }\n'
        extra += "".join(f'object Host "h{number}" {{ {body} }}\n' for number in (1, 2, 4))
        extra += f'object Service "s" {{ host_name = "h0"\n {body} }}\n'
        for number, dependency in enumerate(dependencies):
            checks = str(dependency.get("disable_checks", False)).lower()
            extra += (f'object Dependency "d{number}" {{ parent_host_name = "h{dependency["parent"]}"\n'
                      f' child_host_name = "h{dependency["child"]}"\n disable_checks = {checks} }}\n')
        with Lab() as lab:
            master = lab.master(extra=extra)
            master.start()

            def last_checks():
                found = {entry["name"]: entry["attrs"]["last_check"] for kind in ("hosts", "services")
                         for entry in master.rest.get(f"/v1/objects/{kind}")["results"]}
                return [found[name] for name in ("h1", "h2", "h0!s", "h4")]

            wait_for(lambda: min(last_checks()) > 0, "a check of everything that is checked")
            master.rest.action("process-check-result", type="Host", filter='host.name=="h0"', exit_status=1, plugin_output="x")
            ours.ask({"number": 0, "state": 2, "execution_start": 1, "execution_end": 1, "now": 1})
            # A check that had begun before may end after the result; one of the others some seconds later has begun behind it.
            settled = last_checks()
            wait_for(lambda: last_checks()[1] > settled[1] + 5, "later checks")
            before = last_checks()
            wait_for(lambda: last_checks()[1] > before[1] + 1, "still later ones")
            after = last_checks()
            moved = [later > earlier for earlier, later in zip(before, after)]
            self.assertEqual(moved, [ours.ask({"number": number}) for number in (1, 2, 3, 4)])
            self.assertEqual(moved, [False, True, True, False])


if __name__ == "__main__":
    unittest.main()
