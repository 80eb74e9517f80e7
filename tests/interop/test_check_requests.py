#!/usr/bin/python3
"""What a master asks of checks that are made here: with the grant of each it is so at both ends, without it nothing is."""

import time

from configured_pair import CONFIG, grant
from lab import AGENT, MASTER, main
from rest import RestError
from scene import connecting
from scheduled_checks import DAY, HOST, Checks, moment, rfc3339, service
from waiting import wait_for


class WithTheGrants(Checks):
    caps = grant(config=CONFIG, recheck={}, pause={}, acknowledge={}, downtime={}, comment={}, passive={})
    names = ["recheck", "forced", "later", "paused", "normal", "sticky", "expiring", "removed", "fixed", "flexible", "passive", "ttl",
             "closed", "all"]

    def test_a_recheck_runs_now_and_its_result_stands_in_the_master(self):
        for name in (service("recheck"), HOST):
            before = self.state(name)
            self.reschedule(name)
            after = self.wait_checked(name, before)
            self.assertEqual((after["state"], after["state_type"]), (0, "hard"))
            self.changed(name, "event::SetNextCheck", "next check at ")
            # The master makes up its own with the result, on another grid of intervals.
            there = self.there(name)
            self.assertAlmostEqual(there["next_check"], there["last_check_result"]["execution_end"] + DAY, delta=DAY / 10)

    def test_a_forced_recheck_finds_what_there_is_now(self):
        name = service("forced")
        self.modify("services", name, **{"vars.lab_state": 1})
        self.wait_object("Service", name, lambda one: one["attrs"]["vars"]["lab_state"] == 1)
        before = self.state(name)
        self.master.rest.recheck("Service", name)
        self.assertEqual(self.wait_checked(name, before)["state"], 1)
        there = self.wait_there(name, state=1, force_next_check=False)
        self.assertIn('"--state", "1"', there["last_check_result"]["output"])
        self.assertEqual(there["last_check_result"]["check_source"], AGENT)
        self.changed(name, "event::SetForceNextCheck", "the next check is forced")

    def test_a_check_that_is_asked_for_later_waits(self):
        name = service("later")
        before = self.state(name)
        moment = int(self.master.program_start()) + 7 * 86400
        self.reschedule(name, next_check=moment)
        self.wait_state(name, next_check=rfc3339(moment))
        self.assert_not_checked(name, before)

    def test_who_may_pause_pauses_and_resumes(self):
        name = service("paused")
        self.modify("services", name, enable_active_checks=False)
        self.wait_attrs("Service", name, enable_active_checks=False)
        before = self.wait_state(name, next_check=None)
        paused = before["paused"]
        self.assertEqual((paused["by"], paused["kind"], paused["until"], paused["also"]), (MASTER, "parent", None, None))
        self.assertIn(f"paused: by parent {MASTER} since {paused['since']}, without an end",
                      self.node.ctl("objects", "show", "Service", name).out)
        self.assertGreaterEqual(self.node.status()["objects"]["paused"], 1)
        self.reschedule(name)
        self.changed(name, "event::SetNextCheck", "next check at ")
        self.assert_not_checked(name, before)
        self.master.rest.recheck("Service", name)
        after = self.wait_checked(name, before)
        self.assertIsNone(self.state(name)["next_check"])
        self.reschedule(name)
        self.assert_not_checked(name, after)
        # It was due in between, and is when it is resumed.
        self.modify("services", name, enable_active_checks=True)
        self.wait_attrs("Service", name, enable_active_checks=True)
        self.wait_checked(name, after)

    def test_a_normal_acknowledgement_ends_with_the_state(self):
        name = service("normal")
        self.turn(name, 1)
        self.acknowledge(name)
        state = self.wait_both(name, acknowledged=1)
        self.assertIsNone(state["acknowledgement_expiry"])
        self.assertIn("ops", self.changed(name, "event::SetAcknowledgement", "acknowledged by 'ops': known")["detail"])
        self.turn(name, 2)
        self.wait_both(name, state=2, acknowledged=0)

    def test_a_sticky_acknowledgement_ends_with_the_recovery(self):
        name = service("sticky")
        self.turn(name, 1)
        self.acknowledge(name, sticky=True)
        self.wait_both(name, acknowledged=2)
        self.turn(name, 2)
        self.wait_both(name, state=2, acknowledged=2)
        self.turn(name, 0)
        self.wait_both(name, state=0, acknowledged=0)

    def test_an_acknowledgement_expires(self):
        name = service("expiring")
        self.turn(name, 2)
        expiry = time.time() + 25
        self.acknowledge(name, expiry=expiry, sticky=True)
        self.assertEqual(self.wait_both(name, acknowledged=2)["acknowledgement_expiry"], rfc3339(expiry))
        self.wait_both(name, state=2, acknowledged=0)

    def test_an_acknowledgement_is_removed(self):
        name = service("removed")
        self.turn(name, 2)
        self.acknowledge(name)
        self.wait_both(name, acknowledged=1)
        self.action("remove-acknowledgement", name, author="ops")
        self.wait_both(name, state=2, acknowledged=0)
        self.changed(name, "event::ClearAcknowledgement", "acknowledgement removed by 'ops'")

    def test_a_fixed_downtime(self):
        name = service("fixed")
        self.wait_both(name, depth=0)
        downtime = self.plan_downtime(name, fixed=True)
        self.wait_both(name, depth=1)
        second = self.plan_downtime(name, fixed=True)
        self.wait_both(name, depth=2)
        self.master.rest.action("remove-downtime", downtime=downtime)
        self.wait_both(name, depth=1)
        self.master.rest.action("remove-downtime", downtime=second)
        self.wait_both(name, depth=0)

    def test_a_flexible_downtime_begins_with_a_problem(self):
        name = service("flexible")
        downtime = self.plan_downtime(name, fixed=False, duration=3600)
        self.wait_object("Downtime", downtime)
        self.wait_both(name, state=0, depth=0)
        self.turn(name, 2)
        self.wait_both(name, depth=1)
        # One that comes when the problem is there does not wait for the next.
        second = self.plan_downtime(name, fixed=False, duration=3600)
        self.wait_both(name, depth=2)
        self.turn(name, 0)
        self.wait_both(name, depth=2)
        for each in (downtime, second):
            self.master.rest.action("remove-downtime", downtime=each)
        self.wait_both(name, depth=0)

    def test_a_passive_result(self):
        name = service("passive")
        self.submit(name, 2, "found by hand")
        state = self.wait_both(name, state=2)
        self.assertEqual((state["output"], state["state_type"]), ("found by hand", "hard"))
        record = self.node.wait_audit(object_name=name, method="event::CheckResult", decision="accepted", reason="ok")
        self.assertEqual((record["object_type"], record["parent"], record["count"]), ("Service", MASTER, 1))
        self.assertEqual(state["last_check"], rfc3339(self.there(name)["last_check_result"]["execution_end"]))
        # The check of this node's own says how it is.
        before = self.state(name)
        self.reschedule(name)
        self.assertEqual(self.wait_checked(name, before)["state"], 0)
        self.submit(HOST, 1, "gone")
        self.wait_there(HOST, state=1)
        self.wait_state(HOST, output="gone")
        before = self.state(HOST)
        self.reschedule(HOST)
        self.wait_checked(HOST, before)
        self.wait_there(HOST, state=0)

    def test_a_passive_result_that_is_not_renewed_in_time_makes_a_check(self):
        name = service("ttl")
        self.submit(name, 2, "for a while", ttl=20)
        before = self.wait_state(name, output="for a while")
        self.assertEqual(before["state"], 2)
        self.assertEqual(self.wait_checked(name, before)["state"], 0)
        self.wait_there(name, state=0)

    def test_who_takes_no_passive_results_takes_none(self):
        name = service("closed")
        self.modify("services", name, enable_passive_checks=False)
        self.wait_attrs("Service", name, enable_passive_checks=False)
        before = self.state(name)
        try:
            self.submit(name, 2)
        except RestError as error:
            self.assertEqual(error.status, 403)  # the master does not take it either
        self.assert_not_checked(name, before)
        self.assertEqual(self.state(name)["state"], 0)
        self.modify("services", name, enable_passive_checks=True)
        self.wait_attrs("Service", name, enable_passive_checks=True)
        self.submit(name, 2)
        self.wait_both(name, state=2)

    def test_all_of_a_restart(self):
        name = service("all")
        self.turn(name, 2)
        self.acknowledge(name, sticky=True)
        downtime = self.plan_downtime(name, fixed=False, duration=3600)
        self.wait_both(name, depth=1, acknowledged=2)
        self.modify("services", name, enable_active_checks=False)
        self.wait_attrs("Service", name, enable_active_checks=False)
        before = self.state(name)
        with connecting(self.master, self.node):
            self.node.stop()
            self.node.start()
            after = self.wait_state(name, checked=True)
        kept = ("state", "state_type", "check_attempt", "acknowledged", "downtime_depth", "last_check", "last_state_change", "next_check")
        self.assertEqual({key: after[key] for key in kept}, {key: before[key] for key in kept})
        self.master.rest.action("remove-downtime", downtime=downtime)
        self.wait_both(name, depth=0, acknowledged=2)


class WithoutTheGrants(Checks):
    """Only what is needed for the zone, and the comments that tell when everything was judged."""

    caps = grant(config=CONFIG, comment={})
    names = ["recheck", "paused", "known", "works", "passive"]

    def test_no_recheck(self):
        name = service("recheck")
        before = self.state(name)
        self.reschedule(name)
        record = self.denied(name, "event::SetNextCheck", "capability-denied")
        self.assertIn("recheck", record["detail"])
        self.master.rest.recheck("Service", name)
        self.denied(name, "event::SetForceNextCheck", "capability-denied")
        self.assert_not_checked(name, before)
        self.assertEqual(self.state(name)["next_check"], before["next_check"])

    def test_no_pause(self):
        name = service("paused")
        self.modify("services", name, enable_active_checks=False)
        record = self.denied(name, "config::UpdateObject", "capability-denied")
        self.assertIn("pause", record["detail"])
        self.all_done()
        self.assertTrue(self.attrs("Service", name)["enable_active_checks"])
        self.assertIsNotNone(self.state(name)["next_check"])

    def test_no_acknowledgement(self):
        name = service("known")
        self.turn(name, 2)
        self.acknowledge(name)
        record = self.denied(name, "event::SetAcknowledgement", "capability-denied")
        self.assertIn("acknowledge", record["detail"])
        self.all_done()
        self.assertFalse(self.state(name)["acknowledged"])
        self.assertEqual(self.there(name)["acknowledgement"], 1)
        self.action("remove-acknowledgement", name, author="ops")
        self.denied(name, "event::ClearAcknowledgement", "capability-denied")

    def test_no_downtime(self):
        name = service("works")
        downtime = self.plan_downtime(name, fixed=True)
        self.node.wait_audit(object_name=downtime, decision="rejected", reason="capability-denied", parent=MASTER)
        self.all_done()
        self.assertEqual(self.state(name)["downtime_depth"], 0)
        self.wait_there(name, downtime_depth=1)

    def test_no_passive_result(self):
        name = service("passive")
        before = self.state(name)
        self.submit(name, 2)
        self.denied(name, "event::CheckResult", "capability-denied")
        self.assert_not_checked(name, before)
        self.assertEqual(self.state(name)["state"], 0)


class Limits(Checks):
    """Each grant has a scope, and a rate."""

    @staticmethod
    def caps_with(rate):
        inside = {"services": [service("in-*")]}
        return grant(config=CONFIG, comment={}, recheck={**inside, "hosts": [], "rate": rate}, acknowledge=inside, passive=inside,
                     pause={"services": [service("in-paused")]})

    caps = caps_with("1000/h")
    names = ["in-recheck", "in-known", "in-passive", "in-shut", "in-paused", "out"]

    def test_a_rate(self):
        name = service("in-recheck")
        # Another rate starts to count anew: what the master sent when it started has taken nothing of it.
        self.node.write_caps(self.caps_with("2/h"))
        self.assertTrue(self.node.ctl("config", "reload", json=True)["reloaded"])
        for _ in range(2):
            before = self.state(name)
            self.master.rest.recheck("Service", name)
            self.wait_checked(name, before)
        before = self.state(name)
        self.reschedule(name)
        self.denied(name, "event::SetNextCheck", "rate-limited")
        self.master.rest.recheck("Service", name)
        wait_for(lambda: self.node.audit(object_name=name, reason="rate-limited")[0]["count"] > 1 or
                 len(self.node.audit(object_name=name, reason="rate-limited")) > 1, "the second refusal")
        self.assert_not_checked(name, before)
        # What is out of its scope takes nothing of it, and is told apart.
        for other in (service("out"), HOST):
            before = self.state(other)
            self.reschedule(other)
            self.denied(other, "event::SetNextCheck", "out-of-scope")
            self.assert_not_checked(other, before)

    def test_a_scope_of_acknowledgements(self):
        inside, outside = service("in-known"), service("out")
        for name in (inside, outside):
            self.turn(name, 2)
            self.acknowledge(name)
        self.wait_both(inside, acknowledged=1)
        self.denied(outside, "event::SetAcknowledgement", "out-of-scope")
        self.assertFalse(self.state(outside)["acknowledged"])

    def test_a_scope_of_passive_results(self):
        inside, outside = service("in-passive"), HOST
        self.submit(inside, 1)
        self.submit(outside, 1)
        self.wait_both(inside, state=1)
        self.denied(outside, "event::CheckResult", "out-of-scope")
        self.assertEqual(self.state(outside)["state"], 0)
        # The master has that result all the same; the next one of ours corrects it.
        self.node.ctl("check", "now", outside)
        self.wait_there(outside, state=0)

    def test_what_this_node_does_not_take_the_master_cannot_make_it_take(self):
        name = service("in-shut")
        self.modify("services", name, enable_passive_checks=True)
        self.denied(name, "config::UpdateObject", "out-of-scope")
        self.submit(name, 2)
        self.assertEqual(self.denied(name, "event::CheckResult", "out-of-scope")["detail"], "enable_passive_checks is off")
        self.wait_there(name, state=2)
        self.assertEqual(self.state(name)["state"], 0)
        self.node.ctl("check", "now", name)
        self.wait_there(name, state=0)

    def test_a_scope_of_pauses(self):
        inside, outside = service("in-paused"), service("out")
        for name in (inside, outside):
            self.modify("services", name, enable_active_checks=False)
        self.wait_attrs("Service", inside, enable_active_checks=False)
        self.denied(outside, "config::UpdateObject", "out-of-scope")
        self.assertTrue(self.attrs("Service", outside)["enable_active_checks"])


class PausesThatEnd(Checks):
    """A parent may pause for a few seconds at a time, and what it pauses is due each second."""

    seconds = 20
    caps = grant(config=CONFIG, comment={}, pause={"max_duration": f"{seconds}s"})
    names = ["paused", "changed", "kept", "runs"]
    interval = "1s"

    def pause(self, name):
        """What stands here once no check of it is under way any more."""
        self.modify("services", name, enable_active_checks=False)
        self.wait_attrs("Service", name, enable_active_checks=False)
        return self.wait_state(name, next_check=None, running=False)

    def wait_resumed(self, name, before):
        """Waits until it is checked again by itself, and checks that it was not before its time, nor long after."""
        after = self.wait_checked(name, before)
        self.assertTrue(self.attrs("Service", name)["enable_active_checks"])
        self.assertIsNotNone(after["next_check"])
        asked, ended = self.records(name)
        self.assertEqual(ended["detail"], "resumed: max_duration of the grant of pause is over for enable_active_checks")
        lasted = moment(ended["time"]) - moment(asked["time"])
        # The first record is written once the pause is in force, a moment after it was counted from.
        self.assertGreater(lasted, self.seconds / 2)
        self.assertLess(lasted, self.seconds + 30)
        self.assertGreater(moment(after["last_check"]), moment(ended["time"]) - 1)
        self.assertLess(moment(before["execution_start"]), moment(asked["time"]) + 1)

    def records(self, name):
        """Of the last pause: of its begin and its end."""
        def look():
            found = self.node.audit(object_name=name, method="config::UpdateObject", decision="changed", reason="ok", parent=MASTER)
            ended = [one for one in found if one["detail"].startswith("resumed")]
            asked = [one for one in found if one["detail"] == "changed enable_active_checks"]
            return (asked[0], ended[0]) if asked and ended else None

        return wait_for(look, f"the records of the pause of {name}", last=lambda: self.node.audit(object_name=name))

    def test_a_pause_ends_by_itself(self):
        name, other = service("paused"), service("runs")
        before = self.pause(name)
        running = self.state(other)
        # Nothing but the pause keeps it from being checked.
        self.wait_checked(other, running)
        still = self.state(name)
        self.assertTrue(still["paused"], "long enough for all of this")
        self.assertEqual(still["last_check"], before["last_check"])
        self.wait_resumed(name, before)
        # The master has it off still, and takes what is found here.
        self.assertFalse(self.there(name)["enable_active_checks"])
        self.wait_there(name, state=0)

    def test_what_else_is_changed_makes_it_no_longer(self):
        name = service("changed")
        before = self.pause(name)
        for count in range(3):
            self.modify("services", name, **{"vars.note": count})
            self.wait_object("Service", name, lambda one: one["attrs"]["vars"].get("note") == count)
            self.assertEqual(self.state(name)["paused"], before["paused"])
        self.wait_resumed(name, before)

    def test_it_ends_over_a_restart_as_well(self):
        name = service("kept")
        before = self.pause(name)
        with connecting(self.master, self.node):
            self.node.stop()
            self.node.start()
        self.wait_resumed(name, before)


if __name__ == "__main__":
    main()
