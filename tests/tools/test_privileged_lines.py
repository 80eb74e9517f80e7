#!/usr/bin/python3
"""tools/privileged-lines counts what a reader would: comments and blanks are told from strings that look like them."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

_SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools/privileged-lines"
_LOADER = importlib.machinery.SourceFileLoader("privileged_lines", str(_SCRIPT))
script = importlib.util.module_from_spec(importlib.util.spec_from_loader("privileged_lines", _LOADER))
_LOADER.exec_module(script)


class Counting(unittest.TestCase):
    def check(self, text, lines):
        self.assertEqual(script.code_lines(text), lines, text)

    def test_blanks_and_comments_are_not_counted(self):
        self.check("", 0)
        self.check("// a\n\n  \t\n/* b\n c */\n", 0)
        self.check("int a;  // why\n/* x */ int b;\n", 2)
        self.check("// goes on \\\nint in_a_comment;\nint b;\n", 1)

    def test_a_comment_inside_code_keeps_both_lines(self):
        self.check("int a; /* starts\nends */ int b;\n", 2)

    def test_strings_that_look_like_comments_are_code(self):
        self.check('auto a = "/*";\nint b;\nauto c = "*/";\n', 3)
        self.check('auto a = "http://x";\n', 1)
        self.check('auto a = "\\"//";\nauto b = \'"\'; // "\nint c;\n', 3)
        self.check("char a = '/', b = '*';\nint c; /* */\n", 2)

    def test_raw_strings_are_code_to_their_end(self):
        self.check('auto a = R"x(\n// one\n/* two )"\n)x"; // three\nint b;\n', 5)

    def test_digit_separators_are_no_characters(self):
        self.check("int a = 10'000; // '\nint b = 0x1'0 + 1; /* '\n */ int c;\n", 3)

    def test_what_looks_like_a_start_inside_a_comment_is_none(self):
        self.check("// it's \" /*\nint a;\n/* // */ int b;\n", 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
