#!/usr/bin/env python3
"""The program as its users call it: exit codes, JSON, render, sampling, stop strings, batches.

Needs nothing but Python 3. Arguments: --pml PROGRAM --model MODEL, then those of unittest.
"""
from __future__ import annotations

import argparse
import json
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
import unittest
from pathlib import Path

SCHEMA = """<schema name="tea">
  <system>You sell tea.
    <union name="kind">
      <module name="green">Green tea is steamed at <parameter name="heat" length="4" default="80 degrees"/>.</module>
      <module name="black">Black tea is fermented for a day.</module>
    </union>
    <module name="price">A tin costs four euros.</module>
  </system>
</schema>
"""
PROMPT = '<prompt schema="tea"><green heat="70 degrees"/><price/><user>How is it made?</user></prompt>'


def proc_status(pid: int) -> dict[str, str]:
    """The fields of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def kilobytes(pid: int, field: str) -> int:
    return int(proc_status(pid)[field].split()[0])


class Program(unittest.TestCase):
    pml: Path
    model: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.scratch.name)
        (cls.folder / "tea.pml").write_text(SCHEMA, encoding="utf-8")
        (cls.folder / "green.pml").write_text(PROMPT, encoding="utf-8")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scratch.cleanup()

    def environment(self) -> dict[str, str]:
        return {"PML_MODEL": str(self.model), "PML_STORE": str(self.folder / "store"), "PATH": "/usr/bin:/bin"}

    def call(self, *arguments: str, code: int = 0, stdin: str = "",
             columns: int | None = None) -> subprocess.CompletedProcess[str]:
        environment = self.environment()
        if columns is not None:
            environment["COLUMNS"] = str(columns)
        done = subprocess.run([str(self.pml), *arguments], cwd=self.folder, env=environment, capture_output=True,
                              text=True, encoding="utf-8", errors="surrogateescape", input=stdin)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stderr}")
        return done

    def json(self, *arguments: str, code: int = 0) -> dict:
        """With --json standard output holds one object and nothing else."""
        return json.loads(self.call(*arguments, "--json", code=code).stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """With pipes to write to and to read from; what it says is dropped."""
        return subprocess.Popen([str(self.pml), *arguments], cwd=self.folder, env=self.environment(),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                encoding="utf-8")

    @staticmethod
    def ask(process: subprocess.Popen[str], **line: object) -> dict:
        """Gives a batch from standard input a line, and waits for its result."""
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def test_exit_codes_and_one_json_object_for_every_failure(self) -> None:
        (self.folder / "wrong.pml").write_text("<schema name='w'><modul name='a'/></schema>", encoding="utf-8")
        (self.folder / "torn.gguf").write_bytes(b"GGUF")
        rows = [
            (1, ["check", "wrong.pml"], "unknown-element"),
            (1, ["run", "tea.pml", "--user", "a\udcff"], "not-utf8"),
            (2, ["check"], "required"),
            (2, ["chekc", "tea.pml"], "did you mean `check`"),
            (2, ["run", "tea.pml"], "no prompt"),
            (2, ["gc", "--max-size", ""], "--max-size: `` is empty"),
            (2, ["gc", "--max-size", "1.5"], "is a fraction of a byte"),
            (2, ["gc", "--max-size", "0.0001k"], "is a fraction of a byte"),
            (2, ["gc", "--max-size", "-1G"], "is negative"),
            (2, ["gc", "--max-size", "5 parsecs"], "has an unknown unit"),
            (2, ["gc", "--max-size", "1e9"], "has an unknown unit"),
            (2, ["gc", "--max-size", "9999999999T"], "is too large"),
            (2, ["gc", "--older-than", ""], "--older-than: `` is empty"),
            (2, ["gc", "--older-than", "30"], "has no unit"),
            (2, ["gc", "--grace", "0.5s"], "is a fraction of a second"),
            (2, ["run", "tea.pml", "--user", "a", "--top-p", "2"], "top-p"),
            (2, ["run", "tea.pml", "--user", "a", "--device", "cuda"], "--device: `cuda` is no device"),
            (2, ["compile", "tea.pml", "--store", ""], "--store: the name is empty"),
            (2, ["run", "tea.pml", "--prompt", ""], "--prompt: the name is empty"),
            (2, ["run", "tea.pml", "--batch", ""], "--batch: the name is empty"),
            (2, ["run", "tea.pml", "--kv", "f16", "--kv", "f32"], "pml: --kv is given twice\n"),
            (2, ["run", "tea.pml", "--seed", "1", "--seed", "1"], "pml: --seed is given twice\n"),
            (2, ["run", "tea.pml", "--stroe", "s", "--usr=a"],
             "pml: `--stroe` is not an option of `run`; did you mean `--store`?; "
             "`--usr` is not an option of `run`; did you mean `--user`?\n"),
            (2, ["check", "--tempate", "qwen"], "pml: `--tempate` is not an option of `check`; did you mean `--template`?"),
            (2, ["check", "tea.pml", "--ignore", "mising-blank"], "not a kind of warning; did you mean `missing-blank`?"),
            (2, ["layout", "tea.pml", "--ignore", "union-conflict"], "`union-conflict` is an error, which cannot be ignored"),
            (2, ["check", "--explain", "unoin-conflict"], "not a kind of diagnostic; did you mean `union-conflict`?"),
            (2, ["gc", "tea.pml", "green.pml"], "pml: `tea.pml` is one argument too many; `green.pml` is"),
            (1, ["run", "tea.pml", "--user", "\udcff\udcfea"], "the text begins with the mark of UTF-16"),
            (3, ["inspect", "--verify", "--store", "."], "there is no store in"),
            (3, ["check", "no\x1b[31mwhere.pml"], "pml: no?[31mwhere.pml cannot be opened"),
            (2, ["run", "tea.pml", "--user", "a", "--batch", "b.jsonl"], "excludes"),
            (2, ["run", "tea.pml", "--user", "a", "--force-tokens", "99999999"], "not a token"),
            (2, ["render", "tea.pml", "--user", "a", "--text"], "excludes --text"),
            (2, ["explain", "tea.pml", "--user", "a", "--dump", "plan"], "excludes --dump"),
            (3, ["check", "nowhere.pml"], "nowhere.pml"),
            (3, ["compile", "tea.pml", "-m", "torn.gguf"], "torn.gguf"),
            (3, ["run", "tea.pml", "--batch", "nowhere.jsonl"], "nowhere.jsonl"),
            (3, ["compile", "tea.pml", "--store", "tea.pml"], "not a folder"),
        ]
        for code, arguments, said in rows:
            with self.subTest(arguments=arguments):
                if not said.startswith("excludes --"):
                    done = self.call(*arguments, code=code)
                    self.assertIn(said, done.stderr)
                    self.assertEqual(done.stdout, "")
                self.assertIn(said, self.call(*arguments, "--json", code=code).stderr)
                self.assertFalse(self.json(*arguments, code=code)["ok"] if arguments != ["check"] else False)
        self.assertIn("requires --json", self.call("run", "tea.pml", "--user", "a", "--logprobs", "2", code=2).stderr)

    def test_numbers_and_texts_are_read_strictly(self) -> None:
        rows = [
            ("--seed", "18446744073709551616", "whole number from 0 to 18446744073709551615"),
            ("--seed", "-1", "whole number"),
            ("--seed", "0x10", "whole number"),
            ("--force-tokens", "", "entry 1, ``"),
            ("--force-tokens", "1,", "entry 2, ``"),
            ("--force-tokens", "1,,2", "entry 2, ``"),
            ("--force-tokens", "7,0x10", "entry 2, `0x10`"),
            ("--force-tokens", "+1", "entry 1, `+1`"),
            ("--force-tokens", " 1", "entry 1, ` 1`"),
            ("--force-tokens", "1,99999999999", "entry 2, `99999999999`"),
            ("--stop", "", "empty"),
            ("--stop", "ab\udcff", "mistake at byte 3"),
            ("--temperature", "nan", "number from 0 to 100"),
            ("--temperature", "inf", "number from 0 to 100"),
            ("--temperature", "-0.1", "number from 0 to 100"),
            ("--temperature", "1e999", "number from 0 to 100"),
            ("--top-p", "0", "above 0 and at most 1"),
            ("--top-p", "nan", "above 0 and at most 1"),
            ("--min-p", "-0.1", "from 0 to 1"),
            ("--min-p", "1.1", "from 0 to 1"),
            ("--top-k", "-1", "whole number from 0"),
            ("--top-k", "1.5", "whole number from 0"),
            ("--max-tokens", "0", "whole number from 1"),
            ("--parallel", " 2", "whole number from 1"),
        ]
        for option, value, said in rows:
            with self.subTest(option=option, value=value):
                message = self.call("run", "tea.pml", "--user", "a", option, value, code=2).stderr
                self.assertIn(option, message)
                self.assertIn(said, message)
        # A text in brackets is one text, and what follows it is no further one.
        kept = self.json("run", "--stop", "[a,b]", "tea.pml", "--user", "a", "--force-tokens", "64,65", "--temperature",
                         "1", "--seed", "18446744073709551615")
        self.assertEqual((kept["tokens"], kept["seed"]), ([64, 65], 2**64 - 1))

    def test_gc_takes_sizes_in_powers_of_1000_and_of_1024(self) -> None:
        store = ["--store", str(self.folder / "sizes")]
        self.call("compile", "tea.pml", *store)
        for size in ("0", "1k", "1K", "1 kB", "1KB", "1Ki", "1KiB", "2M", "2MB", "2Mi", "2MiB", "3G", "1.1Gi", "3GB",
                     "3GiB", "4T", "4Ti", "4TB", "4TiB", "512B"):
            with self.subTest(size=size):
                self.assertEqual(self.json("gc", *store, "--dry-run", "--max-size", size)["removed"], [])  # all is young
        held = self.json("inspect", *store)["bytes"]
        taken = [len(self.json("gc", *store, "--dry-run", "--grace", "0", "--max-size", size)["removed"])
                 for size in (f"{held / 1000}k", f"{held / 1024}Ki", f"{held - 1}B")]
        self.assertEqual(taken[:2], [0, 0])
        self.assertGreater(taken[2], 0)

    def test_inspect_of_a_schema_that_was_never_compiled(self) -> None:
        (self.folder / "new.pml").write_text(SCHEMA.replace("four", "nine"), encoding="utf-8")
        seen = self.json("inspect", "new.pml")
        self.assertEqual((seen["is_current"], seen["damaged"]), (False, []))
        self.assertIn("was not compiled", self.call("inspect", "new.pml").stdout)
        foretold = self.json("compile", "new.pml", "--dry-run")
        self.assertEqual(self.json("compile", "new.pml")["bytes"], foretold["bytes"])
        self.assertTrue(self.json("inspect", "new.pml")["is_current"])
        self.assertFalse(self.json("inspect", "new.pml", "--kv", "f32")["is_current"])

    def test_names_from_a_manifest_do_not_act_on_the_terminal(self) -> None:
        store = str(self.folder / "marked")
        self.call("compile", "tea.pml", "--store", store)
        (path,) = Path(store).glob("schemas/*.json")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["source"] = str(self.folder / "tea.pml")
        manifest["other_sources"] = [{"path": "/\x1b]0;x\x07", "compiled_at": 1}]
        manifest["schema"] = "tea\x1b[31m"
        for segment in manifest["segments"]:
            segment["module"] += "\x1b[2J\u009b5m"
        path.write_text(json.dumps(manifest), encoding="utf-8")
        for arguments in (["inspect"], ["inspect", "tea.pml", "-m", ""], ["compile", "tea.pml"]):
            done = self.call(*arguments, "--store", store)
            self.assertNotRegex(done.stdout + done.stderr, "[\x00-\x08\x0b-\x1f\x7f-\x9f]")

    def test_explain_makes_no_store_and_says_what_is_not_in_it(self) -> None:
        arguments = ["explain", "tea.pml", "--prompt", "green.pml", "--store", "unmade"]
        cached = [segment["id"] for segment in self.json(*arguments)["segments"] if "digest" in segment]
        self.assertFalse((self.folder / "unmade").exists())
        self.assertRegex(self.call(*arguments).stdout, r"[0-9]+ of the cached segments are not in the store yet; `run`")
        self.call("compile", "tea.pml", "--store", "unmade")
        segments = self.json(*arguments)["segments"]
        self.assertEqual([segment["id"] for segment in segments if segment.get("stored")], cached)
        self.assertNotIn("not in the store", self.call(*arguments).stdout)

    def test_compile_names_what_was_edited_however_much_it_is(self) -> None:
        def schema(word: str, rules: str = "Say it.") -> str:
            modules = "\n".join(f'<module name="part-{number}">Part {number} {word}.</module>' for number in range(9))
            return f'<schema name="many">{rules}{modules}</schema>'

        path, store = self.folder / "many.pml", ["--store", str(self.folder / "many")]
        path.write_text(schema("is red"), encoding="utf-8")
        self.assertNotIn("part-", self.call("compile", "many.pml", *store).stdout)
        path.write_text(schema("is blue"), encoding="utf-8")
        for columns in (40, 200):
            shown = self.call("compile", "many.pml", *store, "--dry-run", columns=columns).stdout
            reasons = [line for line in shown.splitlines() if not line.startswith("many:")]
            self.assertEqual(" ".join(" ".join(reasons).split()),
                             "edited " + ", ".join(f"part-{number}" for number in range(9)))
            self.assertLessEqual(max(map(len, reasons)), columns)
        self.call("compile", "many.pml", *store)
        path.write_text(schema("is blue", rules="Say it twice."), encoding="utf-8")
        self.assertIn("  context  9 segments: the schema's text changed before it\n",
                      self.call("compile", "many.pml", *store).stdout)
        (self.folder / "other.pml").write_text(schema("is green", rules="Say it twice."), encoding="utf-8")
        shown = self.call("compile", "other.pml", *store, columns=500).stdout
        self.assertIn(f"  since {path.resolve()} was compiled, the latest of this name:\n", shown)
        self.assertEqual(self.json("compile", "many.pml", *store).get("compared_with"), None)

    def test_the_bytes_of_an_artifact_do_not_depend_on_what_is_encoded_with_it(self) -> None:
        lengths = {"a": 3, "b": 150, "c": 40, "d": 1, "e": 12}  # sentences; `b` takes more than one pass
        members = "".join(f"<module name='{name}'>{'Parcel %s left at noon. ' % name * count}</module>"
                          for name, count in lengths.items())
        (self.folder / "parcels.pml").write_text(f"<schema name='parcels'>Rules.<union name='u'>{members}</union></schema>",
                                                 encoding="utf-8")
        for weights in ("f32", "stored"):
            flags = ["parcels.pml", "--weights", weights, "--store"]
            together, alone = self.folder / f"together-{weights}", self.folder / f"alone-{weights}"
            self.call("compile", *flags, str(together))
            for name in lengths:
                (self.folder / "one.pml").write_text(f"<prompt><{name}/></prompt>", encoding="utf-8")
                self.call("run", *flags, str(alone), "--prompt", "one.pml", "--user", "Go.", "--max-tokens", "1")
            files = sorted(path.relative_to(together) for path in together.rglob("*.safetensors"))
            self.assertEqual(len(files), 1 + len(lengths))
            for file in files:
                self.assertEqual((together / file).read_bytes(), (alone / file).read_bytes(), f"{weights}: {file}")

    def test_render_says_what_explain_and_run_use(self) -> None:
        rendered = self.json("render", "tea.pml", "--prompt", "green.pml")
        self.assertEqual(
            rendered["text"],
            "<|im_start|>system\nYou sell tea.\nGreen tea is steamed at 70 degrees.\nA tin costs four euros."
            "<|im_end|>\n<|im_start|>user\nHow is it made?<|im_end|>\n<|im_start|>assistant\n")
        self.assertEqual(self.call("render", "tea.pml", "--prompt", "green.pml", "--text").stdout, rendered["text"])
        rows = self.json("explain", "tea.pml", "--prompt", "green.pml")["rows"]
        self.assertEqual([row["token"] for row in rows], rendered["tokens"])
        self.assertEqual([row["position"] for row in rows], rendered["positions"])
        shown = self.call("render", "tea.pml", "--prompt", "green.pml").stdout
        self.assertIn("argument `heat` of green, computed\n  |  70 degrees\n", shown)

    def test_layout_and_explain_fit_the_terminal(self) -> None:
        (self.folder / "wide.pml").write_text(
            '<schema name="wide"><system>Tea.<module name="green"><module name="\u7dd1\u8336\u3068\u7d05\u8336\u306e\u8aac\u660e">'
            'Steamed <parameter name="heat" length="8" required="true"/>.</module></module></system></schema>',
            encoding="utf-8")
        (self.folder / "wide-prompt.pml").write_text(
            '<prompt schema="wide"><use module="\u7dd1\u8336\u3068\u7d05\u8336\u306e\u8aac\u660e" heat="\u516b\u5341\u5ea6"/>'
            "<user>How long is it\tsteamed, and why?</user></prompt>", encoding="utf-8")
        for columns in (20, 31, 40, 60, 80, 120, None):
            for schema, prompt in (("tea.pml", "green.pml"), ("wide.pml", "wide-prompt.pml")):
                for arguments in (("layout", schema), ("explain", schema, "--prompt", prompt)):
                    with self.subTest(columns=columns, arguments=arguments):
                        shown = self.call(*arguments, columns=columns).stdout
                        widths = [sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
                                  for line in shown.splitlines()]
                        self.assertLessEqual(max(widths), columns or 100, shown)
        self.assertIn("\u2588", self.call("layout", "tea.pml").stdout)
        self.assertNotIn("\u2588", self.call("layout", "tea.pml", columns=40).stdout)

    def test_a_stated_chat_format_is_doubted_where_it_may_be_mistyped(self) -> None:
        tags = {role: {"open": f"<|im_strat|>{role}\n", "close": "<|im_end|>\n"}
                for role in ("system", "user", "assistant")}
        (self.folder / "tags.json").write_text(json.dumps(tags), encoding="utf-8")
        said = self.call("layout", "tea.pml", "--template-tags", "tags.json").stderr
        self.assertIn("did you mean `<|im_start|>`?", said)
        self.assertEqual(said.count("warning"), 1, said)

    def test_a_template_whose_tokens_the_model_lacks_matters_only_to_roles(self) -> None:
        (self.folder / "bare.pml").write_text('<schema name="bare">Tea.<module name="green">Green.</module></schema>',
                                              encoding="utf-8")
        self.assertEqual(self.call("layout", "bare.pml", "--template", "llama3").stderr, "")
        for arguments in (("layout", "tea.pml"), ("explain", "bare.pml", "--user", "Why?")):
            said = self.call(*arguments, "--template", "llama3", code=1).stderr
            self.assertIn("uses `<|start_header_id|>`, which is no special token of the model", said)

    def test_sampling_is_repeatable_and_its_seed_is_reported(self) -> None:
        arguments = ["run", "tea.pml", "--prompt", "green.pml", "--max-tokens", "12", "--temperature", "1.2"]
        first = self.json(*arguments)
        again = self.json(*arguments, "--seed", str(first["seed"]))
        self.assertEqual(first["tokens"], again["tokens"])
        greedy = self.json("run", "tea.pml", "--prompt", "green.pml", "--max-tokens", "12")
        best = self.json("run", "tea.pml", "--prompt", "green.pml", "--max-tokens", "12", "--temperature", "1", "--top-k", "1")
        self.assertEqual(best["tokens"], greedy["tokens"])

    def test_stop_strings_end_the_text_before_them(self) -> None:
        arguments = ["run", "tea.pml", "--prompt", "green.pml", "--max-tokens", "24"]
        whole = self.json(*arguments)["text"]
        stop = whole[len(whole) // 2:len(whole) // 2 + 3]
        stopped = self.json(*arguments, "--stop", stop, "--stop", "never said")
        self.assertEqual(stopped["text"], whole[:whole.index(stop)])
        self.assertEqual(stopped["finish_reason"], "stop")

    def test_a_batch_gives_what_its_lines_give_alone(self) -> None:
        lines = [
            {"id": "a", "file": "green.pml", "max_tokens": 9},
            {"prompt": "<prompt schema='tea'><black/></prompt>", "user": "And this one?", "max_tokens": 30},
            {"prompt": "<prompt><blak/></prompt>"},
            {"user": "Hello", "temperature": 1.0, "seed": 5, "max_tokens": 7},
            {"user": "Hello", "hat": 1},
            {"file": "green.pml", "max_tokens": 20, "stop": [" "]},
        ]
        (self.folder / "b.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\nno json\n", encoding="utf-8")
        flags = ["run", "tea.pml", "--kv", "f32"]
        done = self.call(*flags, "--batch", "b.jsonl", "--parallel", "3", code=1)
        results = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([result["id"] for result in results], ["a", 2, 3, 4, 5, 6, 8])
        self.assertEqual([result.get("ok", True) for result in results], [True, True, False, True, False, True, False])
        self.assertEqual(results[2]["diagnostics"][0]["kind"], "unknown-module")
        self.assertIn("b.jsonl:3:22: error: ", results[2]["error"])
        (self.folder / "black.pml").write_text(lines[1]["prompt"], encoding="utf-8")
        alone = [
            ["--prompt", "green.pml", "--max-tokens", "9"],
            ["--prompt", "black.pml", "--user", "And this one?", "--max-tokens", "30"],
            ["--user", "Hello", "--temperature", "1", "--seed", "5", "--max-tokens", "7"],
            ["--prompt", "green.pml", "--max-tokens", "20", "--stop", " "],
            ["--select", "black", "--user", "And this one?", "--max-tokens", "30"],
        ]
        for arguments, result in zip(alone, [results[0], results[1], results[3], results[5], results[1]]):
            with self.subTest(arguments=arguments):
                one = self.json(*flags, *arguments)
                for field in ("tokens", "text", "finish_reason"):
                    self.assertEqual(one[field], result[field])
        together = self.json(*flags, "--batch", "b.jsonl", code=1)["results"]
        self.assertEqual([result.get("tokens") for result in together], [result.get("tokens") for result in results])

    def test_a_batch_names_every_mistake_and_warning_with_its_line(self) -> None:
        (self.folder / "loose.pml").write_text("<prompt>loose<user>x</user></prompt>", encoding="utf-8")
        (self.folder / "prompts").mkdir(exist_ok=True)
        lines = [
            (r'{"user": "a", "max_tokens": 1}', None, ""),
            (r'{"file": "green.pml\u0000", "max_tokens": 1}', "bad-value", "m:2:11: error: `file` holds the character"),
            ('{"user": "\udcff"}', "not-utf8", "m:3:11: error: the text is not valid UTF-8 here"),
            (r'{"user": "\ud800"}', "bad-json", "m:4:17: error: this is no JSON: "),
            (r'{"user": "a\u0000"}', "control-character", "m:5:12: error"),
            ('{"prompt": "<prompt><blak/></prompt>"}', "unknown-module", "m:6:22: error"),
            ('{"prompt": "<prompt>b<user>x</user></prompt>", "max_tokens": 1}', None, "m:7:21: warning"),
            ('{"file": "loose.pml", "max_tokens": 1}', None, "m:8: in its file:\nloose.pml:1:9: warning"),
            ('{"file": "nowhere.pml"}', "src-unreadable", 'm:9:11: error: "nowhere.pml" cannot be opened'),
            ('{"user": "a", "top_p": 0}', "bad-value", "m:10:24: error: `top_p` must be a number above 0"),
            ('{"user": "a", "temperature": 1e999}', "bad-json", "m:11:30: error: this number is out of range"),
            ('{"user": "a", "top_k": 1.5}', "bad-value", "m:12:24: error: `top_k` must be a whole number from 0"),
            ('{"user": "a", "max_tokens": 0}', "bad-value", "m:13:29: error: `max_tokens` must be a whole"),
            ('{"user": "a", "stop": ""}', "bad-value", "m:14:24: error: an empty `stop`"),
            ('{"user": "a", "seed": 18446744073709551616}', "bad-value", "m:15:23: error: `seed` must be"),
            ('{"file": ""}', "bad-value", "m:16:11: error: `file` is empty"),
            ('{"user": 7}', "bad-json", "m:17:10: error: `user` must be a string"),
            ('{"user": "a", "user": "b"}', "bad-json", 'm:18:16: error: "user" stands twice'),
            (json.dumps({"user": "and " * 9000}), "beyond-context", "m:19:11: error: this text ends"),
            ('{"user": "a", "seed": -1}', "bad-value", "m:20:23: error: `seed` must be a whole number"),
            (r'{"select": "blak(x=\"1\")"}', "unknown-module", "m:21:13: error"),
            ('{"prompt": {"select": [{"module": "blak"}]}}', "unknown-module", "m:22:36: error"),
            ('{"prompt": {"selects": []}}', "bad-json", "m:23:14: error"),
            ('{"prompt": null}', "bad-json", "m:24:12: error: `prompt` must be a string or an object"),
            ('{"prompt": {"select": ["black"', "bad-json", "m:25:30: error: this is no JSON: unexpected end"),
            ('["black"]', "bad-json", "m:26:1: error: a line of a batch must be a JSON object"),
            ('{"id": 1}', "bad-json", "m:27:1: error: a line needs `prompt`, `file`, `select` or `user`"),
            ('{"file": "green.pml", "select": "black"}', "bad-json", "m:28:24: error: `prompt`, `file` and `select`"),
            (r'{"prompt": "{\"select\": [\"black\", \"blak\"]}"}', "unknown-module", "m:29:40: error"),
            (r'{"prompt": "[\"black\"]"}', "bad-json", "m:30:13: error: a prompt as JSON is an object"),
        ]
        (self.folder / "m").write_bytes("\n".join(line for line, _, _ in lines).encode("utf-8", "surrogateescape"))
        done = self.call("run", "tea.pml", "--batch", "m", code=1)
        results = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([result["line"] for result in results], list(range(1, len(lines) + 1)))
        for result, (line, mistake, said) in zip(results, lines):
            with self.subTest(line=line):
                self.assertEqual(result.get("ok", True), mistake is None)
                kinds = [diagnostic["kind"] for diagnostic in result.get("diagnostics", [])]
                self.assertEqual(kinds[:1], [] if mistake is None else [mistake])
                self.assertIn(said, done.stderr)
                if mistake is not None:
                    self.assertIn(f"m:{result['line']}:", result["error"])
                    self.assertIn(result["error"], done.stderr)
        # Standard input has no folder: a file is meant from the current one.
        from_input = self.call("run", "tea.pml", "--batch", "-", stdin='\n{"file": "loose.pml", "max_tokens": 1}')
        self.assertEqual(json.loads(from_input.stdout)["line"], 2)
        self.assertIn("(standard input):2: in its file:", from_input.stderr)

    def places(self, done: subprocess.CompletedProcess[str]) -> list[str]:
        """Where the diagnostics on standard error stand, and of which kind they are: `m:1:2 bad-json`."""
        found = re.findall(r"^(\S+:\d+:\d+): (?:error|warning): .* \[([\w-]+)\]$", done.stderr, re.MULTILINE)
        return [f"{place} {kind}" for place, kind in found]

    def test_independent_mistakes_of_a_line_are_said_together(self) -> None:
        rows = [
            ('{"select": "black", "max_tokens": 0, "temperature": -1, "bogus": 1, "stop": ["x", ""]}',
             ["35 bad-value", "53 bad-value", "58 bad-json", "84 bad-value"]),
            ('{"select": "blak", "stop": "", "temperature": -1}',
             ["13 unknown-module", "29 bad-value", "47 bad-value"]),
            ('{"prompt": {"select": ["blak"]}, "stop": "a", "stop": 1, "bogus": 1, "bogus": 2}',
             ["25 unknown-module", "48 bad-json", "59 bad-json", "71 bad-json"]),
            (r'{"prompt": "<prompt><blak/></prompt>", "user": "a\u0000", "top_k": "1"}',
             ["22 unknown-module", "50 control-character", "69 bad-value"]),
            # None is said that follows from another one: the file is not read, `user` alone is not what was meant.
            ('{"prompt": "<prompt/>", "file": "nowhere.pml"}', ["26 bad-json"]),
            ('{"promt": "<prompt/>", "user": "How?"}', ["3 bad-json"]),
            ('{"promt": "<prompt/>"}', ["3 bad-json"]),
            ('{"select": "", "user": 7}', ["24 bad-json"]),
        ]
        (self.folder / "rows.jsonl").write_text("\n".join(line for line, _ in rows), encoding="utf-8")
        expected = [f"rows.jsonl:{number}:{place}" for number, (_, places) in enumerate(rows, 1) for place in places]
        done = self.call("run", "tea.pml", "--batch", "rows.jsonl", code=1)
        self.assertEqual(self.places(done), expected)
        self.assertIn("    " + rows[0][0] + "\n" + " " * (4 + 57) + "^~~~~\n", done.stderr)
        for result, (_, places) in zip(map(json.loads, done.stdout.splitlines()), rows, strict=True):
            self.assertEqual(sorted(f"{found['place']['column']} {found['kind']}" for found in result["diagnostics"]),
                             sorted(places))
            self.assertIn(f":{places[0].split()[0]}: error: ", result["error"])
        # A file that cannot be read does not hide what else is wrong.
        done = self.call("run", "tea.pml", "--batch", "-", stdin='{"file": "nowhere.pml", "top_p": 7}', code=1)
        self.assertIn('(standard input):1:11: error: "nowhere.pml" cannot be opened', json.loads(done.stdout)["error"])
        self.assertEqual([found["place"]["column"] for found in json.loads(done.stdout)["diagnostics"]], [11, 34])

    def test_a_log_of_prompts_is_read_to_its_end(self) -> None:
        lines = ['{"select": "black"}', '{"select": "blak", "stop": ""}', "no json", "", '{"file": "green.pml"}', "[]"]
        (self.folder / "log.jsonl").write_text("\n".join(lines), encoding="utf-8")
        found = ["log.jsonl:2:13 unknown-module", "log.jsonl:2:29 bad-value", "log.jsonl:3:2 bad-json",
                 "log.jsonl:6:1 bad-json"]
        log = ["tea.pml", "--prompts", "log.jsonl"]
        done = self.call("compile", *log, "--store", "unused", "--json", code=1)
        self.assertEqual(self.places(done), found)
        self.assertEqual(len(json.loads(done.stdout)["diagnostics"]), len(found))
        self.assertFalse(list((self.folder / "unused").glob("objects/*")))
        self.assertEqual(self.places(self.call("verify", *log, code=1)), found)
        lines = ['{"question": "a", "right": 1, "wrong": [], "stop": ""}',
                 '{"question": 1, "right": "a", "wrong": ["", 2]}']
        (self.folder / "log.jsonl").write_text("\n".join(lines), encoding="utf-8")
        done = self.call("verify", "tea.pml", "--questions", "log.jsonl", code=1)
        self.assertEqual(self.places(done), [f"log.jsonl:{place}" for place in (
            "1:28 bad-json", "1:40 bad-json", "1:53 bad-value", "2:14 bad-json", "2:42 bad-value", "2:45 bad-json")])
        # Of very many mistakes the first are printed.
        (self.folder / "log.jsonl").write_text('{"select": "blak", "stop": ""}\n' * 80, encoding="utf-8")
        done = self.call("compile", *log, code=1)
        self.assertEqual(len(self.places(done)), 100)
        self.assertTrue(done.stderr.endswith("\n... and 60 more\n"))

    def test_marks_of_byte_order(self) -> None:
        (self.folder / "marked.pml").write_text("\ufeff" + PROMPT, encoding="utf-8")
        (self.folder / "marked.json").write_text('\ufeff{"select": ["black"]}', encoding="utf-8")
        lines = [
            '\ufeff{"select": "blak"}',
            '{"file": "marked.pml", "max_tokens": 1}',
            '{"file": "marked.json", "max_tokens": 1}',
            r'{"prompt": "\ufeff<prompt><black/></prompt>", "max_tokens": 1}',
            r'{"prompt": "\ufeff<prompt><blak/></prompt>"}',
            '{"prompt": "\ufeff<prompt><blak/></prompt>"}',
        ]
        (self.folder / "marked.jsonl").write_text("\n".join(lines), encoding="utf-8")
        done = self.call("run", "tea.pml", "--batch", "marked.jsonl", code=1)
        self.assertEqual(self.places(done),
                         [f"marked.jsonl:{place} unknown-module" for place in ("1:13", "5:28", "6:23")])
        (self.folder / "wide.jsonl").write_text("\n".join(lines[1:]), encoding="utf-16")
        for arguments in (["run", "tea.pml", "--batch"], ["compile", "tea.pml", "--prompts"]):
            with self.subTest(arguments=arguments):
                done = self.call(*arguments, "wide.jsonl", code=1)
                self.assertEqual(self.places(done), ["wide.jsonl:1:1 not-utf8"])
                self.assertIn("UTF-16", done.stderr)

    def test_mistakes_of_a_prompt_are_said_beside_those_of_its_schema(self) -> None:
        (self.folder / "beside.pml").write_text("<schema name='w'><modul name='a'/></schema>", encoding="utf-8")
        (self.folder / "beside.prompt.pml").write_text("<prompt>a & b<nosuch/></prompt>", encoding="utf-8")
        done = self.json("check", "beside.pml", "--prompt", "beside.prompt.pml", code=1)
        self.assertEqual([diagnostic["kind"] for diagnostic in done["diagnostics"]],
                         ["unknown-element", "bare-ampersand"])
        done = self.call("check", "beside.pml", "--prompt", "nowhere.pml", code=3)
        self.assertIn("unknown-element", done.stderr)
        self.assertIn("nowhere.pml cannot be opened", done.stderr)

    def test_prompts_of_a_batch_nest_as_deep_as_in_files(self) -> None:
        (self.folder / "deep.pml").write_text(
            '<schema name="deep">' + '<module name="m">x' * 50 + "</module>" * 50 + "</schema>", encoding="utf-8")
        texts = ['{"select": [' + '{"module": "m", "select": [' * count + '"m"' + "]}" * count + "]}"
                 for count in (49, 50)]
        (self.folder / "deep.json").write_text(texts[0], encoding="utf-8")
        self.call("check", "deep.pml", "--prompt", "deep.json")
        (self.folder / "deep.jsonl").write_text(
            "".join(f'{{"prompt": {text}, "max_tokens": 1}}\n' for text in texts), encoding="utf-8")
        done = self.call("run", "deep.pml", "--batch", "deep.jsonl", code=1)
        self.assertEqual([json.loads(line).get("ok", True) for line in done.stdout.splitlines()], [True, False])
        self.assertIn("it nests deeper than", done.stderr)

    def test_a_selection_of_nothing_is_a_prompt(self) -> None:
        (self.folder / "own.pml").write_text('<schema name="own">Hello.</schema>', encoding="utf-8")
        for text in ("", " "):
            with self.subTest(text=text):
                self.assertEqual(self.json("render", "own.pml", "--select", text)["text"], "Hello.")
        self.assertIn("no prompt", self.call("render", "own.pml", code=2).stderr)

    def test_a_batch_outlives_a_line_that_memory_is_too_small_for(self) -> None:
        process = self.start("run", "tea.pml", "--batch", "-", "--kv", "f32")
        with process:
            first = self.ask(process, user="Hello", max_tokens=3)
            limit = (kilobytes(process.pid, "VmSize") << 10) + (64 << 20)
            resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, limit))
            # Keys and values of 7,000 tokens take 320 MB.
            large = self.ask(process, user="and " * 7000, max_tokens=3)
            again = self.ask(process, user="Hello", max_tokens=3)
            process.stdin.close()
            self.assertEqual(process.wait(), 3)
        self.assertEqual(large["error"], "(standard input):2: out of memory")
        self.assertEqual(first["tokens"], again["tokens"])

    def test_the_memory_of_a_batch_does_not_grow_with_its_lines(self) -> None:
        process = self.start("run", "tea.pml", "--batch", "-")
        with process:
            sizes = []
            for _ in range(60):
                self.assertFalse(self.ask(process, user="too long " * 60000)["ok"])
                sizes.append(kilobytes(process.pid, "VmRSS"))
            process.stdin.close()
            process.wait()
        self.assertLess(sizes[-1] - sizes[9], 10_000)  # the texts of 50 lines are 27 MB

    def test_a_conversation_goes_on_where_it_stopped(self) -> None:
        flags = ["run", "tea.pml", "--store", "talks", "--batch", "-", "--compute", "f32", "--kv", "f32"]
        talks = {"<green/>": ["How is it made?", "And how hot is that?"], "<black/>": ["How is it made?", "Which month?"]}
        prompts = {choice: f"<prompt>{choice}<price/>" for choice in talks}
        first_live: dict[str, int] = {}
        process = self.start(*flags)
        with process:
            for turn in range(2):
                for choice, questions in talks.items():  # in turns, so that each finds the other's rows there
                    with self.subTest(choice=choice, turn=turn):
                        prompts[choice] += f"<user>{questions[turn]}</user>"
                        line = {"prompt": prompts[choice] + "</prompt>", "max_tokens": 12}
                        result = self.ask(process, **line)
                        usage = result["usage"]
                        if turn == 0:
                            self.assertEqual(usage["reused_tokens"], 0)
                            first_live[choice] = usage["live_tokens"]
                        else:
                            # Up to the first answer at least; the rest follows if its text has these tokens, as here.
                            self.assertGreaterEqual(usage["reused_tokens"], first_live[choice] + 8)
                            self.assertEqual(result["kv"]["bytes_copied"], 0)
                            fresh = json.loads(self.call(*flags, stdin=json.dumps(line)).stdout)
                            self.assertEqual(fresh["usage"]["reused_tokens"], 0)
                            self.assertEqual(result["tokens"], fresh["tokens"])
                        prompts[choice] += f"<assistant>{result['text']}</assistant>"
            # However many requests hold an artifact, encoded by one of them or found, it is mapped once.
            maps = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8").splitlines()
            artifacts = [line.split()[-1] for line in maps if "/talks/objects/" in line]
            self.assertEqual(len(artifacts), len(set(artifacts)))
            self.assertGreater(len(artifacts), 4)
            process.stdin.close()
            self.assertEqual(process.wait(), 0)

    def test_what_a_batch_keeps_of_its_requests_is_bounded(self) -> None:
        line = json.dumps({"user": "Tell me how tea is made, where it comes from, and what it costs.", "max_tokens": 2})
        for size, finds in (("0", False), ("100kB", False), ("10M", True)):
            with self.subTest(size=size):
                done = self.call("run", "tea.pml", "--batch", "-", "--parallel", "1", "--tail-memory", size,
                                 stdin=f"{line}\n{line}\n")
                first, again = (json.loads(text) for text in done.stdout.splitlines())
                self.assertEqual(again["tokens"], first["tokens"])
                self.assertEqual(again["usage"]["reused_tokens"] > 0, finds)
                self.assertEqual(again["kv"]["bytes_copied"] > 0, finds)

    def test_ctrl_c_ends_a_long_prefill(self) -> None:
        for arguments in (["--user", "and " * 7000, "--json"], ["--batch", "-"]):
            with self.subTest(arguments=arguments[0]):
                process = self.start("run", "tea.pml", "--no-cache", *arguments)
                with process:
                    if arguments[0] == "--batch":
                        process.stdin.write(json.dumps({"user": "and " * 7000}) + "\n")
                        process.stdin.flush()
                    while not int(proc_status(process.pid)["SigCgt"], 16) & 1 << (signal.SIGINT - 1):
                        time.sleep(0.05)
                    time.sleep(1.0)  # well inside the prefill, which takes many passes
                    process.send_signal(signal.SIGINT)
                    result = json.loads(process.stdout.readline())
                    self.assertEqual(process.wait(), 130)
                self.assertEqual((result["finish_reason"], result["tokens"]), ("cancelled", []))
        self.call("inspect", "--verify")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pml", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    own, rest = parser.parse_known_args()
    Program.pml, Program.model = own.pml.resolve(), own.model.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
