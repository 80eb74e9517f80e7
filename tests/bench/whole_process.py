#!/usr/bin/python3
"""endpointd as a whole beside a bare posix_spawn loop: a scripted parent over TLS keeps 16 commands in flight.

Usage: tests/bench/whole_process.py [SECONDS]      (ENDPOINTD_BIN: where the programs are; default build/release/bin)

Bare loop and daemon take turns, so that a busy neighbour hits both. The parent's own CPU time is
counted apart, because on a small machine it competes with what is measured. limits.min_answer is 0.
Prints commands per second, latency, and the memory (PSS) of all processes when idle.
"""

import os
import pathlib
import resource
import selectors
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from lab import MASTER, Lab  # noqa: E402
from peer import Peer, message  # noqa: E402
from scene import start_node  # noqa: E402

IN_FLIGHT = 16
ROUNDS = 3
COMMAND = "/bin/true"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000 if values else 0.0


def bare(seconds, in_flight):
    """Commands per second and latencies of posix_spawn with a pipe each."""
    selector = selectors.DefaultSelector()
    done, latencies = 0, []

    def start():
        read, write = os.pipe2(os.O_CLOEXEC)
        begun = time.monotonic()
        pid = os.posix_spawn(COMMAND, [COMMAND], {}, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, write, 2)])
        os.close(write)
        selector.register(read, selectors.EVENT_READ, (pid, begun))

    end = time.monotonic() + seconds
    for _ in range(in_flight):
        start()
    while selector.get_map():
        for key, _ in selector.select():
            if os.read(key.fd, 4096):
                continue
            selector.unregister(key.fd)
            os.close(key.fd)
            pid, begun = key.data
            os.waitpid(pid, 0)
            latencies.append(time.monotonic() - begun)
            done += 1
            if time.monotonic() < end:
                start()
    return done / seconds, latencies


def through_endpointd(peer, seconds, in_flight):
    """The same through a parent's connection; also the parent's own CPU seconds per second."""
    begun, latencies, free = {}, [], list(range(in_flight))
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.monotonic()
    end = started + seconds

    def ask(slot):
        begun[slot] = time.monotonic()
        return message("event::ExecuteCommand", {"command_type": "check_command", "command": "bench-true", "host": str(slot), "macros": {}})

    peer.send_raw(b"".join(ask(slot) for slot in free))
    waiting = in_flight
    while waiting:
        got = peer.method("event::CheckResult")["params"]
        peer.seen.clear()
        assert got["cr"]["state"] == 0, got["cr"]["output"]
        slot = int(got["host"])
        latencies.append(time.monotonic() - begun[slot])
        waiting -= 1
        if time.monotonic() < end:
            peer.send_raw(ask(slot))
            waiting += 1
    after = resource.getrusage(resource.RUSAGE_SELF)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return len(latencies) / (time.monotonic() - started), latencies, own / (time.monotonic() - started)


def children(pid):
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    yield int(entry.name)
                    yield from children(int(entry.name))
            except OSError:
                continue


def pss(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with Lab() as lab:
        node, certificate = start_node(
            lab, catalog_more={"bench-true": {"kind": "check", "command": [COMMAND]}}, caps={MASTER: {"grant": {"execute": {}}}},
            settings={"limits": {"min_answer": "0s"}, "runner": {"max_concurrent": 64}})
        peer = Peer.dial((lab.host, node.port), certificate, trust=lab.authority.certificate)
        through_endpointd(peer, 0.5, IN_FLIGHT)  # spawners are there now
        rates, ours, loads, single_bare, single_ours = [], [], [], [], []
        for _ in range(ROUNDS):
            rates.append(bare(seconds, IN_FLIGHT)[0])
            rate, _, load = through_endpointd(peer, seconds, IN_FLIGHT)
            ours.append(rate)
            loads.append(load)
            single_bare += bare(seconds / 2, 1)[1]
            single_ours += through_endpointd(peer, seconds / 2, 1)[1]
        cores = os.cpu_count() or 1
        ratios = [our / rate for our, rate in zip(ours, rates)]
        left = [our / rate / max(1e-9, 1 - load / cores) for our, rate, load in zip(ours, rates, loads)]
        print(f"commands per second, {IN_FLIGHT} in flight, median of {ROUNDS} turns")
        print(f"  bare posix_spawn           {statistics.median(rates):8.0f}")
        print(f"  through endpointd          {statistics.median(ours):8.0f}   {statistics.median(ratios):.0%} of bare")
        print(f"  the parent's own CPU       {statistics.median(loads):8.0%}   of one of {cores} processors;"
              f" {statistics.median(left):.0%} of bare on what it leaves")
        print("latency of one command at a time, milliseconds      p50      p99")
        for name, values in (("bare posix_spawn", single_bare), ("through endpointd, TLS included", single_ours)):
            print(f"  {name:42} {percentile(values, .5):12.2f} {percentile(values, .99):8.2f}")
        main_pid = next(iter(children(os.getpid())))
        processes = [main_pid, *children(main_pid)]
        memory = {pid: pss(pid) for pid in processes}
        print(f"memory when idle, PSS of {len(processes)} processes: {sum(memory.values()):.1f} MiB")
        for pid, size in memory.items():
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            print(f"  {name:26} {size:8.1f} MiB")
        peer.close()


if __name__ == "__main__":
    main()
