"""The master's REST API: queries, actions, and its event stream."""

import base64
import http.client
import json
import socket
import ssl
import time
import urllib.parse

from waiting import ASKED_AGAIN, PATIENCE, WaitedTooLong, wait_for


class RestError(Exception):
    """An answer that is not a success; `status` is HTTP's."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status}: {text[:400]}")
        self.status = status


class Rest:
    def __init__(self, host, port, ca, name, user, password):
        self.address, self.name = (host, port), name
        self.context = ssl.create_default_context(cafile=str(ca))
        self.headers = {"Accept": "application/json", "Content-Type": "application/json",
                        "Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}

    def _connect(self, timeout):
        # The certificate carries the endpoint's name, the address is a bare one.
        raw = socket.create_connection(self.address, timeout=timeout)
        try:
            stream = self.context.wrap_socket(raw, server_hostname=self.name)
        except BaseException:
            raw.close()
            raise
        connection = http.client.HTTPConnection(self.name, timeout=timeout)
        connection.sock = stream
        return connection

    def request(self, method, path, body=None, timeout=20.0):
        """The decoded answer. A GET with a body goes as Icinga wants it, a POST with an override."""
        connection = self._connect(timeout)
        try:
            return self._exchange(connection, method, path, body)
        finally:
            connection.close()

    def _exchange(self, connection, method, path, body):
        headers = dict(self.headers)
        if method == "GET" and body is not None:
            method, headers["X-HTTP-Method-Override"] = "POST", "GET"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        if answer.status >= 300:
            raise RestError(method, path, answer.status, text)
        return json.loads(text) if text else None

    def get(self, path, body=None):
        return self.request("GET", path, body)

    def attrs(self, kind, name):
        """The attributes of one object, or None where there is none."""
        try:
            return self.get(f"/v1/objects/{kind}/{urllib.parse.quote(name, safe='')}")["results"][0]["attrs"]
        except RestError as error:
            if error.status == 404:
                return None
            raise

    def host(self, name):
        return self.attrs("hosts", name)

    def service(self, name):
        return self.attrs("services", name)

    def action(self, name, **body):
        return self.request("POST", f"/v1/actions/{name}", body)["results"]

    def modify(self, kind, name, **attrs):
        return self.request("POST", f"/v1/objects/{kind}/{urllib.parse.quote(name, safe='')}", {"attrs": attrs})

    def recheck(self, kind, name):
        """A forced check now, as a click in the web interface does."""
        return self.action("reschedule-check", type=kind, filter=f'{kind.lower()}.__name=="{name}"', force=True)

    def ready(self):
        try:
            return self.get("/v1/status/IcingaApplication") is not None
        except (OSError, RestError, http.client.HTTPException):
            return False

    def connected(self, endpoint):
        attrs = self.attrs("endpoints", endpoint)
        return bool(attrs and attrs["connected"])

    def result(self, name, accept, what="a result", timeout=ASKED_AGAIN, since=0.0):
        """Waits until the last check result of HOST or HOST!SERVICE passes `accept` and is younger than `since`."""
        kind = "services" if "!" in name else "hosts"
        seen = {}

        def look():
            attrs = self.attrs(kind, name)
            result = attrs and attrs["last_check_result"]
            seen["result"] = result
            return result if result and result["execution_end"] >= since and accept(result) else None

        return wait_for(look, f"{what} of {name}", timeout, lambda: _brief(seen.get("result")))

    def events(self, *types, queue="lab"):
        return EventStream(self, types, queue)


class QuickRest(Rest):
    """All requests over one connection, for who makes many in a short time. Renew it after a pause: the master closes what is idle.
    Close it. One thread."""

    def __init__(self, rest):
        self.__dict__.update(rest.__dict__)
        self.connection = self._connect(PATIENCE)

    def request(self, method, path, body=None, timeout=None):
        return self._exchange(self.connection, method, path, body)

    def renew(self):
        self.connection.close()
        self.connection = self._connect(PATIENCE)

    def close(self):
        self.connection.close()


def _brief(result):
    return result and {key: result.get(key) for key in ("state", "output", "performance_data", "check_source")}


class EventStream:
    """The master's events as they happen; close it, or use it in a `with`."""

    def __init__(self, rest, types, queue):
        self.connection = rest._connect(PATIENCE)
        # http.client forgets the socket of an answer without a length.
        self.stream = self.connection.sock
        body = json.dumps({"types": list(types), "queue": queue})
        self.connection.request("POST", "/v1/events", body, rest.headers)
        self.answer = self.connection.getresponse()
        if self.answer.status != 200:
            raise RestError("POST", "/v1/events", self.answer.status, self.answer.read().decode(errors="replace"))

    def until(self, accept, what, timeout=PATIENCE):
        """The first event that passes `accept`."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.stream.settimeout(max(0.1, end - time.monotonic()))
            try:
                line = self.answer.readline()
            except TimeoutError:
                break
            if not line:
                raise WaitedTooLong(f"the event stream ended before {what}")
            event = json.loads(line)
            if accept(event):
                return event
        raise WaitedTooLong(f"waited {timeout:.0f} s in vain for the event: {what}")

    def close(self):
        self.answer.close()
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
