#!/usr/bin/env python3
"""`pml fmt` with files: what it writes, what it leaves alone, what it says.

Needs no model, and nothing but Python 3. Arguments: --pml PROGRAM, then those of unittest.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

UGLY = "\ufeff<schema  version='1' name='a'>\r\n      <!-- c -->\r\n      text</schema>"
NEAT = '<schema name="a" version="1">\n  <!-- c -->\n  text</schema>\n'


class FormatFiles(unittest.TestCase):
    pml: Path

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.file = self.write("a.pml", UGLY)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode())
        return path

    def fmt(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run([str(self.pml), "fmt", *arguments], capture_output=True, cwd=self.folder,
                              input=stdin.encode())
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def expect(self, done: subprocess.CompletedProcess[str], exit_code: int, stdout: str) -> None:
        self.assertEqual((done.returncode, done.stdout), (exit_code, stdout), done.stderr)

    def test_files_are_written_only_if_they_change(self) -> None:
        self.file.chmod(0o640)
        neat = self.write("neat.pml", NEAT)
        before = neat.stat()
        self.expect(self.fmt("a.pml", "neat.pml"), 0, "a.pml: formatted\n")
        self.assertEqual(self.file.read_bytes().decode(), NEAT)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)
        self.assertEqual((neat.stat().st_ino, neat.stat().st_mtime_ns), (before.st_ino, before.st_mtime_ns))
        self.expect(self.fmt("a.pml"), 0, "")
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.pml", "neat.pml"])

    def test_links_stay_links(self) -> None:
        (self.folder / "sub").mkdir()
        link = self.folder / "sub" / "link.pml"
        link.symlink_to("../a.pml")
        self.expect(self.fmt("-q", "sub/link.pml"), 0, "")
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.file.read_bytes().decode(), NEAT)

    def test_check_writes_nothing(self) -> None:
        self.write("neat.pml", NEAT)
        self.expect(self.fmt("--check", "a.pml", "neat.pml"), 1, "a.pml\n")
        self.expect(self.fmt("--check", "neat.pml"), 0, "")
        self.expect(self.fmt("--check", "-", stdin=UGLY), 1, "(standard input)\n")
        self.assertEqual(self.file.read_bytes().decode(), UGLY)

    def test_standard_output(self) -> None:
        self.expect(self.fmt("--stdout", "a.pml"), 0, NEAT)
        self.expect(self.fmt("-", stdin=UGLY), 0, NEAT)
        self.assertEqual(self.file.read_bytes().decode(), UGLY)

    def test_mistakes_are_said_and_the_other_files_are_done(self) -> None:
        self.write("broken.pml", "<prompt>\n  <a>\n</prompt>")
        done = self.fmt("broken.pml", "a.pml")
        self.expect(done, 1, "a.pml: formatted\n")
        self.assertIn("broken.pml:2:4: error: `<a>` is never closed [unclosed-element]", done.stderr)
        self.assertEqual((self.folder / "broken.pml").read_text(), "<prompt>\n  <a>\n</prompt>")
        done = self.fmt("gone.pml", ".", "a.pml")
        self.expect(done, 3, "")
        self.assertIn("gone.pml cannot be opened", done.stderr)
        self.assertIn(". is not a regular file", done.stderr)

    def test_meaning_may_be_wrong(self) -> None:
        self.write("wrong.pml", "<schema><modul  name='a'>  x\n y</modul></schema>")
        self.expect(self.fmt("--stdout", "wrong.pml"), 0, '<schema><modul name="a">  x\n y</modul></schema>\n')

    def test_json(self) -> None:
        done = self.fmt("--json", "--check", "a.pml")
        self.assertEqual(json.loads(done.stdout),
                         {"ok": False, "files": [{"file": "a.pml", "changed": True}], "diagnostics": []})
        self.assertEqual(done.returncode, 1)
        self.write("broken.pml", "<prompt>")
        found = json.loads(self.fmt("--json", "broken.pml").stdout)
        self.assertEqual([entry["kind"] for entry in found["diagnostics"]], ["unclosed-element"])

    def test_command_line(self) -> None:
        for arguments in (["-", "-"], ["--json", "-"], ["--json", "--stdout", "a.pml"],
                          ["--stdout", "--check", "a.pml"], [], [""]):
            with self.subTest(arguments):
                self.assertEqual(self.fmt(*arguments, stdin=UGLY).returncode, 2)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pml", required=True)
    arguments, rest = parser.parse_known_args()
    FormatFiles.pml = Path(arguments.pml).resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
