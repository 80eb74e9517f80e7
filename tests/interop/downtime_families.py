"""What the comparison of downtimes with the real Icinga 2 is made of: hosts and services by families, and our scheduler."""

import json
import os
import pathlib
import subprocess

_DUMP = pathlib.Path(os.environ.get("ENDPOINTD_SCHEDULE_DUMP",
                                    pathlib.Path(__file__).resolve().parents[2] / "build/asan/bin/schedule_dump"))


class Ours:
    """Our scheduler."""

    def __init__(self):
        self.child = subprocess.Popen([_DUMP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, now, **what):
        self.child.stdin.write(json.dumps({"now": now, **what}) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


class Checkable:
    """A host, or a service of one. What is `checked` is checked by Icinga when it is asked to; results of the others are submitted."""

    def __init__(self, name, generator, checked=False):
        self.name, self.checked = name, checked
        self.host, _, self.service = name.partition("!")
        self.kind = "Service" if self.service else "Host"
        self.state, self.last_end = 0, 0.0
        # The intervals are beyond the time of a test, and none is near the other.
        self.settings = {"volatile": generator.random() < 0.2, "max_check_attempts": generator.choice([1, 2, 3]),
                         "check_interval": generator.choice([600, 1200]), "retry_interval": generator.choice([150, 300])}

    def ours(self):
        return {"name": self.name, "host": self.host if self.service else "", **self.settings}

    def config(self):
        own = "".join(f"  {key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        head = f'object Service "{self.service}" {{\n  host_name = "{self.host}"\n' if self.service else f'object Host "{self.host}" {{\n'
        return head + f'  check_command = "dummy"\n  enable_active_checks = false\n  enable_flapping = false\n{own}}}\n'

    def where(self):
        return {"type": self.kind, "filter": f'{self.kind.lower()}.__name=="{self.name}"'}


class Family:
    """A host, its service, and a host that depends on it: what triggers what stays within it."""

    def __init__(self, number, generator):
        self.members = [Checkable(name, generator) for name in (f"f{number}", f"f{number}!s", f"g{number}")]
        self.downtimes = []  # names
        self.unsure = False

    def config(self):
        parent, _, child = self.members
        return "".join(one.config() for one in self.members) + (
            f'object Dependency "d" {{\n  parent_host_name = "{parent.host}"\n  child_host_name = "{child.host}"\n'
            '  disable_checks = false\n}\n')
