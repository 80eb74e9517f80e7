#!/usr/bin/python3
"""Certificates that are not the parent's: refused in both directions, named in the log, and nothing of the protocol spoken."""

import socket
import ssl

from ca import CertificateAuthority
from lab import AGENT, MASTER, LabTestCase, main, zones_conf
from peer import Peer, PeerListener, message
from scene import CAPS, start_node
from waiting import wait_for

_HELLO = message("icinga::Hello", {"capabilities": 1, "version": 21306})


def make_certificates(lab):
    """Every certificate by the name of what is wrong with it, and the log's word for it: {case: (Certificate, word)}."""
    def made(case, authority=lab.authority, common_name=MASTER, **options):
        return authority.issue(lab.directory / "certificates" / case, common_name, file_name="peer", **options)

    other = CertificateAuthority(lab.directory / "other-ca", name="Another CA")
    same_name = CertificateAuthority(lab.directory / "namesake-ca", name="Laboratory CA")
    return {
        "other CA": (made("other-ca", other), "unknown-authority"),
        "another CA of the same name": (made("namesake-ca", same_name), None),
        "expired": (made("expired", days_from=-30, days_to=-1), "peer-certificate-expired"),
        "not yet valid": (made("not-yet-valid", days_from=1, days_to=30), "peer-certificate-not-yet-valid"),
        "self-signed": (lab.authority.self_signed(lab.directory / "certificates/self-signed", MASTER), "self-signed"),
        "no common name": (made("no-cn", common_name=None, dns=[MASTER]), "no-common-name"),
    }


class Accepting(LabTestCase):
    """A stranger dials us."""

    @classmethod
    def build(cls, lab):
        cls.node, cls.good = start_node(lab)
        cls.cases = make_certificates(lab)

    @property
    def address(self):
        return self.lab.host, self.node.port

    def is_refused(self, certificate, word, tls=None):
        before = len(self.node.log())
        records = sum(record["count"] for record in self.node.audit(parent=None))
        try:
            peer = Peer.dial(self.address, certificate, hello=False, tls=tls)
        except (ssl.SSLError, ConnectionError):
            got = b""
        else:
            with peer:
                try:
                    peer.send_raw(_HELLO)
                except (ssl.SSLError, ConnectionError):
                    pass
                got = peer.bytes_until_end()
        self.assertEqual(got, b"", "something of the protocol was spoken")
        if word:
            self.node.wait_log(word, before)
        wait_for(lambda: sum(record["count"] for record in self.node.audit(parent=None)) > records, "one more failure in the audit")
        for record in self.node.audit(parent=None):
            self.assertEqual((record["decision"], record["reason"]), ("denied", "capability-denied"))
        self.answers_a_good_parent()

    def answers_a_good_parent(self):
        with Peer.dial(self.address, self.good, trust=self.lab.authority.certificate) as peer:
            peer.execute("lab-true")
            self.assertEqual(peer.result()["state"], 0)

    def test_the_right_certificate(self):
        self.answers_a_good_parent()

    def test_what_is_wrong_with_a_certificate_is_named(self):
        for case, (certificate, word) in self.cases.items():
            with self.subTest(case):
                self.is_refused(certificate, word)

    def test_no_certificate(self):
        self.is_refused(None, "no-peer-certificate")

    def test_the_right_ca_but_no_endpoint_of_that_name(self):
        stranger = self.lab.authority.issue(self.lab.directory / "stranger", "stranger.example.org")
        self.is_refused(stranger, "unknown-endpoint")
        self.node.wait_log("stranger.example.org")

    def test_the_name_in_other_case(self):
        self.is_refused(self.lab.authority.issue(self.lab.directory / "other-case", "Master.Example.ORG"), "unknown-endpoint")

    def test_a_san_never_replaces_the_common_name(self):
        self.is_refused(self.lab.authority.issue(self.lab.directory / "san-only", "somebody-else", dns=[MASTER]), "unknown-endpoint")

    def test_our_own_certificate_is_no_parent(self):
        self.is_refused(self.node.certificate, None)

    def test_tls_1_1_is_no_tls(self):
        def old(context):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        self.is_refused(self.good, None, old)

    def test_a_session_is_not_resumed(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.good.certificate, self.good.key)
        sessions = []
        for _ in range(2):
            with socket.create_connection(self.address) as raw:
                with context.wrap_socket(raw, server_hostname=AGENT, session=sessions[0] if sessions else None) as stream:
                    stream.sendall(_HELLO)
                    self.assertTrue(stream.recv(1))
                    self.assertFalse(stream.session_reused)
                    sessions.append(stream.session)

    def test_plain_text_gets_no_answer(self):
        before = len(self.node.log())
        with socket.create_connection(self.address, timeout=30) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            got = plain.recv(100)
        self.assertNotIn(b"HTTP", got)
        wait_for(lambda: len(self.node.log()) > before, "a word in the log")


class Dialling(LabTestCase):
    """We dial somebody who is not the parent."""

    @classmethod
    def build(cls, lab):
        cls.good = lab.authority.issue(lab.directory / "right", MASTER)
        cls.cases = make_certificates(lab)
        cls.folders = 0

    def is_refused(self, certificate, word):
        with PeerListener(self.lab.host, certificate) as listener:
            node = self._node(listener)
            # Wherever the dialler broke it off, in the handshake or after it, no application data may have come. It dials again,
            # and the first time it may have had enough of waiting for us.
            def refused():
                try:
                    with listener.accept() as peer:
                        self.assertEqual(peer.bytes_until_end(), b"", "something of the protocol was spoken")
                except (ssl.SSLError, ConnectionError):
                    pass
                return word in node.log()

            wait_for(refused, f"{word!r} in the log", last=node.log)
            self.assertFalse(node.parent()["connected"])
            self.assertEqual(node.stop(), 0)

    def _node(self, listener):
        type(self).folders += 1
        node = self.lab.node(folder=f"agent{self.folders}", zones=zones_conf(*listener.address), catalog={}, caps=CAPS)
        return node.start()

    def test_the_right_certificate(self):
        with PeerListener(self.lab.host, self.good, trust=self.lab.authority.certificate) as listener:
            node = self._node(listener)
            with listener.accept() as peer:
                self.assertEqual(peer.method("icinga::Hello")["params"]["version"], 21605)
                self.assertEqual(peer.stream.getpeercert()["subject"][0][0][1], AGENT)
                peer.send("icinga::Hello", {"capabilities": 1, "version": 21306})
                node.wait_connected()
                self.assertEqual(node.parent()["direction"], "outbound")
            node.stop()

    def test_what_is_wrong_with_a_certificate_is_named(self):
        for case, (certificate, word) in self.cases.items():
            with self.subTest(case):
                self.is_refused(certificate, word or "")

    def test_the_right_ca_but_another_name(self):
        self.is_refused(self.lab.authority.issue(self.lab.directory / "wrong-cn", "stranger.example.org"), "peer-name-mismatch")

    def test_the_name_in_other_case(self):
        self.is_refused(self.lab.authority.issue(self.lab.directory / "other-case", "Master.Example.ORG"), "peer-name-mismatch")

    def test_a_san_never_replaces_the_common_name(self):
        self.is_refused(self.lab.authority.issue(self.lab.directory / "san-only", "somebody-else", dns=[MASTER]), "peer-name-mismatch")

    def test_dns_names_must_match_as_well(self):
        self.is_refused(self.lab.authority.issue(self.lab.directory / "other-dns", MASTER, dns=["elsewhere.example.org"]),
                        "peer-name-mismatch")


if __name__ == "__main__":
    main()
