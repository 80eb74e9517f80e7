#!/usr/bin/python3
"""A master that may configure: its objects stand here as they stand there, its commands nowhere."""

import re
import urllib.parse

import pushed_zone
from lab import AGENT, MASTER, LabTestCase, main
from scene import CAPS, audit_number, canary, master_host, master_service, start_pair
from waiting import wait_for

CONFIG = {"types": list(pushed_zone.KINDS), "hosts": ["*"], "services": ["*"], "zones": ["*"]}
GRANT = {MASTER: {"grant": {**CAPS[MASTER]["grant"], "config": CONFIG, "downtime": {}, "comment": {}}}}

# Of these the master has a state of its own; and the package is where a node has an object from: `_etc` there, `_cluster` here.
STATE = {"package", "is_inside", "segments", "valid_begin", "valid_end", "next_check", "next_update"}


def comparable(value):
    """Unset attributes are an empty text or null, both mean the same. Of a function we show that it is one."""
    if isinstance(value, dict) and value.get("type") == "Function":
        return {"type": "Function"}
    return "" if value is None else value


class Pair(LabTestCase):
    caps = GRANT

    @classmethod
    def build(cls, lab):
        cls.mark = canary(lab, "evil")
        cls.files = pushed_zone.files(cls.mark)
        cls.master, cls.node = start_pair(lab, master_host("h"), master_service("h", "s", "lab-plain"), caps=cls.caps, zones_d=cls.files)

    def objects(self, kind=None):
        """{(type, name): object} of what stands here."""
        args = ["--type", kind] if kind else []
        return {(one["type"], one["name"]): one for one in self.node.ctl("objects", "list", *args, json=True)["objects"]}

    def wait_object(self, kind, name, accept=lambda one: True):
        return wait_for(lambda: [one for key, one in self.objects(kind).items() if key == (kind, name) and accept(one)],
                        f"{kind} {name}", last=lambda: self.objects(kind).get((kind, name), self.node.status()))[0]

    def wait_gone(self, kind, name):
        wait_for(lambda: (kind, name) not in self.objects(kind), f"{kind} {name} to be gone")

    def wait_zone(self):
        self.wait_object("Service", "web1!single")

    def put(self, kind, name, **attrs):
        self.master.rest.request("PUT", f"/v1/objects/{kind}/{urllib.parse.quote(name, safe='')}", {"attrs": {"zone": AGENT, **attrs}})

    def modify(self, kind, name, **attrs):
        self.master.rest.request("POST", f"/v1/objects/{kind}/{urllib.parse.quote(name, safe='')}", {"attrs": attrs})

    def delete(self, kind, name):
        self.master.rest.request("DELETE", f"/v1/objects/{kind}/{urllib.parse.quote(name, safe='')}?cascade=1")

    def comment(self, host):
        return self.master.rest.action("add-comment", type="Host", filter=f'host.name=="{host}"', author="ops",
                                       comment="seen")[0]["name"]

    def downtime(self, host):
        now = self.master.program_start()
        return self.master.rest.action("schedule-downtime", type="Host", filter=f'host.name=="{host}"', author="ops", comment="works",
                                       start_time=now, end_time=now + 86400)[0]["name"]

    def all_done(self):
        """Waits until whatever the master sent before is judged: what it sends is judged in its order."""
        name = self.comment("db1")
        self.wait_object("Comment", name)
        self.master.rest.action("remove-comment", comment=name)
        self.wait_gone("Comment", name)

    def assert_nothing_ran(self):
        self.assertFalse(self.mark.exists(), "the pushed command was run")


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
                for attribute, value in one["attrs"].items():
                    if attribute not in there[name] or attribute in STATE:
                        continue
                    theirs = there[name][attribute]
                    if attribute == "groups":
                        value, theirs = (sorted(each) if each else each for each in (value, theirs))
                    self.assertEqual(comparable(value), comparable(theirs), f"{kind} {name}: {attribute}")

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
        self.master.reload()
        self.wait_object("Service", "new1!port 22")
        self.assertEqual(self.objects("Host")["Host", "web1"]["attrs"]["display_name"], "Another name")
        self.assert_as_on_the_master()
        hosts.write_text(before)
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
        self.master.restart()
        self.node.wait_connected()
        self.all_done()
        self.assertEqual(pushed(), before)
        # A start makes the plan anew: what is refused is said once more, which raises the count of the same records.
        self.node.stop()
        self.node.start()
        self.node.wait_connected()
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
            self.master.start()
        self.node.wait_connected()
        self.assert_nothing_ran()


class RuntimeObjects(Pair):
    def setUp(self):
        self.wait_zone()

    def test_a_host_and_its_service(self):
        self.put("hosts", "api-host", check_command="dummy", address="192.0.2.9", **{"vars.made": "by the API"})
        host = self.wait_object("Host", "api-host")
        self.assertEqual((host["origin"], host["zone"]), (f"runtime:{MASTER}", AGENT))
        self.assertEqual((host["attrs"]["address"], host["attrs"]["vars"]), ("192.0.2.9", {"made": "by the API"}))
        self.put("services", "api-host!api-svc", check_command="lab-plain", check_interval=90)
        service = self.wait_object("Service", "api-host!api-svc")
        self.assertEqual(service["attrs"]["check_interval"], 90)
        self.modify("services", "api-host!api-svc", check_interval=120, **{"vars.note": "changed"})
        changed = self.wait_object("Service", "api-host!api-svc", lambda one: one["attrs"]["check_interval"] == 120)
        self.assertEqual(changed["attrs"]["vars"], {"note": "changed"})
        self.assertEqual(self.master.rest.service("api-host!api-svc")["vars"], {"note": "changed"})
        self.delete("services", "api-host!api-svc")
        self.wait_gone("Service", "api-host!api-svc")
        self.assertIn(("Host", "api-host"), self.objects("Host"))
        self.delete("hosts", "api-host")
        self.wait_gone("Host", "api-host")
        self.node.wait_audit("the deletion", method="config::DeleteObject", object_name="api-host", decision="changed")

    def test_a_pushed_object_is_modified(self):
        self.modify("hosts", "db1", **{"vars.stage": "test"})
        host = self.wait_object("Host", "db1", lambda one: one["attrs"]["vars"]["stage"] == "test")
        self.assertEqual(host["attrs"]["vars"], self.master.rest.host("db1")["vars"])
        self.assertEqual(host["origin"], f"pushed:{MASTER}")

    def test_a_command_that_is_not_ours_is_no_attribute(self):
        self.modify("services", "web1!single", check_command="evil")
        record = self.node.wait_audit("the refused attribute", object_name="web1!single", decision="denied")
        self.assertEqual(record["reason"], "unknown-command")
        self.assertEqual(self.node.record(record["id"])["parameter"], "check_command")
        self.assertEqual(self.objects("Service")["Service", "web1!single"]["attrs"]["check_command"], "dummy")
        self.assert_nothing_ran()

    def test_a_downtime(self):
        name = self.downtime("web1")
        downtime = self.wait_object("Downtime", name)
        there = self.master.rest.attrs("downtimes", name)
        for attribute in ("host_name", "author", "comment", "start_time", "end_time", "fixed"):
            self.assertEqual(downtime["attrs"][attribute], there[attribute], attribute)
        self.assertEqual(downtime["origin"], f"runtime:{MASTER}")
        self.master.rest.action("remove-downtime", downtime=name)
        self.wait_gone("Downtime", name)

    def test_a_comment(self):
        name = self.comment("web1")
        comment = self.wait_object("Comment", name)
        self.assertEqual((comment["attrs"]["author"], comment["attrs"]["text"]), ("ops", "seen"))
        self.master.rest.action("remove-comment", comment=name)
        self.wait_gone("Comment", name)

    def test_a_check_command_in_every_zone_that_reaches_us(self):
        for zone in (AGENT, "global-templates"):
            name = f"runtime-evil-{zone.split('.')[0]}"
            self.master.rest.request("PUT", f"/v1/objects/checkcommands/{name}", {
                "templates": ["plugin-check-command"],
                "attrs": {"command": ["/bin/sh", "-c", f"id > {self.mark}"], "zone": zone}})
            record = self.node.wait_audit("the refused command", method="config::UpdateObject", object_name=name)
            self.assertEqual(record["object_type"], "CheckCommand")
            self.assertIn(record["decision"], ("denied", "rejected"))
            self.assertEqual(record["reason"], "command-pushed")
            self.assertIn("/bin/sh", self.node.record(record["id"])["content"])
            self.put("services", f"web1!uses-{name}", check_command=name, check_interval=1)
            result = self.master.rest.result(f"web1!uses-{name}", lambda got: True)
            self.assertEqual(result["state"], 3)
            self.assertIn(f"endpointd: Service 'web1!uses-{name}' rejected: ", result["output"])
        self.assertNotIn("CheckCommand", {kind for kind, _ in self.objects()})
        self.assert_nothing_ran()


class WithoutTheGrant(Pair):
    caps = CAPS

    def refused(self, kind, name, method="config::UpdateObject"):
        record = self.node.wait_audit("the refused object", method=method, object_type=kind, object_name=name)
        self.assertEqual((record["reason"], record["parent"]), ("capability-denied", MASTER))
        self.assertIn(record["decision"], ("denied", "rejected"))
        self.assertEqual(self.objects(), {})

    def test_nothing_made_at_run_time_stands(self):
        self.put("hosts", "api-host", check_command="dummy")
        self.refused("Host", "api-host")
        self.put("services", "web1!api-svc", check_command="dummy")
        self.refused("Service", "web1!api-svc")
        self.modify("services", "web1!api-svc", check_interval=120)
        self.refused("Service", "web1!api-svc")
        self.refused("Downtime", self.downtime("web1"))
        self.refused("Comment", self.comment("web1"))
        self.delete("hosts", "api-host")
        self.refused("Host", "api-host", "config::DeleteObject")
        # The master still has what it made for itself.
        self.assertEqual(self.master.rest.service("web1!api-svc")["check_interval"], 120)
        self.assert_nothing_ran()


if __name__ == "__main__":
    main()
