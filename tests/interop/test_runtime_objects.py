#!/usr/bin/python3
"""What a master's API makes, changes and deletes: with the grant it is so here as well, without it nothing is."""

import pushed_zone
from configured_pair import CONFIG, EVERYTHING, Pair, grant
from lab import AGENT, MASTER, main
from scene import CAPS
from waiting import wait_for

# Kinds of objects that a parent never makes, with what Icinga 2.13 needs to make one by its API. It makes no Endpoint:
# its zone would have to name it before it is there.
NEVER = {"EventCommand": ("eventcommands", {"command": ["/bin/id"]}),
         "NotificationCommand": ("notificationcommands", {"command": ["/bin/id"]}), "ApiUser": ("apiusers", {"password": "x", "permissions": ["*"]}), "Zone": ("zones", {"parent": AGENT})}


class RuntimeObjects(Pair):
    def setUp(self):
        self.wait_zone()

    def assert_as_there(self, kind, name):
        there = self.master.rest.attrs(pushed_zone.KINDS.get(kind, kind.lower() + "s"), name)
        self.assert_same(kind, name, there)
        self.assertEqual(self.attrs(kind, name)["package"], there["package"])

    def assert_changed(self, method, kind, name, *details):
        """The master sends one message for each attribute."""
        def seen():
            records = self.node.audit(method=method, object_type=kind, object_name=name, decision="changed", reason="ok", parent=MASTER)
            return sorted(one["detail"] for one in records)

        wait_for(lambda: seen() == sorted(details), f"the records of {kind} {name}", last=seen)

    def test_a_host_and_its_service(self):
        self.put("hosts", "api-host", check_command="dummy", address="192.0.2.9", **{"vars.made": "by the API"})
        host = self.wait_object("Host", "api-host")
        self.assertEqual((host["origin"], host["zone"]), (f"runtime:{MASTER}", AGENT))
        self.assertEqual((host["attrs"]["address"], host["attrs"]["vars"]), ("192.0.2.9", {"made": "by the API"}))
        self.assertEqual((host["file"], host["line"]), (None, None), "a message is no file")
        self.assertEqual(self.node.wait_audit(object_type="Host", object_name="api-host", decision="accepted")["detail"], "created")
        self.put("services", "api-host!api-svc", check_command="lab-plain", check_interval=90)
        self.wait_attrs("Service", "api-host!api-svc", check_interval=90)
        self.modify("services", "api-host!api-svc", check_interval=120, **{"vars.note": "changed"})
        self.wait_attrs("Service", "api-host!api-svc", check_interval=120, vars={"note": "changed"})
        self.assert_changed("config::UpdateObject", "Service", "api-host!api-svc", "changed check_interval", "changed vars.note")
        self.modify("hosts", "api-host", display_name="Another", **{"vars.made": "twice"})
        self.wait_attrs("Host", "api-host", display_name="Another")
        self.assert_as_there("Host", "api-host")
        self.assert_as_there("Service", "api-host!api-svc")
        self.delete("services", "api-host!api-svc")
        self.wait_gone("Service", "api-host!api-svc")
        self.assertIn(("Host", "api-host"), self.objects("Host"))
        self.delete("hosts", "api-host")
        self.wait_gone("Host", "api-host")
        self.assert_changed("config::DeleteObject", "Host", "api-host", "deleted")

    def test_a_host_goes_with_what_hangs_on_it(self):
        self.put("hosts", "full", check_command="dummy")
        self.put("services", "full!svc", check_command="dummy")
        names = {"Downtime": self.downtime("full"), "Comment": self.comment("full"), "Service": "full!svc"}
        for kind, name in names.items():
            self.wait_object(kind, name)
        self.delete("hosts", "full")
        self.wait_gone("Host", "full")
        self.all_done()
        for kind, name in names.items():
            self.assert_not_there(kind, name)
            self.assertIsNone(self.master.rest.attrs(kind.lower() + "s", name))

    def test_rules_of_the_zone_apply_to_a_host_made_by_the_api(self):
        def services():
            found = self.master.rest.get("/v1/objects/services")["results"]
            return sorted(one["name"] for one in found if one["name"].startswith("ruled!"))

        self.put("hosts", "ruled", "linux-host", **{"vars.ports": [22], "vars.disks": {"/": {"warn": 7}}})
        self.wait_object("Service", "ruled!port 22")
        self.assertEqual(sorted(name for _, name in self.objects("Service") if name.startswith("ruled!")), services())
        self.assertEqual(len(services()), 10)
        for name in services():
            self.assert_same("Service", name, self.master.rest.service(name))
        self.assert_as_there("Host", "ruled")
        self.delete("hosts", "ruled")
        self.wait_gone("Host", "ruled")
        self.assertEqual([name for _, name in self.objects("Service") if name.startswith("ruled!")], [])

    def test_a_downtime(self):
        name = self.downtime("web1")
        downtime = self.wait_object("Downtime", name)
        self.assertEqual(downtime["origin"], f"runtime:{MASTER}")
        self.assert_as_there("Downtime", name)
        # The API changes whatever was said when it was made.
        end = downtime["attrs"]["end_time"] + 60
        self.modify("downtimes", name, author="other", comment="more works", end_time=end, fixed=False, duration=600)
        self.wait_attrs("Downtime", name, author="other", comment="more works", end_time=end, fixed=False, duration=600)
        self.assert_as_there("Downtime", name)
        changed = ("author", "comment", "duration", "end_time", "fixed")
        self.assert_changed("config::UpdateObject", "Downtime", name, *(f"changed {each}" for each in changed))
        self.master.rest.action("remove-downtime", downtime=name)
        self.wait_gone("Downtime", name)
        self.assertIsNone(self.master.rest.attrs("downtimes", name))
        self.assert_changed("config::DeleteObject", "Downtime", name, "deleted")

    def test_downtimes_of_all_services_of_a_host(self):
        now = self.master.program_start()
        made = self.master.rest.action("schedule-downtime", type="Host", filter='host.name=="app1"', author="ops", comment="all",
                                       start_time=now, end_time=now + 86400, all_services=True)[0]
        names = [made["name"]] + [one["name"] for one in made["service_downtimes"]]
        self.assertGreater(len(names), 10)
        for name in names:
            self.wait_object("Downtime", name)
            self.assert_as_there("Downtime", name)
        self.master.rest.action("remove-downtime", type="Downtime", filter='downtime.comment=="all"')
        for name in names:
            self.wait_gone("Downtime", name)

    def test_a_comment(self):
        name = self.comment("web1")
        comment = self.wait_object("Comment", name)
        self.assertEqual((comment["attrs"]["author"], comment["attrs"]["text"]), ("ops", "seen"))
        self.modify("comments", name, author="other", text="seen again", persistent=True)
        self.wait_attrs("Comment", name, author="other", text="seen again", persistent=True)
        self.assert_as_there("Comment", name)
        self.assert_changed("config::UpdateObject", "Comment", name, "changed author", "changed persistent", "changed text")
        self.master.rest.action("remove-comment", comment=name)
        self.wait_gone("Comment", name)
        self.assertIsNone(self.master.rest.attrs("comments", name))
        self.assert_changed("config::DeleteObject", "Comment", name, "deleted")

    def test_users_and_notifications_are_kept_as_data(self):
        self.put("usergroups", "api-group", display_name="By the API")
        self.put("users", "api-user", email="someone@example.org", groups=["api-group"])
        self.put("notifications", "web1!api-note", command="ring-bell", users=["api-user"], interval=60)
        self.put("timeperiods", "api-period", ranges={"monday": "00:00-24:00"})
        self.put("scheduleddowntimes", "web1!api-works", author="ops", comment="every year", ranges={"december 24": "08:00-12:00"})
        made = {"UserGroup": "api-group", "User": "api-user", "Notification": "web1!api-note", "TimePeriod": "api-period",
                "ScheduledDowntime": "web1!api-works"}
        for kind, name in made.items():
            self.assertEqual(self.wait_object(kind, name)["origin"], f"runtime:{MASTER}")
            self.assert_as_there(kind, name)
        self.modify("users", "api-user", email="else@example.org")
        self.wait_attrs("User", "api-user", email="else@example.org")
        for kind in ("Notification", "ScheduledDowntime", "User", "UserGroup", "TimePeriod"):
            self.delete(pushed_zone.KINDS[kind], made[kind])
            self.wait_gone(kind, made[kind])

    def test_a_check_command_in_every_zone_that_reaches_us(self):
        for zone in (AGENT, "global-templates"):
            name = f"runtime-evil-{zone.split('.')[0]}"
            self.put("checkcommands", name, "plugin-check-command", command=["/bin/sh", "-c", f"id > {self.mark}"], zone=zone)
            record = self.node.wait_audit("the refused command", method="config::UpdateObject", object_name=name)
            self.assertEqual((record["object_type"], record["decision"], record["reason"]), ("CheckCommand", "rejected", "command-pushed"))
            self.assertIn("/bin/sh", self.node.record(record["id"])["content"])
            self.put("services", f"web1!uses-{name}", check_command=name, check_interval=1)
            result = self.master.rest.result(f"web1!uses-{name}", lambda got: True)
            self.assertEqual(result["state"], 3)
            self.assertIn(f"endpointd: Service 'web1!uses-{name}' rejected: ", result["output"])
            # A change does not bring in what was refused.
            self.modify("checkcommands", name, timeout=30)
            wait_for(lambda: self.node.audit(object_name=name, method="config::UpdateObject")[0]["count"] > record["count"],
                     "the refused change")
            self.modify("services", f"web1!uses-{name}", check_interval=2)
            self.all_done()
            self.assert_not_there("Service", f"web1!uses-{name}")
        self.assertNotIn("CheckCommand", {kind for kind, _ in self.objects()})
        self.assert_nothing_ran()

    def test_a_command_of_ours_is_not_replaced(self):
        self.put("checkcommands", "disk-of-the-master", "plugin-check-command", command=["/bin/false"])
        self.node.wait_audit(object_name="disk-of-the-master", reason="command-pushed")
        before = self.node.ctl("catalog", "show", "lab-true", json=True)
        # The master has one of this name as well: it is changed there, and nothing of that comes in.
        self.modify("checkcommands", "lab-true", timeout=7)
        self.all_done()
        self.assertEqual(self.node.ctl("catalog", "show", "lab-true", json=True), before)

    def test_what_no_parent_makes(self):
        for zone in (AGENT, "global-templates"):
            for kind, (plural, attrs) in NEVER.items():
                name = f"{kind.lower()}-{zone.split('.')[0]}"
                self.put(plural, name, **attrs, zone=zone)
                record = self.node.wait_audit("the refused object", method="config::UpdateObject", object_type=kind, object_name=name)
                self.assertEqual(record["decision"], "rejected")
                self.assertEqual(record["reason"], "command-pushed" if kind.endswith("Command") else "type-not-granted")
                self.delete(plural, name)
                record = self.node.wait_audit("the refused deletion", method="config::DeleteObject", object_type=kind, object_name=name)
                self.assertEqual(record["decision"], "denied")
                self.assert_not_there(kind, name)


class WithoutTheGrant(Pair):
    caps = CAPS

    def refused(self, kind, name, method="config::UpdateObject"):
        record = self.node.wait_audit("the refused object", method=method, object_type=kind, object_name=name)
        self.assertEqual((record["reason"], record["parent"]), ("capability-denied", MASTER))
        self.assertEqual(record["decision"], "rejected" if method == "config::UpdateObject" else "denied")
        self.assertEqual(self.objects(), {})

    def test_nothing_made_at_run_time_stands(self):
        self.put("hosts", "api-host", check_command="dummy")
        self.refused("Host", "api-host")
        self.put("services", "web1!api-svc", check_command="dummy")
        self.refused("Service", "web1!api-svc")
        self.modify("services", "web1!api-svc", check_interval=120)
        downtime, comment = self.downtime("web1"), self.comment("web1")
        self.refused("Downtime", downtime)
        self.refused("Comment", comment)
        self.modify("comments", comment, text="changed")
        self.modify("downtimes", downtime, comment="changed")
        self.modify("hosts", "web1", enable_active_checks=False)
        record = self.node.wait_audit("the refused pause", object_type="Host", object_name="web1", decision="denied",
                                      method="config::UpdateObject")
        self.assertEqual(record["reason"], "capability-denied")
        self.delete("hosts", "api-host")
        self.refused("Host", "api-host", "config::DeleteObject")
        self.master.rest.action("remove-downtime", downtime=downtime)
        self.refused("Downtime", downtime, "config::DeleteObject")
        self.master.rest.action("remove-comment", comment=comment)
        self.refused("Comment", comment, "config::DeleteObject")
        # The master still has what it made for itself.
        self.assertEqual(self.master.rest.service("web1!api-svc")["check_interval"], 120)
        self.assert_nothing_ran()


class OneGrantForEach(Pair):
    """Downtimes and comments are their own capabilities, and `hosts` limits each."""

    caps = grant(config={**CONFIG, "hosts": ["web1", "db1"], "types": ["Host", "Service"]}, downtime={"hosts": ["web1"], "max_duration": "2d"},
                 comment={"hosts": ["db1"]})

    def setUp(self):
        self.wait_object("Host", "web1")

    def test_each_is_judged_by_its_own(self):
        allowed = [("Downtime", self.downtime("web1")), ("Comment", self.comment("db1"))]
        refused = [("Downtime", self.downtime("db1")), ("Comment", self.comment("web1"))]
        for kind, name in allowed:
            self.wait_object(kind, name)
        for kind, name in refused:
            self.assertEqual(self.node.wait_audit(object_name=name)["reason"], "out-of-scope")
            self.assert_not_there(kind, name)
            self.master.rest.action(f"remove-{kind.lower()}", **{kind.lower(): name})
            record = self.node.wait_audit(method="config::DeleteObject", object_name=name)
            self.assertEqual((record["decision"], record["reason"]), ("denied", "out-of-scope"))
        for kind, name in allowed:
            self.master.rest.action(f"remove-{kind.lower()}", **{kind.lower(): name})
            self.wait_gone(kind, name)

    def test_a_downtime_is_not_made_longer_than_the_grant_lets_it_last(self):
        name = self.downtime("web1")
        end = self.wait_object("Downtime", name)["attrs"]["end_time"]
        self.modify("downtimes", name, end_time=end + 10 * 86400)
        record = self.node.wait_audit(object_name=name, decision="denied")
        self.assertEqual((record["reason"], self.node.record(record["id"])["parameter"]), ("limit-exceeded", "end_time"))
        self.assertEqual(self.attrs("Downtime", name)["end_time"], end)
        self.modify("downtimes", name, end_time=end + 3600)
        self.wait_attrs("Downtime", name, end_time=end + 3600)

    def test_a_host_outside_the_grant_is_told_to_its_parent(self):
        self.put("hosts", "else", check_command="dummy")
        result = self.master.rest.result("else", lambda got: "endpointd" in got["output"])
        self.assertIn("endpointd: Host 'else' rejected: ", result["output"])
        self.assertEqual(self.node.wait_audit(object_type="Host", object_name="else")["reason"], "out-of-scope")
        self.assert_not_there("Host", "else")


class AGrantThatEnds(Pair):
    def rule(self, caps):
        after = len(self.node.log())
        self.node.write_caps(caps)
        self.node.ctl("config", "reload")
        self.node.wait_log("configuration evaluated", after)

    def test_what_was_deleted_meanwhile_does_not_come_back(self):
        self.wait_zone()
        kept, deleted = self.downtime("web1"), self.downtime("web1")
        self.put("hosts", "api-host", check_command="dummy")
        for kind, name in (("Downtime", kept), ("Downtime", deleted), ("Host", "api-host")):
            self.wait_object(kind, name)
        self.rule(CAPS)
        self.assertEqual(self.objects(), {})
        self.master.rest.action("remove-downtime", downtime=deleted)
        self.delete("hosts", "api-host")
        for name in (deleted, "api-host"):
            record = self.node.wait_audit("the refused deletion", method="config::DeleteObject", object_name=name)
            self.assertEqual((record["decision"], record["reason"]), ("denied", "capability-denied"))
        self.rule(EVERYTHING)
        self.wait_object("Downtime", kept)
        self.assert_not_there("Downtime", deleted)
        self.assert_not_there("Host", "api-host")


if __name__ == "__main__":
    main()
