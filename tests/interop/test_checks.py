#!/usr/bin/python3
"""Checks of a real master, run by endpointd out of its own catalog, as the master's REST API shows them."""

import json
import pathlib
import time

from lab import AGENT, LabTestCase, main
from scene import master_host, master_service, start_pair

_SLOW = "1h"


def _arguments(result):
    """What lab_echo was given."""
    return json.loads(result["output"].split("ARGS ", 1)[1].split(" ENV ", 1)[0])


def _environment(result):
    return json.loads(result["output"].split(" ENV ", 1)[1].split("\n", 1)[0])


class Checks(LabTestCase):
    @classmethod
    def build(cls, lab):
        objects = [
            master_host("ce-host", "dummy", vars_os="Linux"),
            master_host("args-host", "lab-args", vars_lab_text="host check"),
            master_service("ce-host", "all", "lab-args", vars_lab_text="svc on $host.name$ with $host.vars.os$",
                           vars_lab_list=["a", "b c"], vars_lab_values=["x", "y"], vars_lab_verbose=True, vars_lab_quiet=False,
                           vars_lab_state=1, vars_lab_eq="two", vars_lab_bare="naked", vars_lab_env="env value"),
            master_service("ce-host", "umlauts", "lab-args", vars_lab_text="Grüße aus Köln 😀", vars_lab_env="Öl"),
            master_service("ce-host", "one-element", "lab-args", vars_lab_list="single"),
            master_service("ce-host", "nothing", "lab-args"),
            master_service("ce-host", "critical", "lab-args", vars_lab_state=2),
            master_service("ce-host", "shell-text", "lab-args", vars_lab_text="$$(id); `id` & id && id > /dev/null '\""),
            master_service("ce-host", "dummy", "dummy", vars_dummy_state=1, vars_dummy_text="from the built-in"),
            master_service("ce-host", "disk", "disk", vars_disk_wfree="1%", vars_disk_cfree="0%", vars_disk_partitions=["/"]),
            master_service("ce-host", "timeout", "lab-wait", check_timeout=2),
            master_service("ce-host", "rare", "lab-plain", interval=_SLOW),
            master_service("ce-host", "icinga", "icinga"),
        ]
        cls.master, cls.node = start_pair(lab, *objects)
        cls.rest = cls.master.rest

    def result(self, name, accept=lambda got: True):
        return self.rest.result(f"ce-host!{name}", accept)

    def test_a_host_check(self):
        result = self.rest.result("args-host", lambda got: True)
        self.assertEqual((result["state"], result["exit_status"], result["check_source"]), (0, 0, AGENT))
        self.assertEqual(_arguments(result), ["--text", "host check"])
        self.assertEqual(self.rest.host("args-host")["state"], 0)

    def test_every_kind_of_argument_in_icingas_order(self):
        result = self.result("all")
        self.assertEqual(_arguments(result), [
            "--text", "svc on ce-host with Linux", "--list", "a", "--list", "b c", "--values", "x", "y", "--verbose",
            "--state", "1", "--eq=two", "naked"])
        self.assertEqual(_environment(result), "env value")
        self.assertEqual((result["state"], result["exit_status"]), (1, 1))
        self.assertEqual(result["command"][1:3], ["--text", "svc on ce-host with Linux"])

    def test_performance_data_and_long_output(self):
        result = self.result("all")
        self.assertEqual(result["performance_data"], ["arguments=14;5;10;0;20", "'two words'=1.5s"])
        self.assertNotIn("|", result["output"].split("\n", 1)[0])
        self.assertTrue(result["output"].endswith("second line"))

    def test_umlauts_arrive_as_they_were_sent(self):
        result = self.result("umlauts")
        self.assertEqual(_arguments(result), ["--text", "Grüße aus Köln 😀"])
        self.assertEqual(_environment(result), "Öl")

    def test_a_single_value_passes_as_an_array_of_one(self):
        self.assertEqual(_arguments(self.result("one-element")), ["--list", "single"])

    def test_macros_that_are_not_set_leave_their_arguments_out(self):
        self.assertEqual(_arguments(self.result("nothing")), [])

    def test_a_critical_exit_status_is_a_critical_service(self):
        self.assertEqual(self.result("critical")["state"], 2)
        self.assertEqual(self.rest.service("ce-host!critical")["state"], 2)

    def test_shell_text_is_one_argument(self):
        self.assertEqual(_arguments(self.result("shell-text")), ["--text", "$(id); `id` & id && id > /dev/null '\""])

    def test_the_built_in_dummy(self):
        result = self.result("dummy")
        self.assertEqual((result["state"], result["output"]), (1, "from the built-in"))

    def test_the_built_in_icinga_has_performance_data(self):
        self.assertTrue(self.result("icinga")["performance_data"])

    def test_a_shipped_command_under_the_itls_name_is_not_in_this_catalog(self):
        self.assertIn("command 'disk' is not in the local catalog", self.result("disk")["output"])

    def test_check_timeout_shortens_the_commands_own(self):
        result = self.result("timeout")
        self.assertEqual((result["state"], result["exit_status"]), (3, 128))
        self.assertIn("<Timeout exceeded.>", result["output"])
        self.assertLess(result["execution_end"] - result["execution_start"], 20, "not the catalog's 60 s")

    def test_a_forced_recheck_reaches_us(self):
        # Its first check, of an hour, may have been due while the connection was made.
        self.rest.recheck("Service", "ce-host!rare")
        first = self.result("rare")
        now = time.time()
        with self.rest.events("CheckResult", queue="forced") as events:
            self.rest.recheck("Service", "ce-host!rare")
            events.until(lambda event: event["host"] == "ce-host" and event.get("service") == "rare", "the forced result", 30)
        second = self.rest.result("ce-host!rare", lambda got: True, since=now)
        self.assertGreater(second["execution_end"], first["execution_end"])

    def test_status_counts_what_was_run(self):
        self.result("all")
        runner = self.node.status()["runner"]
        self.assertGreater(runner["executed"], 0)
        self.assertLessEqual({"executed", "queued", "refused", "running", "timeouts"}, set(runner))


class ShippedCatalog(LabTestCase):
    """The catalog that endpointd installs, with the master's own definitions of the same names."""

    @classmethod
    def build(cls, lab):
        shipped = pathlib.Path(__file__).resolve().parents[2] / "daemon/etc/catalog.d/monitoring-plugins.json"
        objects = [
            master_host("ce-host", "hostalive", address="127.0.0.1"),
            master_service("ce-host", "disk", "disk", vars_disk_wfree="1%", vars_disk_cfree="0%", vars_disk_partitions=["/"]),
            master_service("ce-host", "load", "load", vars_load_wload1=1000, vars_load_wload5=1000, vars_load_wload15=1000,
                           vars_load_cload1=2000, vars_load_cload5=2000, vars_load_cload15=2000),
            master_service("ce-host", "procs", "procs", vars_procs_warning="100000", vars_procs_critical="200000"),
            master_service("ce-host", "users", "users", vars_users_wgreater=1000, vars_users_cgreater=2000),
        ]
        cls.master, cls.node = start_pair(lab, *objects, start=False)
        cls.node.write("catalog.d/monitoring-plugins.json", shipped.read_text())
        cls.node.start()
        cls.master.start()
        cls.node.wait_connected()

    def test_the_usual_local_checks_are_ok_without_any_macro_dropped(self):
        for name, words in {"disk": "DISK OK", "load": "LOAD OK", "procs": "PROCS OK"}.items():
            with self.subTest(name):
                result = self.master.rest.result(f"ce-host!{name}", lambda got: True)
                self.assertEqual(result["state"], 0, result["output"])
                self.assertIn(words, result["output"])
                self.assertTrue(result["performance_data"])
        self.assertEqual([r for r in self.node.audit() if r["object_name"] in ("disk", "load", "procs")], [])

    def test_a_command_that_is_shipped_but_not_granted_is_refused(self):
        result = self.master.rest.result("ce-host!users", lambda got: True)
        self.assertEqual(result["state"], 3)
        self.assertIn("command 'users' is not granted to master.example.org", result["output"])


if __name__ == "__main__":
    main()
