"""What the real Icinga 2 makes of zones.d-style configuration: the oracle of the differential tests. Nothing is started
but `icinga2 daemon -C`, as the user who runs the tests, in a directory that is gone afterwards."""

import grp
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile

PROGRAM = "/usr/sbin/icinga2"
NODE = "satellite1.example.test"
ZONE = "satellite"
PLUGINS = "/usr/lib/nagios/plugins"
GLOBAL_ZONES = ["director-global", "global-templates"]

# The trusted configuration of the host: a satellite with its parent and two agents below it.
BASE = f"""
const PluginDir = "{PLUGINS}"
const ManubulonPluginDir = "{PLUGINS}"
const PluginContribDir = "{PLUGINS}"
const NodeName = "{NODE}"
const ZoneName = "{ZONE}"
const TicketSalt = ""
include <itl>
include <plugins>
object Endpoint "master1.example.test" {{ }}
object Endpoint "satellite1.example.test" {{ }}
object Endpoint "agent1.example.test" {{ }}
object Endpoint "agent2.example.test" {{ }}
object Zone "master" {{ endpoints = [ "master1.example.test" ] }}
object Zone "satellite" {{
  endpoints = [ "satellite1.example.test" ]
  parent = "master"
}}
object Zone "agent1.example.test" {{
  endpoints = [ "agent1.example.test" ]
  parent = "satellite"
}}
object Zone "agent2.example.test" {{
  endpoints = [ "agent2.example.test" ]
  parent = "satellite"
}}
object Zone "global-templates" {{ global = true }}
object Zone "director-global" {{ global = true }}
object NotificationCommand "mail" {{ command = [ "/bin/true" ] }}
"""

# The dump of objects is written before rules of groups are looked at. Filters of apply rules see the memberships of
# hosts and services; users have no such rule, but their arrays are shared, and globals are dumped at the very end.
_PROBES = """
apply Service "__probe" {
  check_command = "dummy"
  assign where {
    log("@@GROUPS " + Json.encode([ "Host", host.name, host.groups ]))
    return false
  }
}
apply ScheduledDowntime "__probe" to Service {
  author = "probe"
  assign where {
    log("@@GROUPS " + Json.encode([ "Service", service.__name, service.groups ]))
    return false
  }
}
object ApiUser "__probe" {
  globals.__probe = get_objects(User).map(u => [ u.name, u.groups ])
}
"""

# Attributes that say who an object is stand beside `attrs`; the clock's are left out.
_OWN = {"__name", "name", "type", "zone", "package", "templates", "source_location", "entry_time"}

_ERROR = re.compile(r"critical/config: (?P<message>.*)")
_LOCATION = re.compile(r"^Location: in (?P<file>.+?): (?P<line>\d+):(?P<column>\d+)")


def available():
    return os.path.exists(PROGRAM)


def statement_around(text, line):
    """First and last line of the top-level statement: those begin at the left margin, and nothing else but "}" does."""
    lines = text.split("\n")
    begins = [n for n, content in enumerate(lines, 1) if content and content[0] not in " \t})]"]
    first = max((n for n in begins if n <= line), default=1)
    last = min((n - 1 for n in begins if n > line), default=len(lines))
    return first, last


def _netstrings(data):
    position = 0
    while position < len(data):
        colon = data.index(b":", position)
        length = int(data[position:colon])
        yield json.loads(data[colon + 1 : colon + 1 + length])
        position = colon + 2 + length


def _number(value):
    """Integral numbers as integers and functions without what they are, everywhere."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_number(item) for item in value]
    if isinstance(value, dict) and value.get("type") == "Function" and "side_effect_free" in value:
        return {"type": "Function"}
    if isinstance(value, dict):
        return {key: _number(item) for key, item in value.items()}
    return value


class Oracle:
    """Use it in a `with`. `local`: additions to the trusted configuration."""

    def __enter__(self):
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="endpointd-oracle-"))
        for part in ("lib", "log", "cache", "run", "spool"):
            (self._directory / part).mkdir()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._directory, ignore_errors=True)

    def run(self, files, local=""):
        """`files`: {"zone/x.conf": text}. Gives {"ok", "objects", "errors"}: see tests/golden/dsl/README.md."""
        zones = self._directory / "zones.d"
        shutil.rmtree(zones, ignore_errors=True)
        zones.mkdir()
        for name, text in files.items():
            path = zones / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        status, output = self._validate(f"{BASE}\n{local}\n{_PROBES}")
        if status:
            return {"ok": False, "objects": [], "errors": self._errors(output, zones)}
        return {"ok": True, "objects": self._objects(output, zones), "errors": []}

    def judge(self, files, local=""):
        """As an evaluator that judges object by object has to see it: the statements that Icinga refuses are taken out, one
        error after the other, until it takes the rest. `refused` says which they were, `errors` what was wrong with them."""
        files = dict(files)
        errors, refused = [], []
        while True:
            result = self.run(files, local)
            if result["ok"]:
                return {"ok": not errors, "objects": result["objects"], "errors": errors, "refused": refused}
            for error in result["errors"]:
                text = files.get(error["file"])
                if text is None:
                    raise RuntimeError(f"an error without a place: {error}")
                whole = "syntax error" in error["message"] or "Bad escape" in error["message"]
                first, last = (1, text.count("\n") + 1) if whole else statement_around(text, error["line"])
                found = {"file": error["file"], "first": first, "last": last}
                if found not in refused:
                    errors.append(error)
                    refused.append(found)
                    lines = text.split("\n")
                    files[error["file"]] = "\n".join("" if first <= n <= last else line for n, line in enumerate(lines, 1))

    def expressions(self, expressions):
        """The value of each, or None for an error, as a list of (is value, value)."""
        results = {}
        self._batch(list(enumerate(expressions)), results)
        return [results[index] for index in range(len(expressions))]

    def _validate(self, text):
        (self._directory / "icinga2.conf").write_text(text)
        part = lambda name: self._directory / name
        constants = {"DataDir": part("lib"), "LogDir": part("log"), "CacheDir": part("cache"), "InitRunDir": part("run"),
                     "SpoolDir": part("spool"), "ConfigDir": part("."), "ZonesDir": part("zones.d"),
                     "RunAsUser": pwd.getpwuid(os.getuid()).pw_name, "RunAsGroup": grp.getgrgid(os.getgid()).gr_name}
        argv = [PROGRAM, "daemon", "-C", "-c", self._directory / "icinga2.conf"]
        for name, value in constants.items():
            argv += ["-D", f"{name}={value}"]
        for stale in part("cache").iterdir():
            stale.unlink()
        done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def _batch(self, numbered, results):
        """A text that does not parse refuses all of its file: halves, until it is alone."""
        if not numbered:
            return
        lines = []
        for index, text in numbered:
            lines.append(f'try {{\nvar r{index} = {text}\nlog("@@VALUE {index} " + Json.encode([ r{index} ]))\n}} except {{\n'
                         f'log("@@ERROR {index}")\n}}')
        (self._directory / "e.conf").write_text("\n".join(lines) + "\n")
        done = subprocess.run([PROGRAM, "console", "-r", self._directory / "e.conf"], capture_output=True, timeout=120, check=False)
        found = {}
        for line in done.stdout.decode(errors="replace").splitlines():
            if match := re.search(r"/config: @@VALUE (\d+) (.*)", line):
                found[int(match[1])] = (True, _number(json.loads(match[2])[0]))
            elif match := re.search(r"/config: @@ERROR (\d+)", line):
                found[int(match[1])] = (False, None)
        if len(found) == len(numbered):
            results.update(found)
        elif len(numbered) == 1:
            results[numbered[0][0]] = (False, None)
        else:
            half = len(numbered) // 2
            self._batch(numbered[:half], results)
            self._batch(numbered[half:], results)

    def _errors(self, output, zones):
        errors = []
        for line in output.splitlines():
            if match := _ERROR.search(line):
                errors.append({"message": match["message"], "file": "", "line": 0, "column": 0})
                if place := re.search(r"\(in (.+?): (\d+):(\d+)", match["message"]):
                    errors[-1].update(file=self._relative(place[1], zones), line=int(place[2]), column=int(place[3]))
            elif (match := _LOCATION.search(line)) and errors:
                errors[-1].update(file=self._relative(match["file"], zones), line=int(match["line"]), column=int(match["column"]))
        return [error for error in errors if error["file"]] or errors or [{"message": output[-2000:], "file": "", "line": 0, "column": 0}]

    @staticmethod
    def _relative(path, zones):
        try:
            return str(pathlib.Path(path).relative_to(zones))
        except ValueError:
            return path

    def _objects(self, output, zones):
        cache = self._directory / "cache"
        groups = {}
        for match in re.finditer(r"/config: @@GROUPS (.*)", output):
            kind, name, members = json.loads(match[1])
            groups[kind, name] = members
        for variable in _netstrings((cache / "icinga2.vars").read_bytes()):
            if variable["name"] == "__probe":
                groups.update({("User", name): members for name, members in json.loads(variable["value"])})
        objects = []
        for item in _netstrings((cache / "icinga2.debug").read_bytes()):
            file = self._relative(item["debug_info"][0], zones)
            properties = _number(item["properties"])
            if file.startswith(("/", "<")) or not file:
                continue
            name = properties["__name"]
            attributes = {key: value for key, value in properties.items() if key not in _OWN}
            if (item["type"], name) in groups:
                attributes["groups"] = groups[item["type"], name]
            if isinstance(attributes.get("groups"), list):
                attributes["groups"] = sorted(attributes["groups"], key=str)
            objects.append({"type": item["type"], "name": name, "zone": properties["zone"] or "", "attrs": attributes,
                            "templates": properties["templates"] or [],
                            "source": {"file": file, "line": item["debug_info"][1]}})
        return sorted(objects, key=lambda o: (o["type"], o["name"]))
