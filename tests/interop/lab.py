"""The laboratory: a directory, an address and a CA of its own, and whatever is started in it, ended with it."""

import contextlib
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import unittest

from ca import CertificateAuthority
from endpointd_node import Endpointd
from icinga_master import IcingaMaster
from processes import Account

_TOP = pathlib.Path(__file__).resolve().parents[2]

MASTER = "master.example.org"
AGENT = "agent.example.org"


def binaries():
    """Where endpointd, endpointd-runner and endpointctl are: ENDPOINTD_BIN, or the release build of this tree."""
    return pathlib.Path(os.environ.get("ENDPOINTD_BIN", _TOP / "build/release/bin"))


def _own_loopback_address():
    """An address of 127/8 that no other laboratory running now uses, so that a port found free stays free."""
    pid = os.getpid()
    address = f"127.{64 + (pid >> 14) % 64}.{(pid >> 7) % 128}.{1 + pid % 128}"
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return "127.0.0.1"
    return address


class Lab:
    """Use it in a `with`."""

    def __init__(self):
        self.account = Account()
        self.host = _own_loopback_address()
        self._stack = contextlib.ExitStack()
        self._ports = set()

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="endpointd-lab-"))
        self._stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        # Whoever the programs run as has to get through; nothing in it is anybody's secret.
        self.directory.chmod(0o755)
        self.authority = CertificateAuthority(self.directory / "ca")
        return self

    def __exit__(self, *_):
        self._stack.close()

    def leave(self):
        """Whatever was started runs on, and the directory stays."""
        self._stack.pop_all()

    def on_exit(self, function, *args):
        self._stack.callback(function, *args)

    def free_port(self):
        """One that nobody listens at, and that was not given out before."""
        while True:
            with socket.socket() as probe:
                probe.bind((self.host, 0))
                port = probe.getsockname()[1]
            if port not in self._ports:
                self._ports.add(port)
                return port

    def master(self, port=None, **options):
        """A real master, not yet started; stopped with the laboratory."""
        made = IcingaMaster(self.directory / options.pop("folder", "master"), self.account, self.host, port or self.free_port(),
                            self.authority, **options)
        self.on_exit(made.stop)
        return made

    def stock_agent(self, *, name, extra=""):
        """A real Icinga agent below MASTER, which dials it, that takes its configuration; not yet started."""
        above = f'object Endpoint "{MASTER}" {{\n}}\nobject Zone "master" {{\n  endpoints = [ "{MASTER}" ]\n}}\n'
        return self.master(folder="stock", name=name, zone=name, parent="master", extra=above + extra)

    def node(self, port=None, **options):
        """An endpointd, not yet started; stopped with the laboratory."""
        made = Endpointd(self.directory / options.pop("folder", "agent"), self.account, binaries(), self.host,
                         port or self.free_port(), options.pop("authority", self.authority), **options)
        self.on_exit(made.stop)
        return made


def zones_conf(parent_host=None, parent_port=None, *, parent=MASTER, agent=AGENT):
    """The zones.conf of a stock agent, as `icinga2 node setup` writes it; with a host we dial the parent."""
    address = f'\thost = "{parent_host}"\n\tport = "{parent_port}"\n' if parent_host else ""
    return (f'object Endpoint "{parent}" {{\n{address}}}\n\nobject Zone "master" {{\n\tendpoints = [ "{parent}" ]\n}}\n\n'
            f'object Endpoint "{agent}" {{\n}}\n\nobject Zone "{agent}" {{\n\tendpoints = [ "{agent}" ]\n\tparent = "master"\n}}\n\n'
            'object Zone "global-templates" {\n\tglobal = true\n}\n\nobject Zone "director-global" {\n\tglobal = true\n}\n')


def agent_objects(host=None, port=None, *, agent=AGENT):
    """The master's own Endpoint and Zone for the agent; with a host the master dials."""
    address = f'  host = "{host}"\n  port = "{port}"\n' if host else ""
    return (f'object Endpoint "{agent}" {{\n{address}}}\n'
            f'object Zone "{agent}" {{\n  endpoints = [ "{agent}" ]\n  parent = "master"\n}}\n')


class LabTestCase(unittest.TestCase):
    """A laboratory for all tests of one class; `build` makes what they share. The logs are shown when a test failed."""

    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls._failed = False
        cls.lab = Lab()
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.__exit__, None, None, None)
        cls.addClassCleanup(cls._show_logs)
        try:
            cls.build(cls.lab)
        except BaseException:
            cls._failed = True
            raise

    @classmethod
    def build(cls, lab):
        """Makes what the tests of the class need."""

    def run(self, result=None):
        before = (len(result.failures), len(result.errors)) if result else None
        outcome = super().run(result)
        if result and before != (len(result.failures), len(result.errors)):
            type(self)._failed = True
        return outcome

    @classmethod
    def _show_logs(cls):
        if not cls._failed:
            return
        for path in sorted(cls.lab.directory.glob("*/*.log")) + sorted(cls.lab.directory.glob("*/log/icinga2.log")):
            lines = path.read_text(errors="replace").splitlines()
            interesting = [line for line in lines if "HttpServerConnection" not in line and "no client certificate" not in line]
            print(f"--- {path.relative_to(cls.lab.directory)}, the last lines", *interesting[-60:], sep="\n", file=sys.stderr)


def main():
    unittest.main(verbosity=2)
