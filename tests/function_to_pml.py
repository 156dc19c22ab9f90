#!/usr/bin/env python3
"""examples/function_to_pml.py: the prompt of every call is, to the character, what the function returns.

Needs nothing but Python 3. Arguments: --pml PROGRAM --model MODEL, then those of unittest.
"""
from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterable
from pathlib import Path

from pml_program import MODEL, PROGRAM, ROOT

SCRIPT = ROOT / "examples" / "function_to_pml.py"
EXAMPLE = ROOT / "examples" / "release_notes.py"

# Lists that are joined, early returns, nesting, names that are no names of PML or are taken.
FUNCTIONS = '''
HEAD = "  Head, with blanks at both ends  "

def listed(user, module="m", deep=False, deeper=False, tone="x y"):
    parts = [HEAD, f"<{user!r}> & {module}{module}"]
    if deep:
        parts.append("deep")
        if deeper:
            parts += ["deeper", "\\tdeepest\\n"]
    if not deep and deeper:
        parts.append(f"only deeper, {user:>12}" + ("!" if tone == "x y" else "?"))
    if deep or tone in ("user", "7"):
        parts.append("deep or so")
    return "\\n".join(parts)

def early(user, count=0, tone="user"):
    text = "A\\n\\n  B"
    if user:
        text += "user"
        if tone == "user":
            return text + " and out"
        text += "-"
    elif count == 3:
        ending = "three\\n"
        text = ending + text
    else:
        pass
    match count:
        case 0 | 1:
            text += "few"
        case 3:
            text += f"{count}"
        case None:
            return "nothing" + user
    match tone:
        case "user":
            text += "."
        case "...":
            text += "\u2026"
        case "0 | 1":
            text += "]]>"
    return f"{text}{'' if user else ' nobody'}"
'''
MISTAKES = (("for x in y:\n        pass", 2, "not understood: for x in y:"),
            ("y = z", 2, "`z` is no argument"),
            ("if len(x) > 3:\n        pass", 2, "`len(x)` is no argument"),
            ("if x > 3:\n        pass", 2, "the condition `x > 3`"),
            ("if x in 'abc':\n        pass", 2, "`in` is understood with"),
            ("x = 'changed'", 2, "the argument `x` is changed"),
            ("y = f'{x:{x}}'", 2, "a format that depends"),
            ("y = f'{len(x)}'", 2, "`len(x)` is not understood"),
            ("match x:\n        case 'a' if x:\n            pass", 3, "a `case` with an `if`"),
            ("match x:\n        case [a]:\n            pass", 3, "`case [a]`"),
            ("if x:\n        y = 'a'\n    return y", 4, "no text in every branch"),
            ("if x:\n        return 'a'", 2, "not every way"),
            ("y = ['a']\n    z = y", 3, "a list with two names"),
            ("return ''.join(['a']) + ['b']", 2, "cannot be added"),
            ("return '-'.join([])+1", 2, "`1` is not understood"),
            ("pass", 1, "returns no text"),
            ("return (", 2, "was never closed"))


class FunctionToPml(unittest.TestCase):
    pml: Path
    model: Path

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def convert(self, file: Path, what: str, *options: str, code: int = 0) -> str:
        done = subprocess.run([sys.executable, str(SCRIPT), str(file), what, *options], capture_output=True, text=True,
                              encoding="utf-8")
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def check(self, file: Path, name: str, calls: Iterable[dict[str, object]]) -> None:
        """Renders the calls' prompts, and compares them with what the function returns."""
        namespace: dict[str, Callable[..., str]] = {}
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), namespace)
        schema, prompt = self.folder / f"{name}.pml", self.folder / "prompt.pml"
        schema.write_text(self.convert(file, name), encoding="utf-8", newline="")
        for arguments in calls:
            call = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
            prompt.write_text(self.convert(file, call), encoding="utf-8", newline="")
            done = subprocess.run([str(self.pml), "render", str(schema), "--prompt", str(prompt), "--text", "-m",
                                   str(self.model), "--ignore", "name-needs-use", "--ignore", "missing-blank"],
                                  capture_output=True)
            self.assertEqual(done.returncode, 0, f"{call}\n{done.stderr.decode()}")
            self.assertEqual(done.stdout.decode(), namespace[name](**arguments), call)
            self.assertEqual(done.stderr, b"", call)

    @staticmethod
    def combinations(**values: tuple) -> Iterable[dict[str, object]]:
        return (dict(zip(values, chosen)) for chosen in itertools.product(*values.values()))

    def test_the_example_for_all_its_arguments(self) -> None:
        self.check(EXAMPLE, "release_notes", self.combinations(
            product=("Boat <&> \"Co\"",), version=("1.0", "2"), breaking=(False, True), brief=(False, True),
            audience=("users", "administrators", "operators", "nobody's"), migration=(None, "See\n\tthe docs.")))
        self.check(EXAMPLE, "release_notes", [{"product": ""}])

    def test_lists_returns_and_awkward_names(self) -> None:
        file = self.folder / "functions.py"
        file.write_text(FUNCTIONS, encoding="utf-8")
        self.check(file, "listed", self.combinations(user=("'u'",), module=("m",), deep=(False, True),
                                                     deeper=(False, True), tone=("x y", "user", "z")))
        self.check(file, "early", self.combinations(user=("", "u"), count=(0, 2, 3), tone=("user", "...", "0 | 1")))

    def test_lengths(self) -> None:
        schema = self.convert(EXAMPLE, "release_notes", "--length", "product=5", "--default-length", "33")
        for text in ('name="product" length="5"', 'name="version" length="8"', 'name="migration" length="33"'):
            self.assertIn(text, schema)

    def test_what_is_not_understood_is_said_with_its_line(self) -> None:
        file = self.folder / "wrong.py"
        for body, line, message in MISTAKES:
            file.write_text(f"def f(x):\n    {body}\n", encoding="utf-8")
            said = self.convert(file, "f", code=1)
            self.assertTrue(said.startswith(f"{file}:{line}: "), said)
            self.assertIn(message, said)
        for call, message in (("g", "there is no function `g`"), ("release_notes()", "needs the argument `product`"),
                              ("release_notes('a', size=2)", "has no argument `size`"),
                              ("release_notes('a', product='b')", "given twice"), ("1 + 1", "neither")):
            self.assertIn(message, self.convert(EXAMPLE, call, code=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pml", type=Path, default=PROGRAM)
    parser.add_argument("--model", type=Path, default=MODEL)
    own, rest = parser.parse_known_args()
    FunctionToPml.pml, FunctionToPml.model = own.pml.resolve(), own.model.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
