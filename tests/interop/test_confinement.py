#!/usr/bin/python3
"""The daemon as it is shipped, confined: what it has given up, what it says about it, and that it still does its work."""

import ctypes
import grp
import json
import os
import pathlib
import shutil
import unittest

from lab import MASTER, LabTestCase, main, zones_conf
from peer import Peer, PeerListener
from scene import CAPS, catalog, install_plugins, parent_certificate

_LANDLOCK_CREATE_RULESET, _ASK_VERSION = 444, 1


def landlock_abi():
    """What this kernel has; 0: no Landlock."""
    return max(ctypes.CDLL(None).syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)), 0)


def threads_of(pid):
    """/proc/PID/status of every thread, as dictionaries."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        found.append({line.split(":")[0]: line.split(":", 1)[1].split() for line in lines})
    return found


class _Confined:
    privileged = False

    @classmethod
    def build(cls, lab):
        cls.plugins = install_plugins(lab)
        cls.certificate = parent_certificate(lab)
        cls.folders = 0

    def node(self, **options):
        type(self).folders += 1
        options.setdefault("zones", zones_conf())
        made = self.lab.node(folder=f"agent{self.folders}", catalog=catalog(self.lab, self.plugins), caps=CAPS,
                             privileged=self.privileged, **options)
        self.addCleanup(made.stop)
        return made

    def dial(self, node):
        peer = Peer.dial((self.lab.host, node.port), self.certificate)
        self.addCleanup(peer.close)
        return peer

    def answers(self, peer, host="h"):
        peer.execute("lab-true", host=host)
        self.assertEqual(peer.result(host)["state"], 0)

    def reload(self, node):
        answer = node.ctl("config", "reload", json=True)
        self.assertTrue(answer["reloaded"], answer)
        return [warning["message"] for warning in answer["warnings"]]

    def test_every_thread_has_given_up_everything(self):
        node = self.node().start()
        self.answers(self.dial(node))
        threads = threads_of(node.child.pid)
        self.assertGreaterEqual(len(threads), 2, "the store has a thread of its own")
        for status in threads:
            self.assertEqual(status["Seccomp"], ["2"])
            # The allowlist, and the one that ends bind and listen; a kernel before 5.9 does not count them.
            self.assertEqual(status.get("Seccomp_filters", ["2"]), ["2"])
            self.assertEqual(status["NoNewPrivs"], ["1"])
            for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb") + (("CapBnd",) if self.privileged else ()):
                self.assertEqual(int(status[capabilities][0], 16), 0, capabilities)
            self.assertEqual(set(status["Uid"]), {str(self.lab.account.uid)})
        self.assertEqual(node.stop(), 0)

    def test_status_says_what_holds_and_what_is_missing(self):
        node = self.node().start()
        confinement = node.status()["confinement"]
        self.assertIs(confinement["seccomp"], True)
        self.assertEqual(confinement["landlock"], landlock_abi())
        if landlock_abi() >= 6:
            self.assertEqual(confinement["missing"], [])
        else:
            self.assertTrue(confinement["missing"])
            for text in confinement["missing"]:
                self.assertIn(text, node.log())
        self.assertIn("runner", confinement)

    @unittest.skipIf(landlock_abi() == 0, "this kernel has no Landlock")
    def test_it_starts_where_everything_is_required(self):
        node = self.node(settings={"confinement": {"seccomp": "required", "landlock": "required"}}).start()
        self.answers(self.dial(node))

    def test_a_reload_reads_a_replaced_settings_file(self):
        node = self.node().start()
        for number, form in enumerate(("json", "text", "json")):
            before = len(node.log())
            node.write_settings({"log": {"format": form}})
            self.reload(node)
            last = node.log()[before:].splitlines()[-1]
            self.assertEqual(last.startswith("{"), form == "json", f"replacement {number}: {last}")

    def test_settings_that_somebody_removed_are_the_defaults(self):
        # What the node needs stands in a fragment, so that it lives without endpointd.json.
        node = self.node()
        (node.config / "endpointd.json").rename(node.config / "conf.d" / "all.json")
        node.start()
        self.reload(node)
        self.answers(self.dial(node))

    def test_replaced_grants_and_commands_are_read(self):
        node = self.node().start()
        peer = self.dial(node)
        self.answers(peer)
        node.write_caps({MASTER: {"grant": {"execute": {"commands": ["lab-other"]}}}})
        node.write_catalog({"lab-other": {"kind": "check", "command": ["/bin/true"]}}, "other.json")
        self.reload(node)
        peer.execute("lab-true", host="refused")
        self.assertEqual(peer.result("refused")["state"], 3)
        peer.execute("lab-other", host="granted")
        self.assertEqual(peer.result("granted")["state"], 0)

    def test_a_replaced_certificate_is_read(self):
        node = self.node().start()
        for suffix in ("crt", "key"):
            file = node.config / "pki" / f"{node.name}.{suffix}"
            new = file.with_suffix(".new")
            shutil.copy2(file, new)
            self.lab.account.own(new)
            os.replace(new, file)
        self.reload(node)
        self.answers(self.dial(node))

    @unittest.skipIf(landlock_abi() == 0, "without Landlock it reads every file its user may")
    def test_a_directory_that_was_not_there_needs_a_restart(self):
        node = self.node()
        shutil.rmtree(node.config / "conf.d")
        node.start()
        self.assertIn("conf.d", node.log())
        node.config.joinpath("conf.d").mkdir()
        self.lab.account.own(node.config / "conf.d")
        refused = node.ctl("config", "reload", "--json", check=False).json
        self.assertFalse(refused["reloaded"])
        self.assertTrue(any("restart endpointd" in error["message"] for error in refused["errors"]), refused)
        self.assertEqual(node.stop(), 0)
        node.start()
        self.reload(node)

    @unittest.skipIf(landlock_abi() == 0, "without Landlock it reads every file its user may")
    def test_a_key_beside_the_settings_is_granted_alone(self):
        node = self.node()
        shutil.move(node.config / "pki" / "ca.crt", node.config / "ca.crt")
        node.write_settings({"tls": {"ca": "ca.crt"}})
        node.start()
        self.assertRegex(node.log(), r"tls\.ca: this file is granted .* after a restart")
        peer = self.dial(node)
        self.answers(peer)
        self.reload(node)
        new = node.config / "ca.new"
        shutil.copy2(node.config / "ca.crt", new)
        self.lab.account.own(new)
        os.replace(new, node.config / "ca.crt")
        refused = node.ctl("config", "reload", "--json", check=False).json
        self.assertFalse(refused["reloaded"])
        self.assertTrue(any("restart endpointd" in error["message"] for error in refused["errors"]), refused)
        self.assertTrue(any("was replaced" in warning["message"] for warning in refused["warnings"]), refused)
        self.answers(peer, "still")

    def test_a_peer_is_found_by_name(self):
        with PeerListener("127.0.0.1", self.certificate) as listener:
            self.node(zones=zones_conf("localhost", listener.address[1])).start()
            listener.accept().close()

    @unittest.skipIf(landlock_abi() < 4, "this kernel's Landlock has no rules for ports")
    def test_another_port_of_a_parent_needs_a_restart(self):
        with PeerListener(self.lab.host, self.certificate) as listener:
            node = self.node(zones=zones_conf(self.lab.host, self.lab.free_port())).start()
            port = listener.address[1]
            node.write_zones(zones_conf(self.lab.host, port))
            warnings = self.reload(node)
            self.assertTrue(any(f"at port {port}" in text and "restart endpointd" in text for text in warnings), warnings)
            before = len(node.log())
            node.wait_log("Permission denied", before)
            self.assertEqual(node.stop(), 0)
            node.start()
            listener.accept().close()

    def test_another_listening_port_needs_a_restart(self):
        node = self.node().start()
        port, node.port = node.port, self.lab.free_port()
        node.write_settings({})
        warnings = self.reload(node)
        self.assertTrue(any("restart" in text for text in warnings), warnings)
        node.port = port
        self.answers(self.dial(node))

    def test_the_admin_sockets_group_and_syslog_are_served(self):
        group = grp.getgrgid(self.lab.account.gid).gr_name
        node = self.node(settings={"admin": {"group": group}, "audit": {"syslog": True}}).start()
        self.assertEqual((node.run / "admin.sock").stat().st_gid, self.lab.account.gid)
        peer = self.dial(node)
        peer.execute("lab-no-such", host="refused")
        self.assertEqual(peer.result("refused")["state"], 3)
        self.answers(peer)

    def test_the_admin_socket_may_lie_elsewhere(self):
        node = self.node()
        elsewhere = node.directory / "elsewhere"
        elsewhere.mkdir()
        self.lab.account.own(elsewhere)
        node.write_settings({"admin": {"socket": str(elsewhere / "a.sock")}})
        node.start()
        self.assertTrue((elsewhere / "a.sock").exists())
        self.reload(node)

    def test_it_does_not_start_where_it_could_write_its_configuration(self):
        for settings, run in (({"admin": {"socket": "{etc}/a.sock"}}, "run"), ({}, "etc"), ({}, "state"), ({}, ".")):
            with self.subTest(settings=settings, run=run):
                node = self.node()
                node.write_settings(json.loads(json.dumps(settings).replace("{etc}", str(node.config))))
                node.run = node.directory / run
                node.launch()
                self.assertEqual(node.child.wait(30), 2, node.log())
                self.assertIn("holds more than the daemon may write", node.log())

    def test_a_store_of_the_old_place_is_moved(self):
        node = self.node().start()
        peer = self.dial(node)
        peer.execute("lab-no-such", host="refused")
        self.assertEqual(peer.result("refused")["state"], 3)
        known = len(node.audit())
        self.assertGreater(known, 0)
        self.assertEqual(node.stop(), 0)
        moved = {file.name for file in (node.state / "store").iterdir()}
        self.assertIn("store.db", moved)
        for name in moved:
            (node.state / "store" / name).rename(node.state / name)
        (node.state / "store").rmdir()
        node.start()
        self.assertGreaterEqual(len(node.audit()), known)
        self.assertEqual([name for name in moved if (node.state / name).exists()], [])
        self.assertEqual((node.state / "store").stat().st_mode & 0o777, 0o700)
        self.assertEqual(node.ctl("audit", "verify").status, 0)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.ctl("audit", "verify").status, 0, "without the daemon")


class StartedAsItsUser(_Confined, LabTestCase):
    pass


@unittest.skipIf(os.geteuid() != 0, "only root can start it as root")
class StartedAsRoot(_Confined, LabTestCase):
    privileged = True


if __name__ == "__main__":
    main()
