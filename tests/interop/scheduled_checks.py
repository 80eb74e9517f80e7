"""Checks of a pushed zone that are made here, and what is asked of them: what the tests of them share."""

import datetime
import time

from configured_pair import Pair
from lab import AGENT, MASTER
from scene import start_pair
from waiting import wait_for

HOST = "box"
DAY = 86400  # between two checks, seconds


def zone(names, interval="1d"):
    """By default nothing in it is due while a test runs: what is checked was asked for. A name with `shut` takes no passive results."""
    intervals = f"  check_interval = {interval}\n  retry_interval = {interval}\n  max_check_attempts = 1\n"
    text = f'object Host "{HOST}" {{\n  check_command = "dummy"\n  vars.dummy_state = 0\n{intervals}}}\n'
    for name in names:
        own = "  vars.lab_state = 0\n" + ("  enable_passive_checks = false\n" if "shut" in name else "")
        text += f'object Service "{name}" {{\n  host_name = "{HOST}"\n  check_command = "lab-args"\n{own}{intervals}}}\n'
    return {f"{AGENT}/checks.conf": text}


def service(name):
    return f"{HOST}!{name}"


def rfc3339(moment):
    """A REST time as endpointctl shows it."""
    time = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def moment(text):
    """A time of endpointctl as a number."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Checks(Pair):
    names = []
    interval = "1d"
    bystander = HOST

    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab, caps=cls.caps, zones_d=zone(cls.names, cls.interval))
        for name in [HOST, *map(service, cls.names)]:
            kind = cls.kind(name)
            wait_for(lambda: (kind, name) in cls.objects(cls, kind), f"{kind} {name}", last=cls.node.status)
        # The master says of each of its checks, once and in its log, when it is due. What is granted a recheck follows, so that
        # must be behind us before anything is counted.
        cls().all_done()
        for name in [HOST, *map(service, cls.names)]:
            # The first check is due soon after a start; this is it, or follows it.
            asked = time.time()
            cls.node.ctl("check", "now", name)

            def checked():
                state = cls.node.ctl("objects", "show", cls.kind(name), name, json=True)["state"]
                return state["checked"] and not state["running"] and moment(state["execution_start"]) > asked - 0.01

            wait_for(checked, f"a check of {name}")
        for name in [HOST, *map(service, cls.names)]:
            cls.master.rest.result(name, lambda got: got["state"] == 0)

    @staticmethod
    def kind(name):
        return "Service" if "!" in name else "Host"

    # What stands here, and there.

    def state(self, name):
        return self.node.ctl("objects", "show", self.kind(name), name, json=True)["state"]

    def there(self, name):
        return self.master.rest.attrs("services" if "!" in name else "hosts", name)

    def wait_state(self, name, **members):
        """Waits until the check has these members here; returns all of them."""
        def look():
            state = self.state(name)
            return state if all(state[key] == value for key, value in members.items()) else None

        return wait_for(look, f"{name} to be {members}", last=lambda: self.state(name))

    def wait_there(self, name, **attrs):
        def look():
            seen = self.there(name)
            return seen if all(seen[key] == value for key, value in attrs.items()) else None

        return wait_for(look, f"{name} of the master to be {attrs}", last=lambda: {key: self.there(name)[key] for key in attrs})

    def wait_both(self, name, state=None, depth=None, acknowledged=None):
        """The same at both ends."""
        here, there = {}, {}
        if state is not None:
            here["state"], there["state"] = state, state
        if depth is not None:
            here["downtime_depth"], there["downtime_depth"] = depth, depth
        if acknowledged is not None:
            here["acknowledged"], there["acknowledgement"] = acknowledged != 0, acknowledged
        self.wait_there(name, **there)
        return self.wait_state(name, **here)

    def wait_checked(self, name, before):
        """Waits until it was checked after `before`, a state of here, and until that result stands in the master."""
        state = wait_for(lambda: self.changed_since(name, before), f"a check of {name}", last=lambda: self.state(name))
        then = self.there(name)["last_check_result"]["execution_end"]
        ended = state["last_check"]
        self.master.rest.result(name, lambda got: rfc3339(got["execution_end"]) >= ended, f"the result of {ended}")
        self.assertLessEqual(then, self.there(name)["last_check_result"]["execution_end"])
        return state

    def changed_since(self, name, before):
        state = self.state(name)
        return state if state["last_check"] != before["last_check"] and not state["running"] else None

    def assert_not_checked(self, name, before):
        """Nothing of what the master sent so far made a check run."""
        self.all_done()
        state = self.state(name)
        self.assertEqual((state["last_check"], state["running"]), (before["last_check"], False))

    def turn(self, name, state):
        """The next check finds another state, and an operator of this host asks for it."""
        self.modify("services", name, **{"vars.lab_state": state})
        self.wait_object("Service", name, lambda one: one["attrs"]["vars"]["lab_state"] == state)
        self.node.ctl("check", "now", name)
        return self.wait_both(name, state=state)

    # What the master is asked.

    def action(self, action, name, **body):
        variable = self.kind(name).lower()
        return self.master.rest.action(action, type=self.kind(name), filter=f'{variable}.__name=="{name}"', **body)

    def reschedule(self, name, **body):
        self.action("reschedule-check", name, **body)

    def acknowledge(self, name, **body):
        self.action("acknowledge-problem", name, author="ops", comment="known", **body)

    def submit(self, name, state, output="by hand", **body):
        self.action("process-check-result", name, exit_status=state, plugin_output=output, performance_data=["a=1"], **body)

    def plan_downtime(self, name, **body):
        now = self.master.program_start()
        return self.action("schedule-downtime", name, author="ops", comment="works", start_time=now, end_time=now + DAY, **body)[0]["name"]

    def denied(self, name, method, reason):
        """The record of a refusal, with whom it says it was."""
        record = self.node.wait_audit(object_name=name, method=method, decision="denied", reason=reason)
        self.assertEqual((record["object_type"], record["parent"]), (self.kind(name), MASTER))
        return record

    def changed(self, name, method, detail):
        def look():
            records = self.node.audit(object_name=name, method=method, decision="changed", reason="ok", parent=MASTER)
            return [one for one in records if one["detail"].startswith(detail)]

        return wait_for(look, f"the record that {name} was {detail!r}", last=lambda: self.node.audit(object_name=name))[0]
