#!/usr/bin/python3
"""What tools/demo shows once everything is built: results in a real master, three attacks, and the record of them.

Exits with 0 only if all of it happened.
"""

import os
import pathlib
import shutil
import signal
import sys
import textwrap

from lab import AGENT, MASTER, Lab, agent_objects, binaries, zones_conf
from scene import audit_number, master_host, master_service
from waiting import wait_for

_TOP = pathlib.Path(__file__).resolve().parents[2]
_STATES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
_COLOURS = {"OK": 32, "WARNING": 33, "CRITICAL": 31, "UNKNOWN": 35, "refused": 32, "bold": 1}


def coloured(text, colour):
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def step(text):
    print(coloured(f"== {text}", "bold"), flush=True)


def done(text):
    print(f"   {text}", flush=True)


class Demonstration:
    """The scene, act by act. Anything that does not happen is an exception."""

    def __init__(self, lab):
        self.lab = lab
        ports = {"master": lab.free_port(), "agent": lab.free_port()}
        self.canary = lab.directory / "attacked"
        self.node = lab.node(port=ports["agent"], zones=zones_conf(), catalog={}, caps={
            MASTER: {"grant": {"results": {}, "execute": {"commands": ["*"], "rate": "600/min", "max_concurrent": 16}}}})
        # The catalog and nothing else: what endpointd ships.
        (self.node.config / "catalog.d/lab.json").unlink()
        shipped = _TOP / "daemon/etc/catalog.d/monitoring-plugins.json"
        self.node.write("catalog.d/monitoring-plugins.json", shipped.read_text())
        evil = (f'object CheckCommand "collect-secrets" {{\n  command = [ "/bin/sh", "-c", "id > {self.canary}" ]\n}}\n')
        self.master = lab.master(port=ports["master"], extra=agent_objects(lab.host, ports["agent"]) + evil, zones_d={
            "master/objects.conf": "".join([
                master_host("web1", "tcp", address=lab.host, vars_tcp_port=ports["master"]),
                master_service("web1", "disk", "disk", vars_disk_wfree="2%", vars_disk_cfree="1%", vars_disk_exclude_type=["none"],
                               vars_disk_partitions=["/", "/tmp"]),
                master_service("web1", "load", "load", vars_load_wload1=500, vars_load_wload5=400, vars_load_wload15=300,
                               vars_load_cload1=1000, vars_load_cload5=900, vars_load_cload15=800),
                master_service("web1", "processes", "procs", vars_procs_warning="20000", vars_procs_critical="30000"),
                master_service("web1", "dummy", "dummy", vars_dummy_state=1, vars_dummy_text="a warning on purpose"),
                master_service("web1", "agent", "icinga"),
            ])})

    def start(self):
        step(f"3. A throw-away CA, an Icinga 2 master and endpointd, as user {self.lab.account.name} in {self.lab.directory}")
        self.node.start()
        done(f"endpointd {self.node.status()['version']} as {AGENT} on {self.node.host}:{self.node.port}, pid {self.node.child.pid}")
        self.master.start()
        done(f"Icinga 2 as {MASTER} on {self.master.host}:{self.master.port}, pid {self.master.child.pid}")
        self.node.wait_connected()
        done(f"{MASTER} (Icinga {self.node.parent()['version']}) has connected")

    def show_results(self):
        step("4. Results of our commands, read from the master's REST API")
        rows = []
        for name in ["web1", "web1!disk", "web1!load", "web1!processes", "web1!dummy", "web1!agent"]:
            result = self.master.rest.result(name, lambda got: got["check_source"] == AGENT)
            rows.append((name, _STATES[int(result["state"])], result["output"].split("\n")[0], len(result["performance_data"] or [])))
            expected = "WARNING" if name == "web1!dummy" else "OK"
            if rows[-1][1] != expected:
                raise AssertionError(f"{name} is {rows[-1][1]}: {result['output']}")
        print_table(rows)
        if not any(count for *_, count in rows):
            raise AssertionError("no result has performance data")
        command = self.master.rest.result("web1!disk", lambda got: True)["command"]
        if command.count("-p") != 2:
            raise AssertionError(f"the array of partitions did not become two arguments: {command}")
        done("an array of two partitions became: " + " ".join(command))

    def attack(self):
        step("5. The master is taken over and attacks")
        rest = self.master.rest
        done("it pushes a CheckCommand that runs a shell, into a global zone ...")
        rest.request("PUT", "/v1/objects/checkcommands/pushed-shell", {
            "templates": ["plugin-check-command"],
            "attrs": {"command": ["/bin/sh", "-c", f"id > {self.canary}"], "zone": "global-templates"}})
        pushed = self.node.wait_audit("the refused CheckCommand", object_type="CheckCommand", object_name="pushed-shell")
        self.refused(f"not stored, not run: audit record {pushed['id']}, {pushed['reason']}")
        self._bad_service("it calls a command that is not in the local catalog ...", "spy", "collect-secrets", {}, "unknown-command")
        self._bad_service("it hides a shell command in a parameter of check_disk ...", "sly-disk", "disk", {
            "vars.disk_wfree": "2%", "vars.disk_cfree": "1%", "vars.disk_partitions": [f"/; id > {self.canary}"]}, "argument-refused")
        if self.canary.exists():
            raise AssertionError("an attack was run")
        verdict = self.node.ctl("audit", "verify", json=True)
        if not verdict["ok"]:
            raise AssertionError(f"the audit does not verify: {verdict}")

    def _bad_service(self, title, name, command, attrs, reason):
        done(title)
        self.master.rest.request("PUT", f"/v1/objects/services/web1!{name}", {"attrs": {
            "check_command": command, "command_endpoint": AGENT, "check_interval": 5, "retry_interval": 5, "zone": "master", **attrs}})
        result = self.master.rest.result(f"web1!{name}", lambda got: True)
        number = audit_number(result["output"])
        if result["state"] != 3 or number is None or self.node.record(number)["reason"] != reason:
            raise AssertionError(f"not refused as it should be: {result['output']}")
        self.refused(f"{_STATES[3]} in the master: {result['output']}")

    @staticmethod
    def refused(text):
        print(f"   {coloured('refused', 'refused')}: {text}", flush=True)

    def show(self, number, *verb):
        step(f"{number}. endpointctl {' '.join(verb)}")
        print(textwrap.indent(self.node.ctl(*verb).out.rstrip(), "   "), flush=True)

    def how_to_talk(self):
        """For --keep."""
        ca = self.lab.authority.certificate
        paths = " ".join(self.node.paths())
        step("It stays up. Talk to it")
        done(f"{self.node.endpointctl} {paths} status")
        done(f"curl --cacert {ca} --connect-to {MASTER}:{self.master.port}:{self.master.host}:{self.master.port}"
             f" -u lab:{self.master.password} https://{MASTER}:{self.master.port}/v1/objects/services")
        done(f"logs: {self.node.child.log} and {self.master.directory}/log/icinga2.log")
        pids = [self.node.child.pid, self.master.child.pid]
        until_gone = "; ".join(f"tail --pid={pid} -f /dev/null" for pid in pids)
        done(f"end it with: kill {pids[0]} {pids[1]}; {until_gone}; rm -rf {self.lab.directory}")


def print_table(rows):
    width = min(shutil.get_terminal_size((120, 24)).columns, 140)
    names = max(len(row[0]) for row in rows)
    room = max(20, width - names - 29)
    print(f"   {'object':<{names}}  {'state':<8}  {'output':<{room}}  perfdata")
    for name, state, output, count in rows:
        shown = output if len(output) <= room else output[:room - 3] + "..."
        print(f"   {name:<{names}}  {coloured(f'{state:<8}', state)}  {shown:<{room}}  {count:>8}", flush=True)


_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupted(*_):
    # Once is enough: a second one would leave half of the cleaning up undone.
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def play(lab, keep):
    scene = Demonstration(lab)
    scene.start()
    scene.show_results()
    scene.attack()
    scene.show(6, "audit", "list")
    scene.show(7, "caps", "show")
    if keep:
        scene.how_to_talk()
        lab.leave()
        return
    step("8. The end")
    if scene.node.stop() != 0:
        raise AssertionError("endpointd did not stop in an orderly way")
    scene.master.stop()


def main():
    for number in _ENDINGS:
        signal.signal(number, interrupted)
    if not (binaries() / "endpointd").exists():
        print(f"demonstration: {binaries()}/endpointd does not exist; run ./tools/demo, which builds it", file=sys.stderr)
        return 2
    keep = "--keep" in sys.argv[1:]
    try:
        with Lab() as lab:
            play(lab, keep)
            directory = lab.directory
    except KeyboardInterrupt:
        print("\ndemonstration: interrupted; everything it started is gone", file=sys.stderr)
        return 130
    except Exception as error:
        print(f"demonstration: failed: {error}", file=sys.stderr)
        return 1
    if not keep:
        wait_for(lambda: not directory.exists(), "the directory to be gone")
        done("stopped, and the temporary directory is gone; all of it happened")
    return 0


if __name__ == "__main__":
    sys.exit(main())
