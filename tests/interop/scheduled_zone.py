"""Hosts and services that are checked where they are: their configuration, the commands behind them, and a record of
every result that a master took, in its order."""

import re

from lab import AGENT

# Where the test says how `lab-sequence` ends, and where that counts its runs.
_SEQUENCES = "sequences"

_COMMAND = """
object CheckCommand "lab-sequence" {{
  command = {command}
  arguments = {{ "name" = {{ value = "$seq_name$", skip_key = true }} }}
}}
"""

FAST = """
template Host "fast-host" {
  check_command = "dummy"
  check_interval = 1s
  retry_interval = 1s
  max_check_attempts = 3
  vars.dummy_text = "the host " + name
}
template Service "fast" {
  check_interval = 1s
  retry_interval = 1s
  max_check_attempts = 3
}
"""


def service(host, name, command, **attrs):
    """One that is checked each second by the node whose zone it is in; `vars_...` set custom variables."""
    lines = ['  import "fast"', f'  host_name = "{host}"', f'  check_command = "{command}"']
    for key, value in attrs.items():
        lines.append(f"  {'vars.' + key[5:] if key.startswith('vars_') else key} = {value}")
    return f'object Service "{name}" {{\n' + "\n".join(lines) + "\n}\n"


def host(name):
    return f'object Host "{name}" {{\n  import "fast-host"\n}}\n'


class Sequences:
    """Services of `lab-sequence`, by the custom variable `seq_name`."""

    def __init__(self, lab):
        self.directory = lab.directory / _SEQUENCES
        self.directory.mkdir()
        lab.account.own(self.directory)
        self.plugin = lab.directory / "plugins/lab_sequence"
        self.catalog = {"lab-sequence": {
            "kind": "check", "command": [str(self.plugin), str(self.directory)],
            "arguments": {"name": {"value": "$seq_name$", "skip_key": True, "required": True}},
            "parameters": {"seq_name": {"pattern": "[a-z-]+"}}, "sandbox": {"write": [str(self.directory)]}}}

    def command(self, runs):
        """The CheckCommand: for whoever `runs` it, or one that cannot be run."""
        line = f'[ "{self.plugin}", "{self.directory}" ]' if runs else '[ "/nonexistent/of-the-master" ]'
        return _COMMAND.format(command=line)

    def set_state(self, name, state):
        new = self.directory / f"{name}.new"
        new.write_text(str(state))
        new.replace(self.directory / f"{name}.state")

    def runs(self, name):
        """How often it was run."""
        text = self.directory / f"{name}.runs"
        return int(text.read_text() or 0) if text.exists() else 0


class Arrivals:
    """What a master took, in the order in which it did, up to its last stop."""

    _FIELDS = ("name", "state", "attempt", "type", "output")

    def __init__(self, lab, folder="master"):
        self.directory = lab.directory / folder / "spool"

    def config(self):
        """The master's object that writes it: a file for each time it ran, named by the second in which it stopped. A start in
        that same second writes over it, so read it before."""
        fields = ["$host.name$!$service.name$", "$service.state_id$", "$service.check_attempt$", "$service.state_type$", "$service.output$"]
        return f"""
object PerfdataWriter "arrivals" {{
  host_perfdata_path = "{self.directory}/hosts"
  service_perfdata_path = "{self.directory}/services"
  host_temp_path = "{self.directory}/hosts.new"
  service_temp_path = "{self.directory}/services.new"
  service_format_template = "{";".join(fields)}"
  rotation_interval = 1d
}}
"""

    def of(self, name):
        """[{name, state, attempt, type, output}] of HOST!SERVICE. A file is named by its time."""
        files = sorted(self.directory.glob("services.[0-9]*"), key=lambda path: float(path.name.split(".", 1)[1]))
        lines = [line.split(";", 4) for path in files for line in path.read_text(errors="replace").splitlines()]
        return [dict(zip(self._FIELDS, line)) for line in lines if line[0] == name]


def run_number(output):
    """Which run of `lab-sequence` an output is of; 0: of none."""
    found = re.match(r"run (\d+) of ", output)
    return int(found.group(1)) if found else 0
