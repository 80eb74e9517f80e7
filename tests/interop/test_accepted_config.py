#!/usr/bin/python3
"""A master that may configure: its objects stand here as they stand there, its commands nowhere."""

import re

import pushed_zone
from configured_pair import Pair
from lab import AGENT, MASTER, main
from scene import audit_number, connecting


class AcceptedConfig(Pair):
    def there(self, kind):
        """{name: attributes} of the master's objects of our zone."""
        found = self.master.rest.get(f"/v1/objects/{pushed_zone.KINDS[kind]}")["results"]
        return {one["name"]: one["attrs"] for one in found if one["attrs"]["zone"] == AGENT}

    def assert_as_on_the_master(self):
        here = self.objects()
        for kind in pushed_zone.KINDS:
            there = self.there(kind)
            there.pop("web1!evil-svc", None)
            ours = {name: one for (each, name), one in here.items() if each == kind}
            self.assertEqual(sorted(ours), sorted(there), kind)
            for name, one in ours.items():
                self.assertEqual(one["origin"], f"pushed:{MASTER}", name)
                self.assertEqual(one["zone"], AGENT, name)
                self.assert_same(kind, name, there[name], one["attrs"])

    def test_1_every_legitimate_object_stands_as_on_the_master(self):
        self.wait_zone()
        self.assertEqual(sorted(name for _, name in self.objects("Host")), pushed_zone.HOSTS)
        self.assertEqual(len(self.objects("Service")), pushed_zone.SERVICES)
        self.assert_as_on_the_master()
        # So that the comparison cannot pass because an attribute is shown nowhere.
        disk = self.objects("Service")["Service", "web1!disk /srv/www"]["attrs"]
        self.assertEqual(disk["vars"], {"lab_text": "path /srv/www", "warn": 25})
        self.assertEqual((disk["check_interval"], disk["check_command"], disk["check_period"]), (300, "lab-args", "office"))
        self.assertEqual(disk["groups"], ["disks"])
        self.assertEqual(sorted(self.objects("Host")["Host", "db1"]["attrs"]["groups"]), ["linux", "production"])
        ring = self.objects("Notification")["Notification", "web1!disk /!ring"]["attrs"]
        self.assertEqual((ring["users"], ring["user_groups"], ring["times"]), (["ada", "bob"], ["ops"], {"begin": 120, "end": 3600}))
        self.assertEqual((ring["command"], ring["vars"]["about"]), ("ring-bell", "disk / of web1"))
        self.assertEqual(sorted(self.objects("User")["User", "ada"]["attrs"]["groups"]), ["night", "ops"])
        works = self.objects("ScheduledDowntime")["ScheduledDowntime", "db1!replication!backup"]["attrs"]
        self.assertEqual((works["ranges"], works["duration"]), ({"sunday": "02:00-03:00", "day 1": "04:00-05:00"}, 1800))

    def test_2_the_command_is_nowhere(self):
        self.wait_zone()
        self.assertNotIn("CheckCommand", {kind for kind, _ in self.objects()})
        self.assertNotIn(("Service", "web1!evil-svc"), self.objects())
        self.assertNotIn("evil", [command["name"] for command in self.node.ctl("catalog", "list", json=True)["commands"]])
        self.assert_nothing_ran()

    def test_3_the_master_shows_why_a_service_is_not_monitored(self):
        result = self.master.rest.result("web1!evil-svc", lambda got: True)
        self.assertEqual(result["state"], 3)
        self.assertTrue(result["output"].startswith("endpointd: Service 'web1!evil-svc' rejected: "), result["output"])
        self.assertIn("evil", result["output"])
        self.assertEqual(result["check_source"], AGENT)
        record = self.node.record(audit_number(result["output"]))
        self.assertEqual((record["reason"], record["object_name"]), ("unknown-command", "web1!evil-svc"))

    def test_4_the_audit_names_file_and_line(self):
        command = self.node.wait_audit("the command", reason="command-pushed", object_name="evil")
        self.assertEqual((command["decision"], command["object_type"], command["parent"]), ("rejected", "CheckCommand", MASTER))
        self.assertRegex(command["file"], "^global-templates/.*commands.conf$")
        self.assertEqual(command["line"], pushed_zone.EVIL_LINE)
        self.assertIn("/bin/sh", self.node.record(command["id"])["content"])
        service = self.node.wait_audit("the service", reason="unknown-command", object_name="web1!evil-svc")
        self.assertEqual((service["decision"], service["object_type"]), ("rejected", "Service"))
        self.assertRegex(service["file"], f"^{re.escape(AGENT)}/.*evil.conf$")
        self.assertEqual(service["line"], pushed_zone.EVIL_SERVICE_LINE)

    def test_5_a_change_and_a_reload_change_the_objects(self):
        self.wait_zone()
        hosts = self.master.directory / "etc/zones.d" / AGENT / "hosts.conf"
        before = hosts.read_text()
        more = 'object Host "new1" {\n  import "linux-host"\n  vars.ports = [ 22 ]\n}\n'
        hosts.write_text(before.replace('"Web server"', '"Another name"') + more)
        with connecting(self.master, self.node):
            self.master.reload()
        self.wait_object("Service", "new1!port 22")
        self.assertEqual(self.objects("Host")["Host", "web1"]["attrs"]["display_name"], "Another name")
        self.assert_as_on_the_master()
        hosts.write_text(before)
        with connecting(self.master, self.node):
            self.master.reload()
        self.wait_gone("Host", "new1")
        self.assertEqual(len(self.objects("Service")), pushed_zone.SERVICES)
        self.assert_as_on_the_master()

    def test_6_the_same_update_again_is_no_news(self):
        self.wait_zone()
        self.all_done()

        def pushed():
            return sorted((record["id"], record["count"]) for record in self.node.audit(method="config::Update"))

        before, objects = pushed(), self.objects()
        with connecting(self.master, self.node):
            self.master.restart()
        self.all_done()
        self.assertEqual(pushed(), before)
        # A start makes the plan anew: what is refused is said once more, which raises the count of the same records.
        with connecting(self.master, self.node):
            self.node.stop()
            self.node.start()
        self.all_done()
        self.assertEqual([number for number, _ in pushed()], [number for number, _ in before])
        self.assertEqual(self.objects(), objects)

    def test_7_the_objects_stand_without_the_master(self):
        self.wait_zone()
        objects = self.objects()
        self.master.stop()
        try:
            self.node.stop()
            self.node.start()
            self.assertIsNone(self.node.parent() and self.node.parent()["connected"] or None)
            self.assertEqual(self.objects(), objects)
        finally:
            with connecting(self.master, self.node):
                self.master.start()
        self.assert_nothing_ran()


if __name__ == "__main__":
    main()
