"""A scripted cluster peer in Python: TLS, netstrings and JSON, and nothing that would stop it from misbehaving."""

import json
import socket
import ssl
import time

from waiting import PATIENCE, WaitedTooLong

# A 2.13 master says this.
_HELLO = {"capabilities": 1, "version": 21306}


def frame(payload):
    """A netstring around bytes or text."""
    data = payload.encode() if isinstance(payload, str) else payload
    return b"%d:%s," % (len(data), data)


def message(method, params, **more):
    return frame(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}))


def _context(purpose, certificate, trust):
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(certificate.certificate, certificate.key)
    if trust:
        context.load_verify_locations(trust)
        context.verify_mode = ssl.CERT_REQUIRED
    else:
        context.verify_mode = ssl.CERT_NONE
    return context


class Peer:
    """One connection. Made by `dial` or by a `PeerListener`."""

    def __init__(self, stream):
        self.stream = stream
        self.buffer = b""
        self.seen = []

    @classmethod
    def dial(cls, address, certificate, *, trust=None, name="agent.example.org", hello=True, tls=None):
        """Connects with a certificate (None: without one) and says Hello. `tls` may set the SSLContext up differently."""
        context = _context(ssl.PROTOCOL_TLS_CLIENT, certificate, trust)
        if tls:
            tls(context)
        raw = socket.create_connection(address, timeout=PATIENCE)
        try:
            peer = cls(context.wrap_socket(raw, server_hostname=name))
        except BaseException:
            raw.close()
            raise
        if hello:
            peer.send("icinga::Hello", _HELLO)
        return peer

    def send(self, method, params, **more):
        self.send_raw(message(method, params, **more))

    def send_raw(self, data):
        self.stream.settimeout(PATIENCE)
        self.stream.sendall(data)

    def execute(self, command, *, host="somehost", service=None, macros=None, kind="check_command", **more):
        """A real event::ExecuteCommand; `more` are further params."""
        params = {"command_type": kind, "command": command, "host": host, "macros": macros or {}, **more}
        if service is not None:
            params["service"] = service
        self.send("event::ExecuteCommand", params)

    def _frame(self):
        """One payload out of the buffer, or None."""
        length, colon, rest = self.buffer.partition(b":")
        if not colon or len(rest) <= int(length):
            return None
        end = int(length)
        if rest[end:end + 1] != b",":
            raise AssertionError(f"a netstring without its comma: {self.buffer[:80]!r}")
        self.buffer = rest[end + 1:]
        return rest[:end]

    def receive(self, accept, what, timeout=PATIENCE):
        """The next message that passes `accept`; the others are kept in `seen`."""
        end = time.monotonic() + timeout
        while True:
            payload = self._frame()
            if payload is not None:
                got = json.loads(payload)
                self.seen.append(got)
                if accept(got):
                    return got
                continue
            left = end - time.monotonic()
            if left <= 0:
                raise WaitedTooLong(f"waited {timeout:.0f} s in vain for {what}; seen: {[m.get('method') for m in self.seen]}")
            self.stream.settimeout(left)
            try:
                data = self.stream.recv(65536)
            except TimeoutError:
                continue
            if not data:
                raise EOFError(f"connection closed before {what}")
            self.buffer += data

    def method(self, name, timeout=PATIENCE):
        return self.receive(lambda got: got.get("method") == name, name, timeout)

    def result(self, host="somehost", service=None, timeout=PATIENCE):
        """The next check result for that object."""
        def fits(got):
            params = got.get("params", {})
            return got.get("method") == "event::CheckResult" and params.get("host") == host and params.get("service") == service
        return self.receive(fits, f"a result for {host}!{service}", timeout)["params"]["cr"]

    def bytes_until_end(self, timeout=PATIENCE):
        """Everything decrypted until the other side closes; an alert or a reset is an end too."""
        data = b""
        self.stream.settimeout(timeout)
        try:
            while chunk := self.stream.recv(65536):
                data += chunk
        except TimeoutError as error:
            raise WaitedTooLong(f"the connection stayed open for {timeout:.0f} s") from error
        except (ssl.SSLError, ConnectionError):
            pass
        return data

    def closed(self, timeout=PATIENCE):
        """Waits for the end of the connection; what still came is dropped."""
        self.bytes_until_end(timeout)
        return True

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class PeerListener:
    """Waits to be dialled, as a master without `host` for its agents does."""

    def __init__(self, host, certificate, trust=None):
        self.context = _context(ssl.PROTOCOL_TLS_SERVER, certificate, trust)
        self.socket = socket.create_server((host, 0))
        self.address = self.socket.getsockname()

    def accept(self, timeout=PATIENCE):
        """A Peer, after the handshake; raises ssl.SSLError or ConnectionError where the dialler broke it off."""
        self.socket.settimeout(timeout)
        try:
            raw, _ = self.socket.accept()
        except TimeoutError as error:
            raise WaitedTooLong(f"nobody dialled within {timeout:.0f} s") from error
        raw.settimeout(timeout)
        try:
            return Peer(self.context.wrap_socket(raw, server_side=True))
        except BaseException:
            raw.close()
            raise

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
