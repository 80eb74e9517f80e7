"""One endpointd with its own configuration, state and run directory, and endpointctl to talk to it."""

import json
import os
import pathlib
import signal
import subprocess

from processes import Child
from waiting import PATIENCE, wait_for

# Exit statuses of endpointctl, interfaces of the command line.
DONE, NO, WRONG_USAGE, UNREACHABLE = 0, 1, 2, 3


class CtlAnswer:
    """What endpointctl said: `status`, `out`, `err`, and `json`, decoded on demand."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.status}\nstdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}"


class Endpointd:
    """`directory` gets etc, state and run. The configuration is written by the constructor and may be rewritten by the
    `write_...` functions before `start()` or a reload."""

    def __init__(self, directory, account, binaries, host, port, authority, *, name="agent.example.org", zones, catalog, caps,
                 settings=None, privileged=False):
        self.directory = pathlib.Path(directory)
        self.account, self.host, self.port, self.name = account, host, port, name
        self.privileged = privileged
        self.child = None
        self.config, self.state, self.run = (self.directory / part for part in ("etc", "state", "run"))
        for part in ("conf.d", "catalog.d", "caps.d", "zones.d", "pki"):
            (self.config / part).mkdir(parents=True)
        self.state.mkdir()
        self.run.mkdir()
        self.daemon = account.reachable(binaries / "endpointd", self.directory / "bin")
        for program in ("endpointd-runner", "endpointd-starter"):
            account.reachable(binaries / program, self.directory / "bin")
        self.endpointctl = account.reachable(binaries / "endpointctl", self.directory / "bin")
        self.certificate = authority.issue(self.config / "pki", name)
        self.write_settings(settings or {})
        self.write_zones(zones)
        self.write_catalog(catalog)
        self.write_caps(caps)
        account.own(self.directory)

    def write(self, path, text):
        """In one step, as configuration management does: a reload never meets half a file."""
        file = self.config / path
        new = file.with_name(file.name + ".new")
        new.write_text(text)
        new.chmod(0o640)
        self.account.own(new)
        os.replace(new, file)

    def write_settings(self, more):
        listen = {"addresses": [self.host], "port": self.port}
        settings = {"node": {"name": self.name}, "listen": listen, "log": {"level": "info"},
                    "connect": {"reconnect_min": "1s", "reconnect_max": "2s"}, **more}
        self.write("endpointd.json", json.dumps(settings, indent=2) + "\n")

    def write_zones(self, text):
        self.write("zones.d/zones.conf", text)

    def write_catalog(self, commands, name="lab.json"):
        self.write(f"catalog.d/{name}", json.dumps({"commands": commands}, indent=2) + "\n")

    def write_caps(self, parents, name="lab.json"):
        self.write(f"caps.d/{name}", json.dumps({"parents": parents}, indent=2) + "\n")

    def paths(self):
        return ["--config", str(self.config), "--state", str(self.state), "--run", str(self.run)]

    def launch(self):
        """Starts the daemon and does not wait for anything."""
        self.child = Child([self.daemon, *self.paths(), "--foreground"], self.directory / "endpointd.log", self.account,
                           privileged=self.privileged)
        return self

    def start(self):
        self.launch()
        wait_for(self._ready, "endpointd to answer", last=lambda: self.log()[-3000:])
        return self

    def _ready(self):
        if not self.child.running():
            raise RuntimeError(f"endpointd ended with {self.child.process.returncode}:\n{self.log()[-4000:]}")
        # `status` answers before the configuration is evaluated, this does not.
        return self.ctl("objects", "list", "--type", "TimePeriod", check=False).status == DONE

    def ctl(self, *args, json=False, check=True, config=True):
        """Runs endpointctl; `check` wants exit status 0, `json` returns the decoded answer."""
        argv = [*self.account.prefix, str(self.endpointctl), *(self.paths() if config else []), *map(str, args)]
        if json:
            argv.append("--json")
        done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, cwd="/", check=False,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
        answer = CtlAnswer(done)
        if check and answer.status != DONE:
            alive = self.child and self.child.running()
            how = "endpointd runs" if alive else f"endpointd ended with {self.child.process.returncode}" if self.child else "no endpointd"
            raise AssertionError(f"endpointctl {' '.join(map(str, args))}: {answer}\n({how})")
        return answer.json if json else answer

    def audit(self, **filters):
        """All audit records that carry these members, newest first."""
        records = self.ctl("audit", "list", "--limit", "1000", json=True)["records"]
        return [record for record in records if all(record[key] == value for key, value in filters.items())]

    def wait_audit(self, what="an audit record", timeout=PATIENCE, **filters):
        return wait_for(lambda: self.audit(**filters), f"{what} {filters}", timeout, lambda: brief(self.audit()))[0]

    def record(self, number):
        return self.ctl("audit", "show", number, json=True)

    def status(self):
        return self.ctl("status", json=True)

    def parent(self, name="master.example.org"):
        return next((parent for parent in self.status()["parents"] if parent["name"] == name), None)

    def wait_connected(self, name="master.example.org", connected=True):
        def look():
            parent = self.parent(name)
            return parent if parent and parent["connected"] == connected else None

        return wait_for(look, f"{name} to be {'connected' if connected else 'gone'}", last=self.status)

    def log(self):
        return self.child.text() if self.child else ""

    def wait_log(self, text, after=0):
        """Waits until `text` stands in the log beyond the offset `after`."""
        return wait_for(lambda: text in self.log()[after:], f"{text!r} in endpointd's log", last=lambda: self.log()[-3000:])

    def reload(self):
        self.child.signal(signal.SIGHUP)

    def stop(self, timeout=20.0):
        """An orderly stop; returns the exit status."""
        if not self.child:
            return None
        child, self.child = self.child, None
        return child.stop(timeout)


def brief(records):
    return [(r["id"], r["decision"], r["reason"], r["method"], r["object_name"], r["count"], r["detail"]) for r in records]
