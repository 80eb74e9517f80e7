"""A master that may configure this node, with the zone of `pushed_zone` pushed: what the tests of it share."""

import urllib.parse

import pushed_zone
from lab import AGENT, MASTER, LabTestCase
from scene import CAPS, canary, master_host, master_service, start_pair
from waiting import wait_for

CONFIG = {"types": list(pushed_zone.KINDS), "hosts": ["*"], "services": ["*"], "zones": ["*"]}


def grant(**capabilities):
    """What any parent of the laboratory may, and `capabilities`."""
    return {MASTER: {"grant": {**CAPS[MASTER]["grant"], **capabilities}}}


EVERYTHING = grant(config=CONFIG, downtime={}, comment={}, pause={})

# Of these the master has a state of its own; and the package is where a node has an object from: `_etc` there, `_cluster` here.
STATE = {"package", "is_inside", "segments", "valid_begin", "valid_end", "next_check", "next_update"}


def comparable(value):
    """Unset attributes are an empty text or null, both mean the same. Of a function we show that it is one."""
    if isinstance(value, dict) and value.get("type") == "Function":
        return {"type": "Function"}
    return "" if value is None else value


class Pair(LabTestCase):
    caps = EVERYTHING
    bystander = "db1"  # a host of the zone that comments may be made of

    @classmethod
    def build(cls, lab):
        cls.mark = canary(lab, "evil")
        cls.files = pushed_zone.files(cls.mark)
        cls.master, cls.node = start_pair(lab, master_host("h"), master_service("h", "s", "lab-plain"), caps=cls.caps, zones_d=cls.files)

    # What stands here.

    def objects(self, kind=None):
        """{(type, name): object} of what stands here, without what became of its checks."""
        args = ["--type", kind] if kind else []
        listed = self.node.ctl("objects", "list", *args, json=True)["objects"]
        return {(one["type"], one["name"]): {key: value for key, value in one.items() if key != "state"} for one in listed}

    def attrs(self, kind, name):
        return self.node.ctl("objects", "show", kind, name, json=True)["attrs"]

    def wait_object(self, kind, name, accept=lambda one: True):
        return wait_for(lambda: [one for key, one in self.objects(kind).items() if key == (kind, name) and accept(one)],
                        f"{kind} {name}", last=lambda: self.objects(kind).get((kind, name), self.node.status()))[0]

    def wait_attrs(self, kind, name, **attrs):
        """Waits until the object has these attributes; returns all of them."""
        return self.wait_object(kind, name, lambda one: all(one["attrs"][key] == value for key, value in attrs.items()))["attrs"]

    def wait_gone(self, kind, name):
        wait_for(lambda: (kind, name) not in self.objects(kind), f"{kind} {name} to be gone")

    def wait_zone(self):
        self.wait_object("Service", "web1!single")

    def assert_not_there(self, kind, name):
        self.assertNotIn((kind, name), self.objects(kind))

    # What the master is asked to do.

    def request(self, method, kind, name, body=None, query=""):
        return self.master.rest.request(method, f"/v1/objects/{kind}/{urllib.parse.quote(name, safe='')}{query}", body)

    def put(self, kind, name, *templates, **attrs):
        self.request("PUT", kind, name, {"templates": templates, "attrs": {"zone": AGENT, **attrs}})

    def modify(self, kind, name, **attrs):
        self.master.rest.modify(kind, name, **attrs)

    def restore(self, kind, name, attribute):
        """As `restore_attrs` does, for which 2.13 has no request."""
        code = f'get_object({kind}, "{name}").restore_attribute("{attribute}")'
        self.master.rest.request("POST", "/v1/console/execute-script?sandboxed=0&session=lab&command=" + urllib.parse.quote(code, safe=""))

    def delete(self, kind, name):
        self.request("DELETE", kind, name, query="?cascade=1")

    def comment(self, host):
        return self.master.rest.action("add-comment", type="Host", filter=f'host.name=="{host}"', author="ops",
                                       comment="seen")[0]["name"]

    def downtime(self, host):
        now = self.master.program_start()
        return self.master.rest.action("schedule-downtime", type="Host", filter=f'host.name=="{host}"', author="ops", comment="works",
                                       start_time=now, end_time=now + 86400)[0]["name"]

    def all_done(self):
        """Waits until whatever the master sent before is judged: what it sends is judged in its order."""
        name = self.comment(self.bystander)
        self.wait_object("Comment", name)
        self.master.rest.action("remove-comment", comment=name)
        self.wait_gone("Comment", name)

    # What both say.

    def assert_same(self, kind, name, there, here=None):
        """Every attribute that both show, `there` being the master's; without `here`, ours are asked for."""
        for attribute, value in (here or self.attrs(kind, name)).items():
            if attribute not in there or attribute in STATE:
                continue
            theirs = there[attribute]
            if attribute == "groups":
                value, theirs = (sorted(each) if each else each for each in (value, theirs))
            self.assertEqual(comparable(value), comparable(theirs), f"{kind} {name}: {attribute}")

    def assert_nothing_ran(self):
        self.assertFalse(self.mark.exists(), "the pushed command was run")
