#!/usr/bin/python3
"""A parent that was taken over, or never learnt the protocol: after each of its messages the daemon answers a good
request, and one audit record, with a count, tells what came."""

from lab import MASTER, LabTestCase, main
from peer import Peer, frame, message
from scene import canary, start_node
from waiting import wait_for

_MESSAGE_SIZE = 1024 * 1024


def _nested(depth):
    return '{"jsonrpc":"2.0","method":"event::Heartbeat","params":' + '{"a":' * depth + "1" + "}" * depth + "}"


# What section 1.7 of the protocol calls an error, and JSON that is none: the connection ends.
_CLOSING = {
    "a letter in the length": b"1x:{},",
    "a sign": b"+5:{\"a\":1},",
    "no length": b":{},",
    "a leading zero": b"05:{\"a\":1},",
    "ten digits": b"1000000000:",
    "more than the limit": b"%d:" % (_MESSAGE_SIZE + 1),
    "the largest length there is": b"999999999:",
    "another trailer": b"2:{};",
    "an empty message": b"0:,",
    "no JSON": frame("nonsense"),
    "a cut-off message": frame('{"jsonrpc":"2.0"'),
    "an array": frame("[]"),
    "a string": frame('"x"'),
    "bytes after the object": frame("{} {}"),
    "invalid UTF-8": frame(b'{"jsonrpc":"2.0","method":"\xff\xfe","params":{}}'),
    "half a surrogate pair": frame('{"jsonrpc":"2.0","method":"\\ud800","params":{}}'),
    "a key twice": frame('{"method":"event::Heartbeat","params":{},"params":{}}'),
    "a key twice, one of them escaped": frame('{"method":"event::Heartbeat","params":{"a":1,"\\u0061":2}}'),
    "33 levels": frame(_nested(32)),
    "10,000 levels": frame(_nested(10000)),
    "100,000 levels of arrays": frame('{"method":"x","params":' + "[" * 100000 + "]" * 100000 + "}"),
    "the number that overflows RapidJSON": frame('{"method":"log::SetLogPosition","params":{"log_position":0.0000000000001e-2147483639}}'),
    "an exponent without end": frame('{"method":"log::SetLogPosition","params":{"log_position":1e99999999999999999999}}'),
    "infinity": frame('{"method":"log::SetLogPosition","params":{"log_position":1e999}}'),
    "not a number": frame('{"method":"log::SetLogPosition","params":{"log_position":NaN}}'),
    "a comment": frame('{"method":"event::Heartbeat","params":{}/* */}'),
    "a byte order mark": frame(b'\xef\xbb\xbf{"method":"event::Heartbeat","params":{}}'),
}

# Well-formed messages of wrong types or without what they need: refused, the connection stays.
_GOOD = {"command_type": "check_command", "command": "lab-true", "host": "h", "macros": {}}


def _without(key):
    return {name: value for name, value in _GOOD.items() if name != key}


_MALFORMED = {
    "macros that are a string": ("event::ExecuteCommand", {**_GOOD, "macros": "x"}),
    "macros that are an array": ("event::ExecuteCommand", {**_GOOD, "macros": []}),
    "macros that are a number": ("event::ExecuteCommand", {**_GOOD, "macros": 1}),
    "a deadline that is a string": ("event::ExecuteCommand", {**_GOOD, "source": "s", "deadline": "soon"}),
    "a command that is an array": ("event::ExecuteCommand", {**_GOOD, "command": ["/bin/sh"]}),
    "a command type nobody knows": ("event::ExecuteCommand", {**_GOOD, "command_type": "shell"}),
    "no command": ("event::ExecuteCommand", _without("command")),
    "no host": ("event::ExecuteCommand", _without("host")),
    "no command type": ("event::ExecuteCommand", _without("command_type")),
    "a host that is null": ("event::ExecuteCommand", {**_GOOD, "host": None}),
    "a service that is an object": ("event::ExecuteCommand", {**_GOOD, "service": {}}),
    "a check timeout that is an object": ("event::ExecuteCommand", {**_GOOD, "check_timeout": {}}),
    "a negative check timeout": ("event::ExecuteCommand", {**_GOOD, "check_timeout": -5}),
    "a source that is a number": ("event::ExecuteCommand", {**_GOOD, "source": 5}),
    "an update that is a string": ("config::Update", {"update": "x", "update_v2": {}}),
    "files that are numbers": ("config::Update", {"update": {"z": {"/a.conf": 1}}, "update_v2": {}}),
    "an object without a name": ("config::UpdateObject", {"type": "Host", "version": 1}),
    "a position that is a string": ("log::SetLogPosition", {"log_position": "x"}),
    "a result without a result": ("event::CheckResult", {"host": "h"}),
    "a result that is a number": ("event::CheckResult", {"host": "h", "cr": 1}),
}

_UNKNOWN_METHODS = ["event::Nothing", "icinga::hello", "", "config::update", "x" * 5000, "event::ExecuteCommand\u0000", "../../etc",
                    "ü::ö"]


class HostilePeer(LabTestCase):
    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab, settings={"limits": {"message_size": _MESSAGE_SIZE}})

    def dial(self):
        peer = Peer.dial((self.lab.host, self.node.port), self.certificate, trust=self.lab.authority.certificate)
        self.addCleanup(peer.close)
        return peer

    def answers(self, peer=None):
        """A good request is answered, over that connection or a new one (of two at once the second is dropped)."""
        if peer is None:
            with Peer.dial((self.lab.host, self.node.port), self.certificate) as another:
                self.answers(another)
            self.node.wait_connected(connected=False)
            return
        peer.execute("lab-true", host="good")
        self.assertEqual(peer.result("good")["state"], 0)

    def count(self, **filters):
        return sum(record["count"] for record in self.node.audit(parent=MASTER, **filters))

    def test_broken_frames_and_broken_json_end_the_connection(self):
        for case, data in _CLOSING.items():
            with self.subTest(case):
                before = self.count(reason="malformed-message")
                with Peer.dial((self.lab.host, self.node.port), self.certificate) as peer:
                    peer.method("icinga::Hello")
                    peer.send_raw(data)
                    self.assertTrue(peer.closed())
                wait_for(lambda: self.count(reason="malformed-message") == before + 1, "one more malformed message on record")
                self.answers()

    def test_half_a_million_values_are_not_too_many(self):
        before = self.count(reason="malformed-message")
        peer = self.dial()
        peer.send_raw(frame('{"method":"event::Heartbeat","params":{"a":[' + "0," * 500000 + "0]}}"))
        self.answers(peer)
        self.assertEqual(self.count(reason="malformed-message"), before)

    def test_a_frame_that_is_cut_off(self):
        before = self.count(reason="malformed-message")
        peer = self.dial()
        peer.method("icinga::Hello")
        peer.send_raw(b"100:{")
        peer.close()
        wait_for(lambda: self.count(reason="malformed-message") == before + 1, "the cut-off frame on record")
        self.answers()

    def test_a_repeat_raises_the_count_of_one_record(self):
        for _ in range(5):
            with Peer.dial((self.lab.host, self.node.port), self.certificate) as peer:
                peer.send_raw(b"1y:{},")
                peer.closed()
        found = [record for record in self.node.audit(reason="malformed-message") if record["count"] >= 5]
        self.assertTrue(found, "five times the same is one record with a count")

    def test_wrong_types_are_refused_and_the_connection_stays(self):
        peer = self.dial()
        for case, (method, params) in _MALFORMED.items():
            with self.subTest(case):
                before = self.count(method=method, reason="malformed-message")
                peer.send(method, params)
                self.answers(peer)
                self.assertEqual(self.count(method=method, reason="malformed-message"), before + 1)

    def test_unknown_methods_are_denied_and_the_connection_stays(self):
        peer = self.dial()
        for name in _UNKNOWN_METHODS:
            with self.subTest(name[:40]):
                before = self.count(reason="capability-denied")
                peer.send(name, {})
                self.answers(peer)
                self.assertEqual(self.count(reason="capability-denied"), before + 1)

    def test_methods_that_are_never_granted(self):
        peer = self.dial()
        for method, params in {
                "event::ExecutedCommand": {"execution": "e", "host": "h", "exit": 0, "output": "x", "start": 1, "end": 1},
                "pki::RequestCertificate": {"ticket": "x"},
                "pki::UpdateCertificate": {"cert": "x", "ca": "x", "status_code": 0, "fingerprint_request": "x"},
                "event::SetForceNextCheck": {"host": "h", "forced": True},
                "event::SetNextCheck": {"host": "h", "next_check": 1.0},
                "event::SetAcknowledgement": {"host": "h", "author": "a", "comment": "c", "acktype": 1, "notify": True, "expiry": 0},
                "event::ClearAcknowledgement": {"host": "h"},
                "config::DeleteObject": {"type": "Host", "name": "h", "version": 1700000000.5}}.items():
            with self.subTest(method):
                peer.send(method, params)
                self.answers(peer)
                record = self.node.wait_audit(method=method, decision="denied")
                self.assertEqual(record["reason"], "capability-denied")

    def test_a_notification_command_is_refused(self):
        peer = self.dial()
        peer.execute("ring-bell", kind="notification_command", user="u", notification="n", source="s-1", deadline=4e9)
        answer = peer.method("event::ExecutedCommand")["params"]
        self.assertEqual((answer["exit"], answer["execution"]), (126, "s-1"))
        self.assertRegex(answer["output"], r"^endpointd: command 'ring-bell' is not granted to master\.example\.org \(audit \d+\)$")
        self.assertFalse(canary(self.lab, "notification").exists(), "it was run")

    def test_macros_that_are_no_parameters_are_dropped_and_on_record(self):
        peer = self.dial()
        peer.execute("lab-plain", host="drops", macros={"surplus_one": "x", "surplus_two": [1, {"a": {}}]})
        result = peer.result("drops")
        self.assertEqual(result["state"], 0)
        self.assertIn("ARGS []", result["output"])
        records = self.node.audit(object_name="lab-plain", decision="changed")
        self.assertTrue(any("surplus_one" in record["detail"] for record in records), records)

    def test_a_message_of_exactly_the_limit_is_taken(self):
        peer = self.dial()
        head, tail = '{"jsonrpc":"2.0","method":"event::Heartbeat","params":{"x":"', '"}}'
        peer.send_raw(frame(head + "a" * (_MESSAGE_SIZE - len(head) - len(tail)) + tail))
        self.answers(peer)

    def test_one_byte_at_a_time(self):
        peer = self.dial()
        for byte in message("event::ExecuteCommand", {**_GOOD, "host": "slowly"}):
            peer.send_raw(bytes([byte]))
        self.assertEqual(peer.result("slowly")["state"], 0)

    def test_many_requests_at_once_are_all_answered(self):
        peer = self.dial()
        for number in range(300):
            peer.execute("lab-true", host=f"many-{number}")
        for number in range(300):
            want = f"many-{number}"
            known = [got for got in peer.seen if got.get("params", {}).get("host") == want]
            result = known[0]["params"]["cr"] if known else peer.result(want)
            self.assertEqual(result["state"], 0)

    def test_a_peer_that_reads_nothing_does_not_hold_up_another(self):
        deaf = self.dial()
        for number in range(200):
            deaf.execute("lab-no-such-at-all", host=f"deaf-{number}")
        deaf.close()
        # Until its end is noticed a second connection of the same endpoint is the duplicate, as upstream.
        self.node.wait_connected(connected=False)
        self.answers()

    def test_the_chain_holds_after_all_that(self):
        self.assertTrue(self.node.ctl("audit", "verify", json=True)["ok"])


class TooManyValues(LabTestCase):
    """64 MiB of `0,0,0` would be half a gigabyte as a tree of values."""

    @classmethod
    def build(cls, lab):
        cls.node, cls.certificate = start_node(lab)

    def test_the_message_is_refused_without_the_memory_it_asks_for(self):
        peer = Peer.dial((self.lab.host, self.node.port), self.certificate)
        self.addCleanup(peer.close)
        head, tail = '{"method":"event::Heartbeat","params":{"a":[', "0]}}"
        room = 64 * 1024 * 1024 - len(head) - len(tail)
        peer.send_raw(frame(head + "0," * (room // 2) + tail))
        self.assertTrue(peer.closed())
        self.node.wait_audit("the refused message", reason="malformed-message", parent=MASTER)
        with open(f"/proc/{self.node.child.pid}/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        self.assertLess(peak, 400 * 1024, "KiB at the peak")
        with Peer.dial((self.lab.host, self.node.port), self.certificate) as again:
            again.execute("lab-true")
            self.assertEqual(again.result()["state"], 0)


if __name__ == "__main__":
    main()
