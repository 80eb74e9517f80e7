"""Waiting with an end: for a condition, or for a text in a growing log."""

import threading
import time

# Sanitizers and a loaded two-core machine make everything several times slower.
PATIENCE = 60.0

# What waits for a check that a master asks for: a request that gets lost, as while a connection is made, or that is answered before
# the master has set the time of the next one, it repeats after the command's timeout and 30 s.
ASKED_AGAIN = 90.0 + PATIENCE

# How often a condition is looked at that has no event of its own.
_INTERVAL = 0.1


class WaitedTooLong(AssertionError):
    """Names what did not happen, with what was last seen."""


def wait_for(condition, what, timeout=PATIENCE, last=None):
    """Returns the first true value of `condition()`; `last()`, if given, tells what was seen instead."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            seen = f"; last seen: {last()}" if last else ""
            raise WaitedTooLong(f"waited {timeout:.0f} s in vain for {what}{seen}")
        pause.wait(_INTERVAL)
