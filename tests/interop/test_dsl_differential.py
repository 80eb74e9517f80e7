"""Configurations and expressions that nobody wrote, and the samples where they are at hand: our evaluator beside the real
Icinga 2. Either the same objects with the same attributes, or a refusal that docs/dsl.md lists."""

import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import dsl_comparison
import dsl_generator
import dsl_oracle

_SEEDS = int(os.environ.get("DSL_SEEDS", "120"))
_FIRST = int(os.environ.get("DSL_FIRST_SEED", "0"))
_EXPRESSIONS = 40  # of a seed

# docs/dsl.md, "Differences": what is refused although Icinga takes it, by what the refusal says.
_DOCUMENTED = [
    re.compile(pattern)
    for pattern in (
        r"^(attribute|function) .*is no value of an attribute",
        r"^function ",
        r"^limit ",
        r"is one that RE2|not one that RE2",
        r"an attribute cannot be infinite",
        r"a shift by ",
        r"too large for this operator",
        r"a value of type '\w+' is no text",
        r"attribute 'name' cannot be set",
        r"wants a text, not",
    )
]


def _documented(text):
    return any(pattern.search(text) for pattern in _DOCUMENTED)


class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.oracle = dsl_oracle.Oracle().__enter__()
        cls.addClassCleanup(cls.oracle.__exit__)

    def _ours(self, files):
        with tempfile.TemporaryDirectory(prefix="endpointd-dsl-") as directory:
            for name, text in files.items():
                path = pathlib.Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return dsl_comparison.ours(directory)

    def test_expressions_are_worth_what_they_are_worth_upstream(self):
        expressions = []
        for seed in range(_FIRST, _FIRST + _SEEDS):
            generator = dsl_generator.Generator(seed)
            expressions += [generator.expression() for _ in range(_EXPRESSIONS)]
        found, values = [], 0
        for text, theirs, ours in zip(expressions, self.oracle.expressions(expressions), dsl_comparison.our_expressions(expressions)):
            values += theirs[0]
            if theirs[0] and not ours[0] and _documented(ours[1]):
                continue
            if theirs[0] != ours[0] or (theirs[0] and not dsl_comparison.exactly(theirs[1], ours[1])):
                found.append(f"{text}\n    Icinga: {theirs}\n    here:   {ours}")
        self.assertGreater(values, len(expressions) // 5, "a generator that makes errors only compares nothing")
        self.assertEqual([], found, f"{len(found)} of {len(expressions)}:\n" + "\n".join(found[:20]))

    def test_generated_configurations_make_the_same_objects(self):
        found, objects = [], 0
        for seed in range(_FIRST, _FIRST + _SEEDS):
            files = dsl_generator.Generator(seed).configuration()
            expected = self.oracle.judge(files)
            objects += len(expected["objects"])
            result = self._ours(files)
            if any(_documented(refused["why"] + " " + refused["message"]) for refused in result["refused"]):
                continue
            if different := dsl_comparison.differences(expected, result, files):
                found.append(f"seed {seed}:\n  " + "\n  ".join(different))
        self.assertGreater(objects, _SEEDS * 3, "a generator that makes errors only compares nothing")
        self.assertEqual([], found, f"{len(found)} of {_SEEDS}:\n" + "\n".join(found[:10]))

    def test_the_golden_expectations_are_those_of_this_icinga(self):
        golden = pathlib.Path(__file__).resolve().parents[1] / "golden/dsl"
        for case in sorted(path for path in golden.iterdir() if (path / "expected.json").exists()):
            with self.subTest(case=case.name):
                now = self.oracle.judge(dsl_comparison.read(case))
                before = json.loads((case / "expected.json").read_text())
                self.assertEqual(before["objects"], now["objects"])
                self.assertEqual(before["refused"], now["refused"])


@unittest.skipUnless("ENDPOINTD_SAMPLES" in os.environ, "ENDPOINTD_SAMPLES does not name the samples")
class Samples(unittest.TestCase):
    directory = pathlib.Path(os.environ.get("ENDPOINTD_SAMPLES", "."))

    def test_configurations(self):
        for case in sorted((self.directory / "configs").iterdir()):
            tier = json.loads((case / "case.json").read_text())["tier"]
            expected = json.loads((case / "expected.json").read_text())
            with self.subTest(case=case.name, tier=tier):
                self._compare(case / "zones.d", expected, tier)

    def _compare(self, directory, expected, tier):
        result = dsl_comparison.ours(directory)
        if tier == "reject":
            self.assertTrue(result["refused"])
            return
        files = dsl_comparison.read(directory)
        refused = []
        for error in expected["errors"]:
            text = files[error["file"]]
            whole = "syntax error" in error["message"]
            first, last = (1, text.count("\n") + 1) if whole else dsl_oracle.statement_around(text, error["line"])
            refused.append({"file": error["file"], "first": first, "last": last})
        if expected["errors"]:
            # Upstream gives nothing at all then; what is harmless may be here.
            wanted = {"objects": [], "errors": expected["errors"], "refused": refused}
            result["objects"] = [item for item in result["objects"] if dsl_comparison.inside(item["source"], refused)]
        else:
            wanted = expected | {"refused": []}
        found = dsl_comparison.differences(wanted, result, files)
        if tier == "extended" and result["refused"]:
            found = [text for text in found if " is missing" not in text and "refused, and" not in text]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_expressions(self):
        lines = (self.directory / "expressions.tsv").read_text().splitlines()[1:]
        rows = [line.split("\t") for line in lines]
        for row, (good, value) in zip(rows, dsl_comparison.our_expressions([row[0] for row in rows])):
            with self.subTest(expression=row[0], policy=row[3]):
                if row[3] == "error":
                    self.assertFalse(good, value)
                elif row[3] == "value" or good:
                    self.assertTrue(good, value)
                    self.assertTrue(dsl_comparison.exactly(json.loads(row[1]), value), value)


if __name__ == "__main__":
    if not dsl_oracle.available():
        sys.exit(f"{dsl_oracle.PROGRAM} is not installed")
    unittest.main()
