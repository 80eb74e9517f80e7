#!/usr/bin/python3
"""Checks of a node's own: endpointd beside a stock Icinga 2 agent and beside a bare posix_spawn loop at the same pace.

Usage: tests/bench/scheduling.py [--services N] [--interval SECONDS] [--seconds S] [--rounds R] [--away] [--no-stock]
       (ENDPOINTD_BIN: where the programs are; default build/release/bin; bare_spawn is expected beside them)

Each takes its turn, so that a busy neighbour hits all of them: N services of /bin/true, checked every SECONDS, a parent
connected that takes every result (--away: none). Prints processor time per check (the whole tree of processes, plugins
included; the parent's own is not), how late checks start (execution_start - schedule_start of what the parent gets), and
memory (PSS) per service.
"""

import argparse
import json
import math
import os
import pathlib
import select
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from lab import MASTER, Lab, binaries  # noqa: E402
from peer import Peer, message  # noqa: E402
from scene import parent_certificate, start_node  # noqa: E402
from waiting import wait_for  # noqa: E402
from whole_process import children, pss  # noqa: E402

COMMAND = "/bin/true"
STOCK = "stock.example.org"
TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def kib(value):
    return "-" if math.isnan(value) else f"{value:.2f}"


def objects(services, interval, command):
    return (f'object Host "bench" {{\n  check_command = "{command}"\n  check_interval = 1h\n}}\n'
            f'for (i in range({services})) {{\n  object Service "service-" + i {{\n    host_name = "bench"\n'
            f'    check_command = "{command}"\n    check_interval = {interval}\n    retry_interval = {interval}\n  }}\n}}\n')


class Parent:
    """Takes results and confirms them, as a master does every five seconds, in a thread of its own."""

    def __init__(self, address, certificate, trust, name):
        self.peer = Peer.dial(address, certificate, trust=trust, name=name)
        self.late, self.results = [], 0
        self.measuring, self.open = False, True
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def _take(self):
        position, told, rest = 0.0, time.monotonic(), b""
        stream = self.peer.stream
        rest = self.peer.buffer
        while self.open:
            try:
                if stream.pending() or select.select([stream], [], [], 1)[0]:
                    data = stream.recv(262144)
                    if not data:
                        return
                    rest += data
            except OSError:
                return
            at = 0
            while (colon := rest.find(b":", at, at + 12)) > 0:
                end = colon + 1 + int(rest[at:colon])
                if len(rest) <= end:
                    break
                payload, at = rest[colon + 1:end], end + 1
                if b'"event::CheckResult"' in payload:
                    got = json.loads(payload)
                    position = got["ts"]
                    self.results += 1
                    if self.measuring:
                        result = got["params"]["cr"]
                        self.late.append((result["execution_start"] - result["schedule_start"]) * 1000)
            rest = rest[at:]
            if position and time.monotonic() - told >= 5:
                told = time.monotonic()
                stream.sendall(message("log::SetLogPosition", {"log_position": position}))

    def close(self):
        self.open = False
        self.thread.join()
        self.peer.close()


class Endpointd:
    name = "endpointd"

    def __init__(self, lab, args):
        settings = {"limits": {"min_answer": "0s"}}
        self.node, self.certificate = start_node(lab, catalog_more={"bench-true": {"kind": "check", "command": [COMMAND]}},
                                                 caps={MASTER: {"grant": {"results": {}}}}, settings=settings)
        self.lab, self.pid = lab, self.node.status()["pid"]
        self.parent = None
        self.empty = memory(self.pids())
        path = self.node.directory / "etc/zones.d/bench.conf"
        path.write_text(objects(args.services, args.interval, "bench-true"))
        lab.account.own(path)
        begun = time.monotonic()
        self.node.ctl("config", "reload")
        wait_for(lambda: self.node.status()["objects"]["services"] == args.services, "the services")
        self.loaded = time.monotonic() - begun
        if not args.away:
            self.parent = Parent((lab.host, self.node.port), self.certificate, lab.authority.certificate, "agent.example.org")

    def pids(self):
        # The runner and its spawners are the daemon's siblings: all of them are below this process.
        return [pid for pid in children(os.getpid()) if comm(pid).startswith("endpointd")]

    def executed(self):
        return self.node.status()["runner"]["executed"]

    def stop(self):
        if self.parent:
            self.parent.close()
        self.node.stop()


class Stock:
    name = "stock agent"

    def __init__(self, lab, args):
        command = f'object CheckCommand "bench-true" {{\n  command = [ "{COMMAND}" ]\n}}\n'
        begun = time.monotonic()
        self.agent = lab.stock_agent(name=STOCK, extra=command + objects(args.services, args.interval, "bench-true")).start()
        self.loaded = time.monotonic() - begun
        self.empty = float("nan")  # its own without services is not measured
        self.parent = Parent((lab.host, self.agent.port), parent_certificate(lab), lab.authority.certificate, STOCK)

    def pids(self):
        return [pid for pid in children(os.getpid()) if comm(pid) == "icinga2"]

    def executed(self):
        return self.parent.results

    def stop(self):
        self.parent.close()
        self.agent.stop()


def memory(pids):
    """MiB."""
    total = 0
    for pid in pids:
        try:
            total += pss(pid)
        except OSError:  # a spawner that ended meanwhile
            continue
    return total


def comm(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def per_process(before, after, checks):
    rows = {}
    for pid, (name, spent) in after.items():
        rows[name] = rows.get(name, 0) + (spent - before.get(pid, (name, 0))[1])
    return {name: spent / checks for name, spent in rows.items()}


def costs(pids):
    result = {}
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        result[pid] = (comm(pid), sum(int(field) for field in fields[11:13]) * 1000 / TICKS)
        result[-pid] = ("plugins", sum(int(field) for field in fields[13:15]) * 1000 / TICKS)
    return result


def turn(kind, args):
    """One measurement of one daemon in a laboratory of its own."""
    with Lab() as lab:
        daemon = kind(lab, args)
        # Everybody has been checked once: what comes is the regular pace.
        wait_for(lambda: daemon.executed() >= args.services, "every service to be checked once", timeout=args.interval * 4 + 60)
        pids = daemon.pids()
        before, checks, started = costs(pids), daemon.executed(), time.monotonic()
        if daemon.parent:
            daemon.parent.measuring = True
        time.sleep(args.seconds)
        after, checks, took = costs(pids), daemon.executed() - checks, time.monotonic() - started
        parts = per_process(before, after, checks)
        used = memory(daemon.pids())
        late = daemon.parent.late if daemon.parent else []
        daemon.stop()
        return {"rate": checks / took, "cpu_ms": sum(parts.values()), "parts": parts, "late": late, "memory": used,
                "per_service": (used - daemon.empty) * 1024 / args.services, "loaded": daemon.loaded}


def bare(args):
    program = binaries() / "bare_spawn"
    done = subprocess.run([program, str(args.services / args.interval), str(args.seconds), COMMAND], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description="checks of a node's own beside a stock agent and a bare loop")
    parser.add_argument("--services", type=int, default=5000)
    parser.add_argument("--interval", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--away", action="store_true", help="no parent is connected: nothing is said of lateness; no stock agent")
    parser.add_argument("--no-stock", action="store_true")
    args = parser.parse_args()
    daemons = [Endpointd] if args.away or args.no_stock else [Endpointd, Stock]
    bares, turns = [], {kind.name: [] for kind in daemons}
    for _ in range(args.rounds):
        bares.append(bare(args))
        for kind in daemons:
            turns[kind.name].append(turn(kind, args))
    reference = statistics.median(one["cpu_ms"] for one in bares)
    print(f"{args.services} services of {COMMAND} every {args.interval} s, {args.rounds} turns of {args.seconds:.0f} s")
    print(f"{'':14} {'checks/s':>9} {'CPU ms/check':>13} {'of bare':>8} {'late p50 ms':>12} {'p99 ms':>8} {'PSS MiB':>8} {'KiB/service':>12}"
          f" {'loaded s':>9}")
    print(f"{'bare loop':14} {args.services / args.interval:9.0f} {reference:13.3f} {1:8.2f} {statistics.median(one['p50'] for one in bares):12.2f}"
          f" {statistics.median(one['p99'] for one in bares):8.2f}")
    for name, made in turns.items():
        middle = {key: statistics.median(one[key] for one in made) for key in ("rate", "cpu_ms", "memory", "per_service", "loaded")}
        late = [value for one in made for value in one["late"]]
        print(f"{name:14} {middle['rate']:9.0f} {middle['cpu_ms']:13.3f} {middle['cpu_ms'] / reference:8.2f} {percentile(late, .5):12.2f}"
              f" {percentile(late, .99):8.2f} {middle['memory']:8.1f} {kib(middle['per_service']):>12} {middle['loaded']:9.1f}")
        for part in sorted(made[0]["parts"]):
            print(f"  {part:26} {statistics.median(one['parts'].get(part, 0) for one in made):8.3f} ms per check")


if __name__ == "__main__":
    main()
