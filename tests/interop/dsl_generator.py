"""Configurations and expressions made at random from a seed: valid in their shape, and now and then wrong in their values.
The same seed gives the same text on every machine."""

import random

_VALUES = ["null", "true", "false", "0", "1", "2", "7", "-3", "2.5", "0.25", "90s", "1.5m", '""', '"a"', '"B"', '"12"', '"-4"', '"web-01"',
           '"a,b,c"', '"Köln"', "[ ]", "[ 1 ]", '[ "a", "b" ]', "[ 3, 1, 2 ]", '[ "b", 2, null, true ]', "[ [ 1 ], [ 2 ] ]", "{ }",
           "{ a = 1 }", '{ a = { b = [ 5, 6 ] }, c = "x" }', '{ "a b" = 2, z = null }', "HostDown", "MatchAny", "OK"]
_BINARY = ["+", "-", "*", "/", "%", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&", "^", "|", "&&", "||", "in", "!in"]
_METHODS = {
    "string": ["len()", "upper()", "lower()", "reverse()", "trim()", "to_string()", "substr({n})", "substr({n}, {n})", "split({s})",
               "find({s})", "contains({s})", "replace({s}, {s})"],
    "array": ["len()", "sort()", "reverse()", "unique()", "join({s})", "contains({v})", "get({n})", "shallow_clone()", "clone()",
              "map(x => x + {v})", "filter(x => x {o} {v})", "any(x => x {o} {v})", "all(x => x == {v})", "reduce((x, y) => x + y)",
              "map(x => typeof(x).name)"],
    "dictionary": ["len()", "keys()", "values()", "contains({s})", "get({s})", "shallow_clone()", "clone()"],
}
_FUNCTIONS = ["len({v})", "match({s}, {v})", "match({s}, {a}, MatchAny)", 'regex("^[a-c]", {v})', "typeof({v}).name", "number({v})",
              "string({v})", "bool({v})", "union({a}, {a})", "intersection({a}, {a})", "range({n})", "range({n}, {n})", "keys({d})",
              'cidr_match("192.0.2.0/24", {s})', "Json.encode({v})", "Json.decode(Json.encode({v}))", "Math.floor({n})", "Math.abs({n})",
              "Math.round({n})", "Math.max({n}, {n})", "Math.min({n}, {n}, {n})", "Math.sign({n})"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def expression(self, depth=3):
        pick = self.random.random()
        if depth <= 0 or pick < 0.15:
            return self.random.choice(_VALUES)
        if pick < 0.55:
            return f"{self._operand(depth)} {self.random.choice(_BINARY)} {self._operand(depth)}"
        if pick < 0.62:
            return self.random.choice("!-+~") + self._operand(depth)
        if pick < 0.70:
            return f"{self._operand(depth)} ? {self._operand(depth)} : {self._operand(depth)}"
        if pick < 0.80:
            kind = self.random.choice(list(_METHODS))
            return f"({self._of(kind, depth - 1)}).{self._filled(self.random.choice(_METHODS[kind]), depth - 1)}"
        if pick < 0.90:
            return self._filled(self.random.choice(_FUNCTIONS), depth - 1)
        if pick < 0.94:
            return f"({self._of('dictionary', depth - 1)}).{self.random.choice(['a', 'c', 'missing', 'a.b'])}"
        if pick < 0.97:
            return f"({self._of('array', depth - 1)})[{self.random.choice(['0', '1', '5', '-1', '1.5'])}]"
        return f"[ {self.expression(depth - 1)}, {self.expression(depth - 1)} ]"

    def _operand(self, depth):
        inner = self.expression(depth - 1)
        return inner if inner in _VALUES or self.random.random() < 0.1 else f"({inner})"

    def _of(self, kind, depth):
        """Mostly of that type: an error in the first step tells nothing about the rest."""
        values = {"string": '"', "array": "[", "dictionary": "{"}
        if depth > 0 and self.random.random() < 0.25:
            return self.expression(depth)
        return self.random.choice([value for value in _VALUES if value.startswith(values[kind])])

    def _number(self):
        return self.random.choice(["0", "1", "2", "3", "-1", "2.5", "5"])

    def _filled(self, text, depth):
        text = text.replace("{n}", "\0n").replace("{o}", self.random.choice(["==", "!=", "<", ">"]))
        for key, make in (("\0n", self._number), ("{s}", lambda: self._of("string", 0)), ("{a}", lambda: self._of("array", depth)),
                          ("{d}", lambda: self._of("dictionary", depth)), ("{v}", lambda: f"({self.expression(depth)})")):
            while key in text:
                text = text.replace(key, make(), 1)
        return text

    # Configurations.

    def configuration(self):
        """{"satellite/x.conf": text}: templates, hosts, groups, services, rules, loops and what hangs on them."""
        r = self.random
        self._templates = {"Host": [], "Service": []}
        statements = [self._constants()]
        for kind in ("Host", "Service"):
            for number in range(r.randint(1, 3)):
                statements.append(self._template(kind, number))
        for number in range(r.randint(2, 5)):
            statements.append(self._host(number))
        statements.append(self._loop())
        for number in range(r.randint(0, 3)):
            statements.append(self._group(number))
        for number in range(r.randint(2, 5)):
            statements.append(self._rule(number))
        for number in range(r.randint(0, 2)):
            statements.append(self._beside(number))
        if r.random() < 0.5:
            head, tail = statements[:1], statements[1:]
            r.shuffle(tail)  # objects may stand before what they import
            statements = head + tail
        half = r.randint(1, len(statements))
        return {"satellite/a.conf": "".join(statements[:half]), "satellite/b.conf": "".join(statements[half:])}

    def _constants(self):
        return f'const Shared = {self.random.choice(_VALUES)}\nconst Suffix = "-{self.random.randint(1, 9)}"\n'

    def _variable(self):
        return self.random.choice(["os", "tags", "disks", "count", "deep.a.b", 'deep["x y"]', "env", "flag"])

    def _value(self):
        if self.random.random() < 0.7:
            return self.random.choice(_VALUES + ["Shared", "name", "vars.os", "vars.tags", '"x" + Suffix', "vars.deep.a", "vars.disks"])
        return self.expression(2)

    def _line(self, depth):
        r = self.random
        pick = r.random()
        if pick < 0.40:
            return f"vars.{self._variable()} = {self._value()}\n"
        if pick < 0.52:
            return f"vars.{self._variable()} {r.choice(['+=', '+=', '+=', '-=', '*='])} {self._value()}\n"
        if pick < 0.58:
            return f"vars += {r.choice(['{ os = 1, more = 2 }', '{ tags = [ 9 ] }', 'vars.disks', 'null'])}\n"
        if pick < 0.68:
            return r.choice(["check_interval = 2m\n", "max_check_attempts = 5\n", 'notes = "n" + vars.count\n', "enable_flapping = true\n",
                             f"retry_interval = {r.choice(['30', '1m', '0.5', Quoted.NUMBER])}\n", f"check_timeout = {self._value()}\n",
                             f"volatile = {r.choice(['true', '0', '1', 'vars.flag'])}\n", "display_name = name + Suffix\n"])
        if pick < 0.74:
            return f"var v{r.randint(0, 2)} = {self._value()}\n"
        if depth and pick < 0.90:
            other = f" else {{\n{self._body(depth - 1, 1)}}}" if r.random() < 0.5 else ""
            return f"if ({self._condition()}) {{\n{self._body(depth - 1, 2)}}}{other}\n"
        if depth and pick < 0.96:
            return f"for (x in {r.choice(['[ 1, 2 ]', 'range(3)', 'vars.tags', '[ ]'])}) {{\nvars.seen += [ x ]\n{self._body(depth - 1, 1)}}}\n"
        if pick < 0.97:
            return "return\n"
        return f"vars.made = {self.expression(2)}\n"

    def _condition(self):
        return self.random.choice(["vars.os", "!vars.flag", 'vars.os == "a"', "vars.count > 1", '"a" in vars.tags', "name", 'match("h*", name)',
                                   "vars.disks && len(vars.disks) > 0", "vars.deep.a.b", self.expression(1)])

    def _body(self, depth=2, most=4):
        return "".join(self._line(depth) for _ in range(self.random.randint(1, most)))

    def _statement(self, head, body):
        """Indented, so that only a statement's first line stands at the left margin."""
        return head + " {\n" + "".join(f"  {line}\n" for line in body.splitlines()) + "}\n"

    def _imports(self, kind):
        chosen = [name for name in self._templates[kind] if self.random.random() < 0.5]
        if self.random.random() < 0.03:
            chosen.append("not-there")
        return "".join(f'import "{name}"\n' for name in chosen)

    def _template(self, kind, number):
        name = f"{kind.lower()}-template-{number}"
        imports = self._imports(kind)
        self._templates[kind].append(name)
        default = " default" if self.random.random() < 0.15 else ""
        return self._statement(f'template {kind} "{name}"{default}', imports + self._body(1))

    def _host(self, number):
        lines = [self._imports("Host"), 'check_command = "hostalive"\n', self._body()]
        if self.random.random() < 0.4:
            lines.append(f'vars.disks["/{number}"] = {{ warn = {number}, crit = Suffix }}\n')
        if self.random.random() < 0.3:
            self.random.shuffle(lines)
        return self._statement(f'object Host "h{number}"', "".join(lines))

    def _loop(self):
        r = self.random
        source = r.choice(['x in [ "l1", "l2" ]', "x in range(2)", 'x => y in { k1 = 1, k2 = [ "v" ] }'])
        value = "y" if "=>" in source else "x"
        head = f"for ({source}) {{\n  object Host \"loop-\" + x use (x{', y' if value == 'y' else ''})"
        body = f'check_command = "hostalive"\nvars.x = {value}\n' + self._body(1, 3)
        return head + " {\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "  }\n}\n"

    def _filter(self):
        r = self.random
        part = lambda: r.choice(['host.vars.os', 'host.vars.os == "a"', 'match("h*", host.name)', '"a" in host.vars.tags', "host.vars.count != 2",
                                 'host.name in [ "h0", "h1", "loop-l1" ]', "host.vars.deep.a", '"group-0" in host.groups', "!host.vars.flag",
                                 "host.address", 'host.check_command == "hostalive"', "host.vars.count > 1", "true"])
        text = part()
        for _ in range(r.randint(0, 2)):
            text = f"{text} {r.choice(['&&', '||'])} {part()}"
        return text

    def _group(self, number):
        body = f"assign where {self._filter()}\n"
        if self.random.random() < 0.3:
            body += 'ignore where host.name == "h1"\n'
        if number and self.random.random() < 0.4:
            body += 'groups = [ "group-0" ]\n'
        return self._statement(f'object HostGroup "group-{number}"', body)

    def _rule(self, number):
        r = self.random
        over, uses = "", ""
        pick = r.random()
        if pick < 0.25:
            over = f" for (k => v in {r.choice(['host.vars.disks', 'host.vars.deep', '{ a = 1, b = host.name }'])})"
            uses = "vars.k = k\nvars.v = v\n" + ("vars += v\n" if r.random() < 0.4 else "")
        elif pick < 0.45:
            over = f" for (k in {r.choice(['host.vars.tags', '[ 1, host.name ]', 'range(2)'])})"
            uses = "vars.k = k\n"
        body = self._imports("Service") + 'check_command = "dummy"\n' + uses + self._body(1, 3) + "vars.of = host.name + host.vars.os\n"
        if not over or r.random() < 0.3:
            body += f"assign where {self._filter()}\n"
        if r.random() < 0.3:
            body += f"ignore where {self._filter()}\n"
        return self._statement(f'apply Service "s{number}-"{over}', body)

    def _beside(self, number):
        r = self.random
        return r.choice([
            self._statement(f'apply Dependency "d{number}" to Host',
                            'parent_host_name = "h0"\ndisable_checks = true\nassign where host.name != "h0" && ' + self._filter() + "\n"),
            self._statement(f'apply ScheduledDowntime "t{number}" to Service',
                            f'author = "a"\ncomment = service.name\nranges = {{ monday = "01:00-02:00" }}\nassign where {self._filter()}\n'),
            self._statement(f'object TimePeriod "p{number}"', 'ranges = { monday = "00:00-24:00" }\nvars.a = 1\n'),
            self._statement(f'apply Notification "n{number}" to Service',
                            f'command = "mail"\nusers = [ "u" ]\ntypes = [ Problem ]\nassign where {self._filter()}\n')
            + 'object User "u" { email = "u@example.test" }\n' if number == 0 else "",
        ])


class Quoted:
    """Numbers as texts, which an attribute takes."""

    NUMBER = '"45"'
