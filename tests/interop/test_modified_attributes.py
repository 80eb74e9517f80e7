#!/usr/bin/python3
"""Attributes that a master's API changes: each is judged alone, and what is restored there is restored here."""

from configured_pair import CONFIG, Pair, grant
from lab import MASTER, main
from scene import connecting
from waiting import wait_for

SINGLE = "web1!single"


class ChangedAttributes(Pair):
    def setUp(self):
        self.wait_zone()

    def assert_as_there(self):
        self.assert_same("Service", SINGLE, self.master.rest.service(SINGLE))

    def assert_detail(self, detail):
        wait_for(lambda: [one for one in self.node.audit(object_name=SINGLE, decision="changed") if one["detail"] == detail], detail,
                 last=lambda: [one["detail"] for one in self.node.audit(object_name=SINGLE)])

    def test_what_is_changed_there_is_changed_here_and_so_is_its_restoration(self):
        before = self.attrs("Service", SINGLE)
        changes = {"enable_active_checks": False, "check_interval": 77, "max_check_attempts": 9, "display_name": "Another",
                   "check_period": "", "notes": "a \"quoted\"\n\ttext, ä", "event_command": "heal-thing",
                   "vars.flat": [1, "two", None, {"three": 3.5}], "vars.deep.er.still": True, "vars.dummy_state": 1}
        for attribute, value in changes.items():
            self.modify("services", SINGLE, **{attribute: value})
        self.all_done()
        after = self.attrs("Service", SINGLE)
        for attribute, value in changes.items():
            if not attribute.startswith("vars."):
                self.assertEqual(after[attribute], value, attribute)
        self.assertEqual(after["vars"], {**before["vars"], "flat": changes["vars.flat"], "deep": {"er": {"still": True}}, "dummy_state": 1})
        self.assertEqual(self.objects()["Service", SINGLE]["origin"], f"pushed:{MASTER}")
        self.assert_as_there()
        for attribute in changes:
            self.assert_detail(f"changed {attribute}")
        # As the rest of the configuration, it is there without the master.
        with connecting(self.master, self.node):
            self.node.stop()
            self.node.start()
            self.assertEqual(self.attrs("Service", SINGLE), after)
        self.restore("Service", SINGLE, "check_interval")
        self.wait_attrs("Service", SINGLE, check_interval=300, max_check_attempts=9)
        self.assert_detail("restored check_interval")
        for attribute in changes:
            if attribute != "check_interval":
                self.restore("Service", SINGLE, attribute)
        self.all_done()
        restored = self.attrs("Service", SINGLE)
        # Upstream leaves the dictionaries on the way behind.
        restored["vars"].pop("deep", None)
        self.assertEqual({**restored, "version": 0}, {**before, "version": 0})

    def test_a_dictionary_as_a_whole_and_a_part_of_it(self):
        def disks(host):
            # Upstream sends what is not in it any more as null, and its own nodes show that as well.
            return {path: disk for path, disk in host["vars"]["disks"].items() if disk is not None}

        before = self.attrs("Host", "db1")["vars"]
        self.modify("hosts", "db1", **{"vars.disks": {"/only": {"warn": 1}}})
        self.all_done()
        self.assertEqual(disks(self.attrs("Host", "db1")), {"/only": {"warn": 1}})
        self.modify("hosts", "db1", **{"vars.disks./only.warn": 2})
        self.all_done()
        self.assertEqual(disks(self.attrs("Host", "db1")), {"/only": {"warn": 2}})
        self.assertEqual(disks(self.master.rest.host("db1")), {"/only": {"warn": 2}})
        self.restore("Host", "db1", "vars.disks")
        self.all_done()
        self.assertEqual(self.attrs("Host", "db1")["vars"], before)

    def test_several_at_once_are_judged_one_by_one(self):
        name = "web1!port 80"
        self.modify("services", name, max_check_attempts=7, check_command="evil", command_endpoint=MASTER, **{"vars.fine": "yes"})
        attrs = self.wait_attrs("Service", name, max_check_attempts=7, vars={"fine": "yes"})
        self.assertEqual((attrs["check_command"], attrs["command_endpoint"]), ("lab-true", ""))
        reasons = {"check_command": "unknown-command", "command_endpoint": "attribute-not-allowed"}
        for attribute, reason in reasons.items():
            record = self.node.wait_audit(object_name=name, decision="denied", reason=reason)
            shown = self.node.record(record["id"])
            self.assertEqual((shown["parameter"], shown["object_type"]), (attribute, "Service"))
        self.assert_nothing_ran()

    def test_a_value_that_breaks_a_parameters_rule(self):
        name = "web1!disk /"
        self.modify("services", name, **{"vars.lab_text": "-rf"})
        record = self.node.wait_audit(object_name=name, decision="denied", method="config::UpdateObject", reason="argument-refused")
        self.assertEqual(self.node.record(record["id"])["parameter"], "vars.lab_text")
        self.assertEqual(self.attrs("Service", name)["vars"]["lab_text"], "path /")
        self.modify("services", name, **{"vars.lab_text": "path of the API"})
        self.wait_attrs("Service", name, vars={"lab_text": "path of the API", "warn": 20, "owner": "ops"})

    def test_who_an_object_is_cannot_be_changed(self):
        name = "web1!port 443"
        self.modify("services", name, host_name="db1")
        record = self.node.wait_audit(object_name=name, decision="denied", reason="attribute-not-allowed")
        self.assertEqual(self.node.record(record["id"])["parameter"], "host_name")
        self.assertEqual(self.attrs("Service", name)["host_name"], "web1")

    def test_a_reload_of_the_master_keeps_them(self):
        name = "app1!port 8080"
        self.modify("services", name, notes="of the API")
        self.wait_attrs("Service", name, notes="of the API")
        with connecting(self.master, self.node):
            self.master.reload()
        self.all_done()
        self.assertEqual(self.attrs("Service", name)["notes"], "of the API")
        self.assert_same("Service", name, self.master.rest.service(name))


class AttributesOfOurOwn(Pair):
    """The host has its objects of its own zones.d, and the master has them as well: it changes what it is granted to."""

    caps = grant(pause={})

    @classmethod
    def build(cls, lab):
        super().build(lab)
        own = ('object Host "web1" {\n  check_command = "dummy"\n}\n'
               'object Service "single" {\n  host_name = "web1"\n  check_command = "dummy"\n  check_interval = 5m\n}\n')
        cls.node.write("zones.d/own.conf", own)
        cls.node.ctl("config", "reload")

    def setUp(self):
        self.wait_object("Service", SINGLE, lambda one: one["origin"] == "local")

    def rule(self, **capabilities):
        after = len(self.node.log())
        self.node.write_caps(grant(**capabilities))
        self.node.ctl("config", "reload")
        self.node.wait_log("configuration evaluated", after)

    def shown(self, *names):
        attrs = self.attrs("Service", SINGLE)
        return [attrs[name] for name in names]

    def denials(self):
        """{(attribute, reason)} of everything that was refused of the service."""
        records = self.node.audit(object_name=SINGLE, decision="denied", method="config::UpdateObject")
        return {(self.node.record(one["id"])["parameter"], one["reason"]) for one in records}

    def wait_denied(self, attribute, reason):
        wait_for(lambda: (attribute, reason) in self.denials(), f"{attribute} to be refused: {reason}", last=self.denials)

    def test_each_grant_has_its_attributes(self):
        # Only to pause.
        self.modify("services", SINGLE, enable_active_checks=False, enable_notifications=False)
        self.wait_attrs("Service", SINGLE, enable_active_checks=False, enable_notifications=False)
        self.modify("services", SINGLE, check_interval=77, max_check_attempts=9, notes="of the API", **{"vars.a.b": 1})
        for attribute in ("check_interval", "max_check_attempts", "notes", "vars.a.b"):
            self.wait_denied(attribute, "capability-denied")
        self.assertEqual(self.shown("check_interval", "max_check_attempts", "notes", "vars"), [300, 3, "", None])
        self.assertEqual(self.shown("enable_active_checks", "enable_notifications"), [False, False])
        self.assertEqual(self.objects()["Service", SINGLE]["origin"], "local")
        # Only some attributes, and not to pause. What was refused before is judged anew.
        self.rule(config={**CONFIG, "attributes": ["check_interval", "vars.a*", "notes"], "min_check_interval": "60s"})
        self.assertEqual(self.shown("check_interval", "max_check_attempts", "notes", "vars"), [77, 3, "of the API", {"a": {"b": 1}}])
        self.assertEqual(self.shown("enable_active_checks", "enable_notifications"), [True, True])
        self.wait_denied("max_check_attempts", "attribute-not-allowed")
        self.wait_denied("enable_active_checks", "capability-denied")
        self.modify("services", SINGLE, check_interval=10)
        self.wait_denied("check_interval", "limit-exceeded")
        self.assertEqual(self.shown("check_interval", "notes"), [300, "of the API"])
        self.modify("services", SINGLE, **{"vars.b": 1})
        self.wait_denied("vars.b", "attribute-not-allowed")
        # Of another service only.
        self.rule(config={**CONFIG, "services": ["other*"], "hosts": []}, pause={"services": ["web1!other"]})
        self.assertEqual(self.shown("check_interval", "notes", "vars", "enable_active_checks"), [300, "", None, True])
        self.wait_denied("notes", "out-of-scope")
        self.wait_denied("enable_active_checks", "out-of-scope")

    def test_what_is_resumed_without_the_grant_is_not_paused_with_the_next(self):
        self.rule(pause={})
        self.modify("hosts", "web1", enable_active_checks=False)
        self.wait_attrs("Host", "web1", enable_active_checks=False)
        self.rule()
        self.wait_attrs("Host", "web1", enable_active_checks=True)
        self.modify("hosts", "web1", enable_active_checks=True)
        self.node.wait_audit(object_type="Host", object_name="web1", decision="denied", method="config::UpdateObject",
                             reason="capability-denied")
        self.rule(pause={})
        self.assertTrue(self.attrs("Host", "web1")["enable_active_checks"])


if __name__ == "__main__":
    main()
