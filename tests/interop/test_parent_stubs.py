#!/usr/bin/python3
"""What a node exports of its own objects, in the configuration of a real master: nothing in a name or text breaks out, what
decides states is the same at both ends, and wherever the stubs stand, results arrive."""

from configured_pair import CONFIG, Pair, grant
from endpointd_node import DONE, NO, UNREACHABLE, WRONG_USAGE
from lab import AGENT, MASTER, main
from scene import CAPS, connecting, dsl, start_pair

_TEXTS = ['plain', '"', '\\', 'a"b\\c', '" }\nobject Host "evil" { check_command = "dummy" }\n', '{{{ raw }}}', '}}}', '$host.name$', '$$', '$',
          '/* // # */', '{{ 1 }}', '\n\r\t\b\f', '\\n \\" \\001', 'é ü 検査 \u202e', '\x01\x1b\x7f7', '0' * 300]
# Of names; a master makes a file name of none of them, they stand in its configuration.
_NAMES = ['pl ain', 'qu"ote', 'back\\slash', '{{{ x }}}', '}}} //', '$host.name$', 'a"} #', 'é 検', "it's; a, [list]"]
_DECIDING = ("max_check_attempts", "check_interval", "retry_interval", "volatile", "enable_flapping", "flapping_threshold_low",
             "flapping_threshold_high", "flapping_ignore_states")
_TOLD = ("display_name", "notes", "notes_url", "action_url", "icon_image", "icon_image_alt")


def written(text):
    """A text as one writes it; JSON has an escape that the language has not."""
    return dsl(text).replace("\\u0001", "\\001").replace("\\u001b", "\\033")


def checkable(head, command, **attrs):
    lines = [f'  check_command = "{command}"', "  check_interval = 1s", "  retry_interval = 1s", "  max_check_attempts = 1"]
    lines += [f"  {name} = {value}" for name, value in attrs.items()]
    return head + " {\n" + "\n".join(lines) + "\n}\n"


def host(name, **attrs):
    return checkable(f"object Host {written(name)}", "dummy", **{"vars.dummy_state": 0, **attrs})


def service(of, name, command="lab-true", **attrs):
    return checkable(f"object Service {written(name)}", command, host_name=written(of), **attrs)


class Stubs(Pair):
    """A node with objects of its own, and a master with what the node exports of them in `folder`."""

    own = ""
    caps = grant(results={})
    folder = "master"

    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab, caps=cls.caps, start=False)
        cls.node.write("zones.d/own.conf", cls.own)
        cls.node.start()
        cls.stubs = cls.node.ctl("export", "parent-config").out
        cls.master.write_zones({f"{cls.folder}/stubs.conf": cls.stubs})
        with connecting(cls.master, cls.node):
            cls.master.start()

    def there(self, name):
        return self.master.rest.service(name) if "!" in name else self.master.rest.host(name)

    def result_of(self, name, state=0):
        return self.master.rest.result(name, lambda got: got["check_source"] == AGENT and got["state"] == state)


class Hostile(Stubs):
    own = "".join([
        *(host(f"texts{number}", **{name: written(text) for name in _TOLD}, address=written(f"192.0.2.{number}"))
          for number, text in enumerate(_TEXTS)),
        *(host(name) + service(name, name) for name in _NAMES),
        host("decides", enable_flapping="true", flapping_threshold_low="12.5", flapping_threshold_high="70", max_check_attempts="7",
             flapping_ignore_states="[ Down ]"),
        service("decides", "too", volatile="true", check_interval="0.5", retry_interval="0.25", enable_flapping="true",
                flapping_ignore_states="[ Warning, Unknown ]", vars_password=dsl("tombola"), groups="[ \"here\" ]"),
        'object ServiceGroup "here" { }\n',
    ]).replace("vars_password", "vars.password")

    def test_the_masters_objects_are_ours_and_no_others(self):
        for kind, plural in (("Host", "hosts"), ("Service", "services")):
            here = self.objects(kind)
            there = {one["name"]: one["attrs"] for one in self.master.rest.get(f"/v1/objects/{plural}")["results"]}
            self.assertEqual(set(there), {name for _, name in here})
            for (_, name), one in here.items():
                for attribute in (*_DECIDING, *_TOLD, *(("address", "address6") if kind == "Host" else ())):
                    ours, theirs = one["attrs"][attribute], there[name][attribute]
                    if attribute == "display_name" and not ours:
                        ours = one["attrs"]["name"]
                    self.assertEqual(ours or None, theirs or None, f"{kind} {name}: {attribute}")
                self.assertEqual((there[name]["zone"], there[name]["enable_active_checks"], there[name]["check_command"]),
                                 (AGENT, False, "dummy"))
                self.assertFalse(there[name]["vars"], name)
                self.assertEqual(there[name]["groups"], [])

    def test_results_arrive_whatever_the_name(self):
        for name in _NAMES:
            self.result_of(name)
            self.result_of(f"{name}!{name}")

    def test_nothing_private_is_told(self):
        for text in (self.stubs, self.node.ctl("export", "parent-config", "--format", "director-json").out,
                     self.node.ctl("export", "parent-config", "--json").out):
            self.assertNotIn("tombola", text)
            self.assertNotIn("lab-true", text)

    def test_the_director_gets_the_same_objects(self):
        answer = self.node.ctl("export", "parent-config", "--format", "director-json")
        bodies = answer.json
        for kind in ("Host", "Service"):
            names = [one["object_name"] if kind == "Host" else f'{one["host"]}!{one["object_name"]}' for one in bodies[kind]]
            self.assertEqual(set(names), {name for _, name in self.objects(kind)})
            for one in bodies[kind]:
                self.assertEqual((one["object_type"], one["check_command"], one["enable_active_checks"], one["zone"]),
                                 ("object", "dummy", False, AGENT))
                self.assertTrue(all(float(one[name]).is_integer() for name in ("check_interval", "retry_interval")))
        self.assertIn("decides!too: the Director takes whole numbers: check_interval 0.5 is 1", answer.err)

    def test_the_same_again_is_the_same_text(self):
        self.assertEqual(self.node.ctl("export", "parent-config").out, self.stubs)

    def test_a_file_is_replaced(self):
        path = self.node.run / "stubs.conf"
        for _ in range(2):
            answer = self.node.ctl("export", "parent-config", "-o", path, json=True)
            self.assertEqual((answer["config"], answer["zone"]), (None, AGENT))
            self.assertEqual(path.read_text(), self.stubs)


class OfOneParent(Stubs):
    """Only what a parent's `results` cover."""

    own = "".join([host("seen"), service("seen", "http"), service("seen", "secret"),
                   host("hidden", notes=dsl("not for the parent")), service("hidden", "told"), host("alone")])
    caps = {MASTER: {"grant": {**CAPS[MASTER]["grant"], "results": {"hosts": ["seen"], "services": ["seen!http", "told"]}}}}

    def export(self, *args, status=DONE):
        answer = self.node.ctl("export", "parent-config", *args, check=False)
        self.assertEqual(answer.status, status, answer)
        return answer

    def test_what_it_may_not_see_is_left_out(self):
        answer = self.export("--parent", MASTER)
        self.assertIn('object Service "http"', answer.out)
        self.assertIn('object Service "told"', answer.out)
        for hidden in ("secret", "alone", "not for the parent"):
            self.assertNotIn(hidden, answer.out)
        # A service cannot be without its host.
        self.assertIn(f'object Host "hidden" {{\n  check_command = "dummy"\n  enable_active_checks = false\n  zone = "{AGENT}"\n}}\n',
                      answer.out)
        self.assertIn(f"exported 2 hosts, 2 services; left out 0 that parents made, 0 in other zones, 3 without `results` for {MASTER}",
                      answer.err)
        counts = self.export("--parent", MASTER, "--json").json
        self.assertEqual((counts["hosts"], counts["services"], counts["left_out"]),
                         (2, 2, {"of_parents": 0, "other_zones": 0, "not_granted": 3}))

    def test_it_is_enough_for_the_master(self):
        before = self.master.directory / "etc/zones.d/master/stubs.conf"
        before.write_text(self.export("--parent", MASTER).out)
        self.master.reload()
        self.result_of("seen!http")
        self.result_of("hidden!told")
        self.assertIsNone(self.there("seen!secret"))

    def test_an_unknown_parent_is_no(self):
        self.assertIn("nobody", self.export("--parent", "nobody", status=NO).err)
        self.export("--parent", "", status=WRONG_USAGE)
        self.export("--format", "yaml", status=WRONG_USAGE)

    def test_nobody_answers(self):
        answer = self.node.ctl("export", "parent-config", "--run", self.lab.directory, check=False, config=False)
        self.assertEqual((answer.status, answer.out), (UNREACHABLE, ""))


class InTheFolderOfTheNode(Stubs):
    """Stubs in the folder of the node's zone, as the Director has them: the master pushes them to the node as well."""

    own = "".join([host("own"), service("own", "http"), service("own", "bad", "lab-args", **{"vars.lab_state": "2"})])
    folder = AGENT

    def assert_results_stand(self):
        self.result_of("own!http")
        bad = self.result_of("own!bad", 2)["execution_end"]
        self.assertEqual(self.master.rest.result("own!bad", lambda got: got["execution_end"] > bad)["state"], 2)
        self.assertEqual(self.objects()["Service", "own!http"]["origin"], "local")

    def test_the_push_is_refused_and_results_arrive(self):
        record = self.node.wait_audit("the refusal", decision="rejected", reason="capability-denied", method="config::Update")
        self.assertIsNone(record["object_type"])
        self.assert_results_stand()


class InTheFolderOfAConfiguredNode(InTheFolderOfTheNode):
    """The same with a grant of `config`: each stub is refused, and what is here stands."""

    caps = grant(results={}, config=CONFIG)

    @classmethod
    def build(cls, lab):
        super().build(lab)
        cls.events = cls.master.rest.events("CheckResult", queue="stubs")
        cls.addClassCleanup(cls.events.close)

    def test_the_push_is_refused_and_results_arrive(self):
        for kind, name in (("Host", "own"), ("Service", "own!http"), ("Service", "own!bad")):
            self.node.wait_audit("the refusal", decision="rejected", reason="redefinition", object_type=kind, object_name=name)
        self.assert_results_stand()

    def test_no_refusal_stands_for_a_result(self):
        # Pushed again whenever the master starts; what was refused before is told again after a start of the node.
        self.node.stop()
        self.node.start()
        self.node.wait_connected()
        seen = []

        def look(event):
            seen.append(event["check_result"]["output"])
            return len(seen) > 12

        self.events.until(look, "results of everything")
        self.assertFalse([text for text in seen if "rejected" in text])


if __name__ == "__main__":
    main()
