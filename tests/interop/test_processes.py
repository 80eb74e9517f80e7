#!/usr/bin/python3
"""The processes: what happens when one of them dies, at a reload, at a stop, and when started as root."""

import os
import pathlib
import pwd
import signal
import unittest

from lab import MASTER, LabTestCase, main, zones_conf
from peer import Peer
from processes import alive, descendants, parent_of
from scene import CAPS, audit_number, catalog, install_plugins, master_host, master_service, parent_certificate, start_pair
from waiting import ASKED_AGAIN, wait_for


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def program(pid):
    """The name of what it executes, whatever its arguments say."""
    return os.path.basename(command_line(pid).split(" ")[0])


def runner_of(node):
    """The (pid, start time) of the runner itself."""
    def found():
        runners = [each for each in descendants(node.child.pid) if program(each[0]) == "endpointd-runner"]
        return runners
    return wait_for(found, "the runner")[0]


class _OneNode(LabTestCase):
    """An endpointd of its own for every test, since each of them hurts it."""

    folders = 0

    @classmethod
    def build(cls, lab):
        cls.plugins = install_plugins(lab)
        cls.certificate = parent_certificate(lab)

    def node(self, **options):
        type(self).folders += 1
        made = self.lab.node(folder=f"agent{self.folders}", zones=zones_conf(), catalog=catalog(self.lab, self.plugins), caps=CAPS,
                             **options)
        self.addCleanup(made.stop)
        return made

    def dial(self, node):
        peer = Peer.dial((self.lab.host, node.port), self.certificate)
        self.addCleanup(peer.close)
        return peer

    def answers(self, peer):
        peer.execute("lab-true", host="good")
        self.assertEqual(peer.result("good")["state"], 0)

    def plugins_of(self, node):
        """lab_wait and its child: the laboratory's directory is their only argument."""
        return {each for each in descendants(node.child.pid) if command_line(each[0]).endswith(f" {self.lab.directory}")}

    def with_plugin_running(self, node, peer, host="waits"):
        peer.execute("lab-wait", host=host)
        return wait_for(lambda: len(found := self.plugins_of(node)) >= 2 and found, "the plugin and its child")


class Dying(_OneNode):
    def test_the_runner_is_killed(self):
        node = self.node().start()
        peer = self.dial(node)
        plugins = self.with_plugin_running(node, peer)
        runner = runner_of(node)
        os.kill(runner[0], signal.SIGKILL)
        result = peer.result("waits")
        self.assertEqual(result["state"], 3)
        self.assertRegex(result["output"], r"^endpointd: runner died while 'lab-wait' ran \(audit \d+\)$")
        record = node.record(audit_number(result["output"]))
        self.assertEqual((record["object_type"], record["object_name"], record["parent"]), ("CheckCommand", "lab-wait", MASTER))
        wait_for(lambda: not any(alive(*each) for each in plugins), "what the runner left behind to be killed")
        self.answers(peer)
        self.assertNotEqual(runner_of(node), runner)
        self.answers(peer)
        self.assertEqual(node.stop(), 0)

    def test_endpointd_is_killed(self):
        node = self.node().start()
        peer = self.dial(node)
        peer.execute("lab-absent", host="refused")
        number = audit_number(peer.result("refused")["output"])
        self.with_plugin_running(node, peer)
        family = descendants(node.child.pid)
        self.assertGreaterEqual(len(family), 4, "starter, runner, plugin and its child")
        node.child.signal(signal.SIGKILL)
        node.child.wait(20)
        wait_for(lambda: not any(alive(*each) for each in family), "the whole family to end",
                 last=lambda: [command_line(pid) for pid, started in family if alive(pid, started)])
        verdict = node.ctl("audit", "verify", json=True)
        self.assertTrue(verdict["ok"], f"without a daemon: {verdict}")
        node.start()
        self.assertTrue(node.ctl("audit", "verify", json=True)["ok"])
        self.assertEqual(node.record(number)["object_name"], "lab-absent")
        self.answers(self.dial(node))

    def test_the_starter_is_killed(self):
        node = self.node().start()
        family = descendants(node.child.pid)
        # The launcher and the spawners bear its name, and are its runner's children.
        starter = next(each for each in family if program(each[0]) == "endpointd-starter" and parent_of(each[0]) == node.child.pid)
        os.kill(starter[0], signal.SIGKILL)
        node.child.wait(30)
        wait_for(lambda: not any(alive(*each) for each in family), "nobody to be left")

    def test_an_orderly_stop_with_a_plugin_under_way(self):
        node = self.node().start()
        peer = self.dial(node)
        self.with_plugin_running(node, peer)
        family = descendants(node.child.pid)
        node.child.signal(signal.SIGTERM)
        self.assertEqual(node.child.wait(30), 0)
        wait_for(lambda: not any(alive(*each) for each in family), "the whole family to end")
        peer.closed()

    def test_an_interrupt_is_a_stop_as_well(self):
        node = self.node().start()
        node.child.signal(signal.SIGINT)
        self.assertEqual(node.child.wait(30), 0)

    def test_no_zombie_is_left_after_many_commands(self):
        node = self.node().start()
        peer = self.dial(node)
        for number in range(100):
            peer.execute("lab-true", host=f"h{number}")
        for number in range(100):
            want = f"h{number}"
            if not any(got.get("params", {}).get("host") == want for got in peer.seen):
                peer.result(want)

        def zombies():
            return [pid for pid, started in descendants(node.child.pid) if not alive(pid, started)]
        wait_for(lambda: not zombies(), "no zombies", last=zombies)


_ASK_THE_DAEMON = """
import socket, sys
admin = socket.socket(socket.AF_UNIX)
admin.settimeout(20)
admin.connect(sys.argv[1])
try:
    admin.sendall(b"GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print("answered" if admin.recv(100) else "turned away")
except ConnectionError:
    print("turned away")
"""


class Climbing(_OneNode):
    def test_a_plugin_cannot_use_the_admin_socket_of_its_own_user(self):
        node = self.node()
        script = node.directory / "ask_the_daemon.py"
        script.write_text("#!/usr/bin/python3\n" + _ASK_THE_DAEMON)
        script.chmod(0o755)
        self.lab.account.own(script)
        node.write_catalog({"lab-plain": {"kind": "check", "command": [str(script), str(node.run / "admin.sock")],
                                            "sandbox": {"unix_sockets": True}},
                            "lab-true": {"kind": "check", "command": ["/bin/true"]}})
        node.start()
        peer = self.dial(node)
        peer.execute("lab-plain", host="h")
        self.assertEqual(peer.result("h")["output"], "turned away")
        node.wait_log("a plugin tried to use the admin socket")
        self.assertEqual(node.ctl("status").status, 0)
        self.answers(peer)


class Timeouts(_OneNode):
    def test_the_whole_group_is_killed_at_the_timeout(self):
        node = self.node().start()
        peer = self.dial(node)
        peer.execute("lab-wait", host="waits", check_timeout=10)
        plugins = wait_for(lambda: len(found := self.plugins_of(node)) >= 2 and found, "the plugin and its child")
        result = peer.result("waits")
        self.assertEqual((result["state"], result["exit_status"]), (3, 128))
        self.assertIn("<Timeout exceeded.>", result["output"])
        wait_for(lambda: not any(alive(*each) for each in plugins), "the group to end, the child that ignores SIGTERM included")
        self.assertEqual(node.status()["runner"]["timeouts"], 1)


class Reloading(_OneNode):
    def test_a_new_command_after_sighup(self):
        node = self.node().start()
        peer = self.dial(node)
        peer.execute("lab-absent", host="h")
        self.assertEqual(peer.result("h")["state"], 3)
        node.write_catalog({"lab-absent": {"kind": "check", "command": ["/bin/true"]}}, "more.json")
        before = len(node.log())
        node.reload()
        wait_for(lambda: len(node.log()) > before, "a word in the log")
        wait_for(lambda: "lab-absent" in node.ctl("catalog", "list").out, "the new catalog")
        peer.execute("lab-absent", host="h2")
        self.assertEqual(peer.result("h2")["state"], 0, "over the connection that was there before")

    def test_a_broken_configuration_leaves_the_old_one_in_force(self):
        node = self.node().start()
        peer = self.dial(node)
        for path, text in {"catalog.d/broken.json": '{"commands": {"x": {}}}', "caps.d/broken.json": "{",
                           "conf.d/broken.json": '{"lisen": 1}', "zones.d/broken.conf": "object Zone {"}.items():
            with self.subTest(path):
                node.write(path, text)
                before = len(node.log())
                node.reload()
                node.wait_log(pathlib.Path(path).name, before)
                self.answers(peer)
                reloaded = node.ctl("config", "reload", "--json", check=False)
                self.assertEqual(reloaded.status, 1, reloaded)
                self.assertFalse(reloaded.json["reloaded"])
                self.assertTrue(any(path in error["file"] for error in reloaded.json["errors"]), reloaded)
                (node.config / path).unlink()
        self.assertTrue(node.ctl("config", "reload", json=True)["reloaded"])
        self.answers(peer)

    def test_a_reload_keeps_a_plugin_under_way(self):
        node = self.node().start()
        peer = self.dial(node)
        plugins = self.with_plugin_running(node, peer)
        self.assertTrue(node.ctl("config", "reload", json=True)["reloaded"])
        self.assertTrue(all(alive(*each) for each in plugins))
        self.answers(peer)


class Starting(_OneNode):
    def fails(self, node, *words):
        """Ends with status 2 and the reason in its log."""
        node.launch()
        self.assertEqual(node.child.wait(30), 2, node.log())
        for word in words:
            self.assertIn(word, node.log())

    def test_an_invalid_configuration(self):
        node = self.node(settings={"nothing": 1})
        self.fails(node, "endpointd.json", "nothing")

    def test_no_certificate(self):
        node = self.node()
        node.certificate.certificate.unlink()
        self.fails(node, node.certificate.certificate.name)

    def test_a_key_that_others_may_read(self):
        node = self.node()
        node.certificate.key.chmod(0o644)
        self.fails(node, node.certificate.key.name)

    def test_a_port_that_is_taken(self):
        first = self.node().start()
        second = self.node(port=first.port)
        self.fails(second, str(first.port))

    def test_a_run_directory_too_long_for_a_socket(self):
        node = self.node()
        node.run = node.directory / ("r" * 120)
        node.run.mkdir()
        self.lab.account.own(node.run)
        self.fails(node, "107")

    def test_check_config_judges_and_starts_nothing(self):
        node = self.node()
        good = node.ctl("config", "validate", json=True)
        self.assertTrue(good["valid"])
        node.write("caps.d/broken.json", "{")
        self.assertEqual(node.ctl("config", "validate", check=False).status, 1)

    def test_a_second_endpointd_on_the_same_state(self):
        first = self.node().start()
        second = self.node()
        second.state = first.state
        self.fails(second)
        self.answers(self.dial(first))


@unittest.skipIf(os.geteuid() != 0, "only root can start it as root")
class StartedAsRoot(_OneNode):
    def status_of(self, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return {line.split(":")[0]: line.split(":")[1].split() for line in text.splitlines()}

    def test_it_becomes_the_user_and_gives_up_every_right(self):
        user = self.lab.account.name
        node = self.node(settings={"user": user}, privileged=True).start()
        entry = pwd.getpwnam(user)
        status = self.status_of(node.child.pid)
        self.assertEqual(set(status["Uid"]), {str(entry.pw_uid)})
        self.assertEqual(set(status["Gid"]), {str(entry.pw_gid)})
        self.assertNotIn("0", status["Groups"])
        self.assertEqual(int(status["CapEff"][0], 16) | int(status["CapPrm"][0], 16), 0)
        peer = self.dial(node)
        plugins = self.with_plugin_running(node, peer)
        for pid, _ in plugins:
            self.assertEqual(set(self.status_of(pid)["Uid"]), {str(entry.pw_uid)}, "a plugin runs as the daemon's user, never as root")
        self.assertEqual(node.stop(60), 0)

    def test_without_a_user_it_becomes_the_owner_of_the_state_directory(self):
        node = self.node(privileged=True).start()
        self.assertEqual(set(self.status_of(node.child.pid)["Uid"]), {str(self.lab.account.uid)})
        self.answers(self.dial(node))

    def test_a_user_that_does_not_exist(self):
        node = self.node(settings={"user": "nobody-of-that-name"}, privileged=True)
        node.launch()
        self.assertEqual(node.child.wait(30), 2)
        self.assertIn("nobody-of-that-name", node.log())


class TheMasterSees(LabTestCase):
    """A dead runner, as it stands in a real master."""

    @classmethod
    def build(cls, lab):
        cls.master, cls.node = start_pair(lab, master_host("h", "lab-wait"), master_service("h", "s", "lab-true"))

    def test_a_dead_runner_is_an_unknown_and_the_next_checks_work(self):
        def plugin():
            return [each for each in descendants(self.node.child.pid) if command_line(each[0]).endswith(f" {self.lab.directory}")]

        wait_for(plugin, "the plugin to run", ASKED_AGAIN)
        os.kill(runner_of(self.node)[0], signal.SIGKILL)
        result = self.master.rest.result("h", lambda got: "runner died" in got["output"])
        self.assertEqual(result["state"], 3)
        self.assertRegex(result["output"], r"^endpointd: runner died while 'lab-wait' ran \(audit \d+\)$")
        after = result["execution_end"]
        self.assertEqual(self.master.rest.result("h!s", lambda got: got["state"] == 0, since=after)["state"], 0)


if __name__ == "__main__":
    main()
