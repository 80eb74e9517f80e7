#!/usr/bin/python3
"""A master that pushes commands: with its files, and at run time. Nothing is stored or run, all of it is on record."""

from lab import AGENT, MASTER, LabTestCase, main
from scene import canary, master_host, master_service, start_pair
from waiting import wait_for


class PushedConfig(LabTestCase):
    @classmethod
    def build(cls, lab):
        mark = canary(lab, "pushed")
        evil = f'object CheckCommand "evil" {{\n  command = [ "/bin/sh", "-c", "id > {mark}" ]\n}}\n'
        ours = 'object Host "pushed-host" {\n  check_command = "evil"\n  check_interval = 1s\n}\n'
        cls.mark = mark
        cls.master, cls.node = start_pair(lab, master_host("h"), master_service("h", "s", "lab-plain"), zones_d={
            "global-templates/commands.conf": evil, f"{AGENT}/hosts.conf": ours})

    def checks_go_on(self):
        self.assertEqual(self.master.rest.result("h!s", lambda got: True)["state"], 0)

    def test_pushed_files_are_refused_and_on_record(self):
        record = self.node.wait_audit("the refused files", method="config::Update")
        self.assertIn(record["decision"], ("denied", "rejected"))
        self.assertIn(record["reason"], ("capability-denied", "command-pushed"))
        self.assertEqual(record["parent"], MASTER)
        shown = self.node.record(record["id"])
        self.assertIn("evil", shown["content"])
        self.assertRegex(shown["content_sha256"], "^[0-9a-f]{64}$")
        self.checks_go_on()
        self.assertFalse(self.mark.exists(), "the pushed command was run")

    def test_nothing_pushed_is_written_anywhere(self):
        self.node.wait_audit("the refused files", method="config::Update")
        for path in [*self.node.config.rglob("*.conf"), *self.node.config.rglob("*.json")]:
            self.assertNotIn("evil", path.read_text(), path)
        self.assertEqual([path for path in self.node.state.rglob("*.conf")], [])
        self.assertNotIn("evil", [command["name"] for command in self.node.ctl("catalog", "list", json=True)["commands"]])

    def test_the_same_files_on_the_next_connect_raise_the_count(self):
        first = self.node.wait_audit("the refused files", method="config::Update")
        records = len(self.node.audit(method="config::Update"))
        self.node.stop()
        self.node.start()
        self.node.wait_connected()
        wait_for(lambda: self.node.record(first["id"])["count"] > first["count"], "a raised count")
        self.assertEqual(len(self.node.audit(method="config::Update")), records, "no second record")

    def test_a_check_command_created_at_run_time(self):
        mark = canary(self.lab, "runtime")
        self.master.rest.request("PUT", "/v1/objects/checkcommands/runtime-evil", {
            "templates": ["plugin-check-command"],
            "attrs": {"command": ["/bin/sh", "-c", f"id > {mark}"], "zone": "global-templates"}})
        record = self.node.wait_audit("the refused object", method="config::UpdateObject", object_name="runtime-evil")
        self.assertEqual(record["object_type"], "CheckCommand")
        self.assertIn(record["decision"], ("denied", "rejected"))
        self.assertIn(record["reason"], ("capability-denied", "command-pushed"))
        self.assertIn("/bin/sh", self.node.record(record["id"])["content"])
        # A check that names it is refused like any other outside the grant.
        self.master.rest.request("PUT", "/v1/objects/services/h!uses-it", {"attrs": {
            "check_command": "runtime-evil", "command_endpoint": AGENT, "check_interval": 1, "zone": "master"}})
        result = self.master.rest.result("h!uses-it", lambda got: True)
        self.assertEqual(result["state"], 3)
        self.assertIn("command 'runtime-evil' is not granted", result["output"])
        self.assertFalse(mark.exists(), "the pushed command was run")


if __name__ == "__main__":
    main()
