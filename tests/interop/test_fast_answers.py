#!/usr/bin/python3
"""An answer that comes too fast makes a 2.13 master stop checking for 90 s. A refusal is such an answer, so none
leaves sooner than `limits.min_answer` after its request."""

import time

from lab import LabTestCase, main
from scene import master_host, master_service, start_pair
from waiting import WaitedTooLong, wait_for

_SERVICES = 60
_WATCHED = 30.0
# A service that stalled is next asked 90 s later; a loaded machine does not delay a 1 s check that much.
_STALLED = 20.0


class FastAnswers(LabTestCase):
    @classmethod
    def build(cls, lab):
        commands = ["lab-absent", "lab-not-granted", "lab-no-such"]
        services = [master_service("h", f"s{number}", commands[number % len(commands)]) for number in range(_SERVICES)]
        cls.master, cls.node = start_pair(lab, master_host("h"), *services)

    def test_no_service_stalls_under_refusals(self):
        def stalled():
            now = time.time()
            services = self.master.rest.get("/v1/objects/services?attrs=__name&attrs=last_check")["results"]
            self.assertEqual(len(services), _SERVICES)
            return [each["attrs"]["__name"] for each in services if 0 < each["attrs"]["last_check"] < now - _STALLED]

        def all_checked():
            services = self.master.rest.get("/v1/objects/services?attrs=last_check")["results"]
            return all(each["attrs"]["last_check"] > 0 for each in services)

        # On a loaded machine the master itself may be slower than min_answer while it starts: it asks again after 90 s.
        wait_for(all_checked, "a first result of every service", timeout=150)
        try:
            found = wait_for(stalled, "a service to stall", timeout=_WATCHED + _STALLED)
        except WaitedTooLong:
            return
        self.fail(f"no longer checked: {found}")


if __name__ == "__main__":
    main()
