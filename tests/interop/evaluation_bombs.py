"""Texts that would never end, or take all the memory there is, or all of the stack. Each is `text, reason, line`: what the audit says
of it, where it says a line. Pieces of a text are (text, repetitions)."""

_KIB = 1024
_HOST = 'object Host "bad" {\n  check_command = "dummy"\n  '

LIMIT, SYNTAX = "limit-exceeded", "syntax-error"


def _hosts(count):
    return f'for (i in range({count})) {{ object Host "h" + i {{ check_command = "dummy" }} }}\n'


def _body(text):
    return _HOST + text + "\n}\n"


# What runs: steps, bytes of values, objects and depth are what ends it.
RUNNING = {
    "while": ("while (true) { }\n", LIMIT, 1),
    "while-in-a-body": (_body("while (true) { vars.x = 1 }"), LIMIT, 3),
    "while-in-a-condition": (_hosts(3) + 'apply Service "s" { check_command = "dummy"; assign where (() => { while (true) { } })() }\n', LIMIT, 2),
    "loops-in-loops": ("for (a in range(100000)) { for (b in range(100000)) { var c = a * b } }\n", LIMIT, 1),
    "a-range": (_body("vars.x = range(1000000000)"), LIMIT, 3),
    "an-index": ("var a = [ ]\na[900000000] = 1\n", LIMIT, 2),
    "recursion": ("function f(x) { return f(x + 1) }\nf(1)\n", LIMIT, 1),
    "recursion-by-turns": ("function f(x) { return g(x) }\nfunction g(x) { return f(x) }\nf(1)\n", LIMIT, 1),
    "recursion-caught": ("function f(x) { try { return f(x + 1) } except { return 1 } }\nf(1)\n", LIMIT, 1),
    "recursion-that-branches": ("function f(n) { if (n < 2) { return n }\n return f(n - 1) + f(n - 2) }\nf(60)\n", LIMIT, None),
    "a-body-that-imports-itself": ('template Host "t" { import "t" }\nobject Host "bad" { import "t"; check_command = "dummy" }\n', LIMIT, 1),
    "templates-that-double": ("".join(f'template Host "t{n}" {{ import "t{n + 1}"; import "t{n + 1}" }}\n' for n in range(60)) +
                              'template Host "t60" { }\nobject Host "bad" { import "t0"; check_command = "dummy" }\n', LIMIT, None),
    "a-text-that-doubles": ('var a = "x"\nfor (i in range(60)) { a = a + a }\n', LIMIT, 2),
    "a-text-that-doubles-for-ever": ('var a = "x"\nwhile (true) { a = a + a }\n', LIMIT, 2),
    "a-list-that-doubles": ("var a = [ 1 ]\nfor (i in range(60)) { a = a + a }\n", LIMIT, 2),
    "a-value-of-lists-twice": ('object Host "bad" {\n  check_command = "dummy"\n  var a = [ ]\n  for (i in range(60)) { a = [ a, a ] }\n'
                               "  vars.x = a\n}\n", LIMIT, None),
    "a-value-that-holds-itself": (_body("var a = [ ]\n  a.add(a)\n  vars.x = a"), LIMIT, 5),
    "json-of-itself": ("var d = { }\nd.x = d\nvar t = Json.encode(d)\n", SYNTAX, 3),
    "json-too-deep": ('var t = "["\nfor (i in range(20)) { t = t + t }\nvar d = Json.decode(t)\n', SYNTAX, 3),
    "replace": ('var a = "x"\nfor (i in range(20)) { a = a + a }\nvar b = a.replace("x", a)\n', LIMIT, 3),
    "split": ('var a = "x,"\nfor (i in range(24)) { a = a + a }\nvar b = a.split(",")\n', LIMIT, 3),
    "join": ('var a = "x,"\nfor (i in range(16)) { a = a + a }\nvar b = a.split(",").join(a)\n', LIMIT, 3),
    "regex": ('var a = "a"\nfor (i in range(20)) { a = a + a }\nwhile (true) { var m = regex("(a*)*b", a) }\n', LIMIT, 3),
    "regex-of-a-pattern-that-grows": ('var a = regex("((a{1,1000}){1,1000}){1,1000}", "x")\n', SYNTAX, 1),
    "match": ('var a = "a"\nvar p = "*a"\nfor (i in range(16)) { a = a + a; p = p + p }\nwhile (true) { var b = match(p + "b", a) }\n', LIMIT, 4),
    "sort": ("var a = range(200000)\nwhile (true) { a.sort((x, y) => x < y) }\n", LIMIT, 2),
    "keys-in-front": ("var d = { }\nfor (i in range(100000000)) { d[string(100000000 - i)] = 1 }\n", LIMIT, 2),
    "keys-taken-away": ("var d = { }\nfor (i in range(400000)) { d[string(1000000 + i)] = 1 }\n"
                        "for (i in range(400000)) { d.remove(string(1000000 + i)) }\nwhile (true) { }\n", LIMIT, None),
    "elements-taken-away": ("var a = range(3000000)\nwhile (true) { a.remove(0) }\n", LIMIT, 2),
    "looking-for-nothing": ("var a = range(1000000)\nwhile (true) { var b = -1 in a }\n", LIMIT, 2),
    "comparing": ('var a = "x"\nfor (i in range(20)) { a = a + a }\nvar b = a + "y"\nvar c = a + "z"\nwhile (true) { var d = b == c }\n', LIMIT, 5),
    "union": ("var a = range(500000)\nwhile (true) { var b = union(a, a) }\n", LIMIT, 2),
    "intersection": ("var a = range(500000)\nwhile (true) { var b = intersection(a, a) }\n", LIMIT, 2),
    "many-hosts": (_hosts(10000000), LIMIT, 1),
    "many-services": (_hosts(2000) + 'for (i in range(2000)) { apply Service "s" + i { check_command = "dummy"; assign where true } }\n', LIMIT, 2),
    "many-services-of-a-list": (_hosts(1000) + 'apply Service "s" for (n in range(100000)) { check_command = "dummy" }\n', LIMIT, 2),
    "many-dependencies": (_hosts(1000) + 'for (i in range(1000)) { apply Dependency "d" + i to Host '
                          '{ parent_host_name = "h0"; assign where true } }\n', LIMIT, 2),
    "many-members": (_hosts(50000) + 'for (i in range(3000)) { object HostGroup "g" + i { assign where match("h*", host.name) } }\n', LIMIT, 2),
    "long-notes": ('var a = "x"\nfor (i in range(20)) { a = a + a }\nfor (i in range(90000)) '
                   '{ object Host "h" + i use(a) { check_command = "dummy"; notes = a + name } }\n', LIMIT, None),
}


def _within(begin, opening, count, middle, closing, end=""):
    return ((begin, 1), (opening, count), (middle, 1), (closing, count), (end, 1))


# What is only read: the parser's depth and the number of its nodes are what ends it.
READ = {
    "arrays-within-each-other": (_within(_HOST + "vars.a = ", "[ ", 1000000, "1", " ]", "\n}\n"), SYNTAX, 3),
    "parentheses": (_within("var a = ", "(", 2000000, "1", ")"), SYNTAX, 1),
    "dictionaries": (_within("var a = ", "{ a = ", 500000, "1", " }"), SYNTAX, 1),
    "lambdas": ((("var a = ", 1), ("() => ", 500000), ("1", 1)), SYNTAX, 1),
    "conditions": (_within("", "if (true) { ", 300000, "", " }"), SYNTAX, 1),
    "functions": (_within("", "function f() { ", 300000, "", " }"), SYNTAX, 1),
    "objects": (_within("", 'object Host "a" { ', 300000, "", " }"), SYNTAX, 1),
    "open-brackets": ((("[", 5000000),), SYNTAX, 1),
    "not-not-not": ((("\nvar a = ", 1), ("!", 5000000), ("true", 1)), LIMIT, 2),
    "minus-minus": ((("\nvar a = ", 1), ("- ", 5000000), ("1", 1)), LIMIT, 2),
    "one-plus-one": ((("\nvar a = 1", 1), ("+1", 5000000), ("\n", 1)), LIMIT, 2),
    "text-plus-text": ((("\nvar a = ''".replace("''", '""'), 1), ('+"x"', 3000000), ("\n", 1)), LIMIT, 2),
    "and-and": ((("\nvar a = 1", 1), (" && 1", 3000000), ("\n", 1)), LIMIT, 2),
    "shifts": ((("\nvar a = 1", 1), ("<<1", 5000000), ("\n", 1)), LIMIT, 2),
    "either-or": ((("\nvar a = ", 1), ("true ? 1 : ", 2000000), ("1", 1)), LIMIT, 2),
    "else-if": ((("\nif (false) { }", 1), (" else if (false) { }", 1000000)), LIMIT, 2),
    "fields": ((("\nvar a = globals", 1), (".a", 5000000)), LIMIT, 2),
    "fields-of-nothing": ((("\nvar a = globals", 1), (".a", 50000)), SYNTAX, 2),
    "calls": ((("\nvar a = f", 1), ("()", 5000000)), LIMIT, 2),
    "indexes": ((("\nvar a = f", 1), ("[1]", 5000000)), LIMIT, 2),
    "elements": ((("\nvar a = [ ", 1), ("1,", 10000000), ("]\n", 1)), LIMIT, 2),
    "assignments": ((("a=1\n", 3000000),), LIMIT, None),
    "empty-objects": ((('object Host "bad" {}\n', 800000),), LIMIT, None),
    "a-long-number": ((("var a = ", 1), ("1" * _KIB, 5 * _KIB), ("\n", 1)), SYNTAX, 1),
    "a-long-name": ((('object Host "', 1), ("x" * _KIB, 5 * _KIB), ('" { check_command = "dummy" }\n', 1)), "attribute-not-allowed", 1),
    "a-long-type": ((("object ", 1), ("x" * _KIB, 5 * _KIB), (' "bad" { }\n', 1)), SYNTAX, 1),
    "a-long-attribute": ((('object Host "bad" { check_command = "dummy"; ', 1), ("x" * _KIB, 5 * _KIB), (" = 1 }\n", 1)),
                         "attribute-not-allowed", 1),
    "a-long-import": ((('object Host "bad" { import "', 1), ("x" * _KIB, 5 * _KIB), ('" }\n', 1)), SYNTAX, 1),
    "a-long-command": ((('object Host "bad" { check_command = "', 1), ("x" * _KIB, 5 * _KIB), ('" }\n', 1)), "unknown-command", 1),
    "a-long-comment": ((("/*", 1), ("x" * _KIB, 20 * _KIB)), SYNTAX, 1),
    "a-long-text-without-end": ((('var a = "', 1), ("x" * _KIB, 20 * _KIB)), SYNTAX, 1),
    "a-long-text-many-times": ((('var s = "', 1), ("x" * _KIB, 20 * _KIB), ('"\nfor (i in range(30)) { var t = s + i }\n', 1)), LIMIT, 2),
    "empty-lines": ((("\n", 20000000), ("x", 1)), SYNTAX, 20000001),
    "semicolons": (((";", 20000000), ("x", 1)), SYNTAX, 1),
}


def text_of(pieces):
    return pieces if isinstance(pieces, str) else "".join(text * count for text, count in pieces)
