"""Child processes of the laboratory: who they run as, where they log, and that they end.

Run as root, the laboratory gives everything it starts to an unprivileged user;
as anybody else it stays who it is.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess

from waiting import wait_for

# Exists on every Debian, owns nothing.
_UNPRIVILEGED = "nobody"


class Account:
    """The user that the programs under test run as."""

    def __init__(self):
        if os.geteuid() == 0:
            entry = pwd.getpwnam(_UNPRIVILEGED)
            self.name, self.uid, self.gid, self.switches = entry.pw_name, entry.pw_uid, entry.pw_gid, True
        else:
            self.uid, self.gid, self.switches = os.geteuid(), os.getegid(), False
            try:
                self.name = pwd.getpwuid(self.uid).pw_name
            except KeyError:
                self.name = str(self.uid)

    @property
    def prefix(self):
        """What stands before a command line to run it as this user."""
        if not self.switches:
            return []
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--inh-caps=-all", "--"]

    def own(self, path):
        """Hands a file or a whole tree to the user."""
        if not self.switches:
            return
        path = pathlib.Path(path)
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        if path.is_dir() and not path.is_symlink():
            for entry in path.iterdir():
                self.own(entry)

    def may_run(self, program):
        return subprocess.run([*self.prefix, "test", "-x", str(program)], check=False).returncode == 0

    def reachable(self, program, directory):
        """The program itself, or a copy in `directory` where the user may not reach it (a checkout below /root, for example)."""
        if self.may_run(program):
            return pathlib.Path(program)
        copy = pathlib.Path(directory) / pathlib.Path(program).name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(program, copy)
            copy.chmod(0o755)
        return copy


class Child:
    """One child process in a session of its own, its output in a file, stopped by `stop()` at the latest."""

    def __init__(self, argv, log, account, *, privileged=False, env=None, cwd="/"):
        self.log = pathlib.Path(log)
        self.argv = [*([] if privileged else account.prefix), *map(str, argv)]
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        environment.update(env or {})
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                                            env=environment, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def wait(self, timeout):
        return self.process.wait(timeout)

    def stop(self, timeout=20.0):
        """Asks, waits, then kills what is left of the session. Returns the exit status."""
        left = descendants(self.pid)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            left |= descendants(self.pid)
            self.signal(signal.SIGKILL)
            self.process.wait()
        for pid, started in left:
            _kill_if_same(pid, started)
        return self.process.returncode


def _stat(pid):
    """(ppid, start time, state), or None where the process is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rsplit(")", 1)[1].split()
    return int(fields[1]), int(fields[19]), fields[0]


def descendants(pid):
    """The set of (pid, start time) of all processes below `pid`."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = _stat(int(entry))
            if stat:
                parents.setdefault(stat[0], []).append((int(entry), stat[1]))
    found, open_ends = set(), [pid]
    while open_ends:
        for child in parents.get(open_ends.pop(), []):
            if child not in found:
                found.add(child)
                open_ends.append(child[0])
    return found


def parent_of(pid):
    stat = _stat(pid)
    return stat and stat[0]


def alive(pid, started):
    """Whether the process of that pid is still the same one, and more than a zombie."""
    stat = _stat(pid)
    return stat is not None and stat[1] == started and stat[2] != "Z"


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _kill_if_same(pid, started):
    if alive(pid, started):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        wait_for(lambda: not alive(pid, started), f"process {pid} to end")
