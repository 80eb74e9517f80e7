"""Ours beside the oracle's: what dsl_dump says of a directory, compared with what dsl_oracle says of it."""

import json
import os
import pathlib
import subprocess

import dsl_oracle

_TOP = pathlib.Path(__file__).resolve().parents[2]

# The clock's, and what comes with an object at run time.
_LEFT_OUT = {"entry_time", "version"}

# Attributes that hold a function upstream and are not the configuration's business here.
_FUNCTIONS = {("TimePeriod", "update")}


def program():
    return pathlib.Path(os.environ.get("ENDPOINTD_DSL_DUMP", _TOP / "build/asan/bin/dsl_dump"))


def _arguments():
    arguments = [program(), "--node", dsl_oracle.NODE, "--zone", dsl_oracle.ZONE, "--plugins", dsl_oracle.PLUGINS]
    for zone in dsl_oracle.GLOBAL_ZONES:
        arguments += ["--global", zone]
    return arguments


def ours(directory):
    """{"objects", "refused", "complete"} of a directory whose folders are zones."""
    done = subprocess.run(_arguments() + [directory], capture_output=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"dsl_dump ended with {done.returncode}: {done.stderr.decode(errors='replace')[-4000:]}")
    return json.loads(done.stdout)


def our_expressions(expressions):
    """As Oracle.expressions, with the reason of an error for a value."""
    text = "".join(expression + "\n" for expression in expressions)
    done = subprocess.run(_arguments() + ["--expressions", "-"], input=text.encode(), capture_output=True, timeout=120, check=False)
    lines = done.stdout.decode().split("\n")[:-1]
    if done.returncode or len(lines) != len(expressions):
        raise RuntimeError(f"dsl_dump ended with {done.returncode}: {done.stderr.decode(errors='replace')[-4000:]}")
    return [(False, line[6:]) if line.startswith("ERROR") else (True, json.loads(line)) for line in lines]


def read(directory):
    """{"zone/x.conf": text} of a directory whose folders are zones."""
    directory = pathlib.Path(directory)
    return {str(path.relative_to(directory)): path.read_text() for path in sorted(directory.rglob("*.conf"))}


def _same(left, right):
    """Unset is null or "", whichever the type's author chose. True is not 1."""
    if left in (None, "") and right in (None, ""):
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(exactly, left, right))
    return exactly(left, right)


def exactly(left, right):
    """Equal, and of the same types all the way down."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(exactly(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(exactly, left, right))
    return left == right


def inside(source, refused):
    return any(r["file"] == source["file"] and r["first"] <= source["line"] <= r["last"] for r in refused)


def differences(expected, result, files):
    """In words; empty: the same. `expected` as Oracle.judge gives it, `files` the text."""
    found = []
    key = lambda item: (item["type"], item["name"])
    if not result.get("complete", True):
        return [f"the evaluation was given up: {result['refused'][-1:]}"]
    if expected["objects"] is None:
        error = expected["errors"][-1]
        seen = any(r["file"] == error["file"] and r["line"] == error["line"] for r in result["refused"])
        return [] if seen else [f"nothing was refused at {error}"]
    here = {key(item): item for item in result["objects"]}
    for wanted in expected["objects"]:
        item = here.pop(key(wanted), None)
        title = f"{wanted['type']} {wanted['name']!r}"
        if item is None:
            why = [r for r in result["refused"] if r["name"] in (wanted["name"], wanted["name"].split("!")[-1], "")]
            found.append(f"{title} is missing: {why}")
            continue
        for part in ("zone", "templates", "source"):
            if item[part] != wanted[part]:
                found.append(f"{title}: {part} is {item[part]}, not {wanted[part]}")
        for name in sorted((item["attrs"].keys() | wanted["attrs"].keys()) - _LEFT_OUT):
            value, right = item["attrs"].get(name), wanted["attrs"].get(name)
            if name == "groups" and isinstance(value, list):
                value = sorted(value, key=str)
            if (wanted["type"], name) not in _FUNCTIONS and not _same(value, right):
                found.append(f"{title}: {name} is {json.dumps(value)}, not {json.dumps(right)}")
    for name, item in here.items():
        # Nor is there what would be applied to those.
        if any(name[1].startswith(other[1] + "!") for other in here if other != name):
            continue
        # A rule or loop that fails for one object fails as a whole upstream; here the others stay.
        if not inside(item["source"], expected["refused"]):
            found.append(f"{name[0]} {name[1]!r} should not be there ({item['source']})")
        elif _statement(files, item["source"]).startswith("object"):
            found.append(f"{name[0]} {name[1]!r} is refused by Icinga ({item['source']})")
    for place in expected["refused"]:
        there = [r for r in result["refused"] if r["file"] == place["file"] and place["first"] <= r["line"] <= place["last"]]
        if not there:
            found.append(f"nothing was refused at {place}")
    for error in expected["errors"]:
        if not any(r["file"] == error["file"] and r["line"] == error["line"] for r in result["refused"]):
            lines = [(r["line"], r["message"]) for r in result["refused"] if r["file"] == error["file"]]
            found.append(f"the error in {error['file']}:{error['line']} stands elsewhere: {lines}")
    for refused in result["refused"]:
        if not inside(refused, expected["refused"]):
            found.append(f"refused, and Icinga takes it: {refused['type']} {refused['name']!r} {refused['file']}:{refused['line']} "
                         f"{refused['why']}: {refused['message']}")
    return found


def _statement(files, source):
    first, _ = dsl_oracle.statement_around(files[source["file"]], source["line"])
    return files[source["file"]].split("\n")[first - 1]
