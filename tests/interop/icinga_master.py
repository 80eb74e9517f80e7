"""A real, unmodified Icinga 2 master in a directory of its own."""

import grp
import http.client
import pathlib
import secrets
import signal

from processes import Child
from rest import Rest, RestError
from waiting import wait_for

_PROGRAM = "/usr/sbin/icinga2"

# Everything the daemon would keep below /var and /run, moved below one directory.
_CONFIG = """
const PluginDir = "/usr/lib/nagios/plugins"
const ManubulonPluginDir = PluginDir
const PluginContribDir = PluginDir
const NodeName = "{name}"
const ZoneName = "{zone}"
const TicketSalt = ""
include <itl>
include <plugins>
object CheckerComponent "checker" {{
}}
object FileLogger "main-log" {{
  severity = "information"
  path = "{directory}/log/icinga2.log"
}}
object ApiListener "api" {{
  bind_host = "{host}"
  bind_port = "{port}"
  accept_config = {accept_config}
  accept_commands = {accept_config}
  ticket_salt = TicketSalt
}}
object ApiUser "lab" {{
  password = "{password}"
  permissions = [ "*" ]
}}
object Endpoint "{name}" {{
}}
object Zone "{zone}" {{
  endpoints = [ "{name}" ]
{parent}}}
object Zone "global-templates" {{
  global = true
}}
{extra}
"""


class IcingaMaster:
    """`pki` holds NAME.crt, NAME.key and ca.crt. `extra` is configuration in Icinga's DSL, the peers' endpoints and
    zones included; `zones_d` maps paths below zones.d to text. With `parent`, the name of a zone in `extra`, it is a stock
    agent that takes what that zone's endpoints send. Started by `start()`."""

    def __init__(self, directory, account, host, port, authority, *, name="master.example.org", zone="master", parent=None, extra="",
                 zones_d=None):
        self.directory = pathlib.Path(directory)
        self.account, self.host, self.port, self.name, self.zone, self.parent = account, host, port, name, zone, parent
        self.password = secrets.token_hex(16)
        self.child = None
        for part in ("etc/zones.d", "lib/certs", "log", "cache", "run", "spool"):
            (self.directory / part).mkdir(parents=True)
        self.certificate = authority.issue(self.directory / "lib/certs", name)
        self.write(extra, zones_d or {})
        self.rest = Rest(host, port, authority.certificate, name, "lab", self.password)

    def write(self, extra, zones_d=None):
        """Replaces the configuration; a reload or start takes it over."""
        text = _CONFIG.format(name=self.name, zone=self.zone, directory=self.directory, host=self.host, port=self.port,
                              password=self.password, extra=extra, accept_config="true" if self.parent else "false",
                              parent=f'  parent = "{self.parent}"\n' if self.parent else "")
        (self.directory / "etc/icinga2.conf").write_text(text)
        self.write_zones(zones_d or {})

    def write_zones(self, files):
        """Files below zones.d, which replace those of the same name."""
        for path, content in files.items():
            file = self.directory / "etc/zones.d" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        self.account.own(self.directory)

    def start(self):
        constants = {
            "ConfigDir": self.directory / "etc", "ZonesDir": self.directory / "etc/zones.d", "DataDir": self.directory / "lib",
            "LogDir": self.directory / "log", "CacheDir": self.directory / "cache", "InitRunDir": self.directory / "run",
            "SpoolDir": self.directory / "spool", "RunAsUser": self.account.name, "RunAsGroup": self._group(),
        }
        argv = [_PROGRAM, "daemon", "-c", self.directory / "etc/icinga2.conf"]
        for name, value in constants.items():
            argv += ["-D", f"{name}={value}"]
        self.child = Child(argv, self.directory / "log/console.log", self.account)
        wait_for(self._ready, "the master's REST API", last=lambda: self.child.text()[-2000:])
        return self

    def _group(self):
        try:
            return grp.getgrgid(self.account.gid).gr_name
        except KeyError:
            return str(self.account.gid)

    def _ready(self):
        if not self.child.running():
            raise RuntimeError("the master ended:\n" + self.child.text()[-4000:])
        return self.rest.ready()

    def syncs(self, endpoint):
        """How often the endpoint was given all that waited for it."""
        return self.log().count(f"Finished syncing endpoint '{endpoint}'")

    def wait_synced(self, endpoint, before=0):
        """Until it was once more. What the API asks for, and what is due, between its connection and then is lost."""
        wait_for(lambda: self.syncs(endpoint) > before, f"{endpoint} to be in sync", last=lambda: self.log()[-2000:])

    def log(self):
        path = self.directory / "log/icinga2.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def reload(self):
        """SIGHUP, as `systemctl reload icinga2` does, until the new process answers."""
        before = wait_for(self.program_start, "the start of the master that is to reload")
        self.child.signal(signal.SIGHUP)
        wait_for(lambda: self.rest.ready() and self.program_start() > before, "the master's reload", last=lambda: self.log()[-2000:])

    def program_start(self):
        try:
            status = self.rest.get("/v1/status/IcingaApplication")
        except (OSError, RestError, http.client.HTTPException):
            return 0
        return status["results"][0]["status"]["icingaapplication"]["app"]["program_start"]

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        if self.child:
            self.child.stop()
            self.child = None
