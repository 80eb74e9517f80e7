"""Every case below this directory through our evaluator: the objects that the real Icinga made of it, with the same
attributes, and refused what it refused, at the same lines. Needs no Icinga."""

import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "interop"))
sys.dont_write_bytecode = True

import dsl_comparison


class Golden(unittest.TestCase):
    pass


def _claim(case):
    def claim(self):
        expected = json.loads((case / "expected.json").read_text())
        files = dsl_comparison.read(case)
        found = dsl_comparison.differences(expected, dsl_comparison.ours(case), files)
        self.assertEqual([], found, "\n" + "\n".join(found))

    return claim


for _case in sorted(path for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("__")):
    setattr(Golden, f"test_{_case.name}", _claim(_case))

if __name__ == "__main__":
    unittest.main()
