#!/usr/bin/env python3
"""`pml lsp` as an editor drives it.

Needs no model, and nothing but Python 3. Arguments: --pml PROGRAM, then those of unittest.
"""
from __future__ import annotations

import argparse
import json
import select
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

SCHEMA = """<schema name="trip">
  <system>You plan journeys. 🏖<union name="place" scaffold="rome">
      <module name="rome">The destination is Rome.</module>
      <module name="oslo">The destination is Oslo.</module>
    </union>
    <module name="stay" requires="rome or oslo">
      They stay for <parameter name="days" length="20" values="one week|two weeks"/>.
      <module name="10-rooms">Ten rooms.</module>
    </module>
    <module name="notes" src="notes.txt"/>
  </system>
  <scaffold modules="rome stay"/>
</schema>
"""
PROMPT = """<prompt schema="trip">
  <oslo/>
  <stay days="two weeks"/>
  <user>And then?</user>
</prompt>
"""
SECONDS = 60  # that an answer may take on a slow machine


class Client:
    def __init__(self, pml: Path, folder: Path) -> None:
        self.process = subprocess.Popen([str(pml), "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=folder, bufsize=0)
        self.buffer = b""
        self.next_id = 0
        self.notifications: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)

    def send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def read_some(self) -> bool:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        if not ready:
            raise TimeoutError("the server does not answer")
        data = self.process.stdout.read(65536)
        self.buffer += data
        return bool(data)

    def receive(self) -> dict[str, Any]:
        while b"\r\n\r\n" not in self.buffer:
            if not self.read_some():
                raise EOFError(self.process.stderr.read().decode() if self.process.stderr else "")
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        length = int(head.split(b":")[1])
        while len(rest) < length:
            self.read_some()
            rest = self.buffer.partition(b"\r\n\r\n")[2]
        self.buffer = rest[length:]
        return json.loads(rest[:length])

    def answer(self) -> dict[str, Any]:
        while True:
            message = self.receive()
            if "method" not in message:
                return message
            self.notifications.append(message)

    def request(self, method: str, params: Any = None) -> dict[str, Any]:
        self.next_id += 1
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params or {}})
        message = self.answer()
        assert message["id"] == self.next_id, message
        return message

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """The next that are published of a document."""
        while True:
            for index, message in enumerate(self.notifications):
                if message["params"]["uri"] == uri:
                    del self.notifications[index]
                    return message["params"]["diagnostics"]
            message = self.receive()
            assert message.get("method") == "textDocument/publishDiagnostics", message
            self.notifications.append(message)


def position(text: str, marker: str) -> dict[str, int]:
    """That of the `|` in `marker`, as the protocol counts it."""
    at = text.index(marker.replace("|", "")) + marker.index("|")
    line = text.count("\n", 0, at)
    column = text[text.rfind("\n", 0, at) + 1:at]
    return {"line": line, "character": len(column.encode("utf-16-le")) // 2}


class LanguageServer(unittest.TestCase):
    pml: Path

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name).resolve() / "mät 1"
        (self.folder / "schemas").mkdir(parents=True)
        (self.folder / "prompts").mkdir()
        self.schema = self.folder / "schemas" / "trip.pml"
        self.schema.write_text(SCHEMA, encoding="utf-8")
        (self.folder / "schemas" / "notes.txt").write_text("Notes.\n", encoding="utf-8")
        self.prompt = self.folder / "prompts" / "oslo.pml"
        self.client = Client(self.pml, self.folder)
        self.addCleanup(self.stop)
        self.client.request("initialize", {"capabilities": {}})
        self.client.notify("initialized")

    def stop(self) -> None:
        if self.client.process.poll() is None:
            self.client.process.kill()
        self.client.process.wait()
        for stream in (self.client.process.stdin, self.client.process.stdout, self.client.process.stderr):
            assert stream
            stream.close()

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        self.client.notify("textDocument/didOpen", {"textDocument": {
            "uri": path.as_uri(), "languageId": "pml", "version": 1, "text": text}})
        return self.client.diagnostics(path.as_uri())

    def change(self, path: Path, text: str) -> list[dict[str, Any]]:
        self.client.notifications.clear()
        self.client.notify("textDocument/didChange", {"textDocument": {"uri": path.as_uri(), "version": 2},
                                                      "contentChanges": [{"text": text}]})
        return self.client.diagnostics(path.as_uri())

    def ask(self, what: str, path: Path, text: str, marker: str) -> Any:
        answer = self.client.request(f"textDocument/{what}", {"textDocument": {"uri": path.as_uri()},
                                                              "position": position(text, marker)})
        self.assertNotIn("error", answer)
        return answer["result"]

    def labels(self, path: Path, text: str, marker: str) -> list[str]:
        """Of completions, in a document that looks like this now, in the order of an editor."""
        self.change(path, text)
        items = self.ask("completion", path, text, marker)["items"]
        return [item["label"] for item in sorted(items, key=lambda item: item["sortText"])]

    def hover(self, path: Path, text: str, marker: str) -> str:
        found = self.ask("hover", path, text, marker)
        return found["contents"]["value"] if found else ""

    def target(self, path: Path, text: str, marker: str) -> tuple[str, str]:
        """File and text of a definition."""
        found = self.ask("definition", path, text, marker)
        if not found:
            return ("", "")
        file = next(f for f in self.folder.rglob("*") if f.is_file() and f.as_uri() == found["uri"])
        lines = file.read_text(encoding="utf-8").split("\n")
        begin, end = found["range"]["start"], found["range"]["end"]
        units = lines[begin["line"]].encode("utf-16-le")
        return (file.name, units[2 * begin["character"]:2 * end["character"]].decode("utf-16-le"))

    # --- diagnostics ---

    def test_schema_diagnostics(self) -> None:
        self.assertEqual([d["code"] for d in self.open(self.schema, SCHEMA)], ["name-needs-use"])
        wrong = SCHEMA.replace('scaffold="rome"', 'scaffold="rom"')
        found = self.change(self.schema, wrong)
        self.assertEqual([(d["code"], d["severity"]) for d in found], [("unknown-module", 1)])
        # UTF-16: the emoji before it counts two.
        self.assertEqual(found[0]["range"], {"start": position(wrong, '"|rom">'), "end": position(wrong, '"rom|">')})
        self.assertIn("did you mean `rome`", found[0]["message"])
        self.assertEqual([d["severity"] for d in self.change(self.schema, SCHEMA)], [2])
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.schema.as_uri()}})
        self.assertEqual(self.client.diagnostics(self.schema.as_uri()), [])

    def test_prompt_diagnostics(self) -> None:
        self.assertEqual(self.open(self.prompt, PROMPT), [])
        both = PROMPT.replace("<oslo/>", "<oslo/><rome/>")
        found = self.change(self.prompt, both)
        self.assertEqual([d["code"] for d in found], ["union-conflict"])
        related = found[0]["relatedInformation"]
        self.assertEqual(related[0]["location"]["uri"], self.prompt.as_uri())
        self.assertEqual(related[0]["location"]["range"]["start"], position(both, "<|oslo/>"))
        # By a path; with an open schema that differs from the file; without a schema.
        by_path = PROMPT.replace('"trip"', '"../schemas/trip.pml"')
        self.assertEqual(self.change(self.prompt, by_path), [])
        self.open(self.schema, SCHEMA.replace("oslo", "bergen"))
        self.assertEqual(self.client.diagnostics(self.prompt.as_uri())[0]["code"], "unknown-module")
        found = self.change(self.prompt, PROMPT.replace('"trip"', '"trap"'))
        self.assertEqual([(d["severity"], d.get("code")) for d in found], [(3, None)])
        self.assertIn('no schema "trap"', found[0]["message"])
        self.change(self.prompt, PROMPT)
        self.change(self.schema, SCHEMA + "<")
        self.assertIn("the schema has mistakes", self.client.diagnostics(self.prompt.as_uri())[0]["message"])

    def test_mistakes_in_taken_in_files_are_shown_where_they_are_taken_in(self) -> None:
        (self.folder / "schemas" / "part.pml").write_text('<schema name="p"><modul name="m"/></schema>')
        text = '<schema name="a">\n  <include src="part.pml"/>\n</schema>'
        found = self.open(self.folder / "schemas" / "a.pml", text)
        self.assertEqual(found[0]["range"]["start"], position(text, '"|part.pml'))
        self.assertTrue(found[0]["relatedInformation"][0]["location"]["uri"].endswith("/part.pml"))

    # --- completion ---

    def test_completion_in_schemas(self) -> None:
        self.open(self.schema, SCHEMA)
        for typed, expected in {
                "<": ["schema", "prompt"],
                '<schema name="a">\n  <union>\n    <': ["include", "module"],
                '<schema name="a">\n  <scaffold modules="x"/>\n  <m': ["assistant", "include", "module", "parameter",
                                                                   "pool", "scaffold", "slot", "system", "union",
                                                                   "user"],
                '<schema name="a"><module name="b" ': ["after", "cache", "context", "excludes", "params", "required",
                                                       "requires", "reserve", "role", "space", "src", "xml:space"],
                '<schema name="a" layout="': ["pack", "preserve"],
                '<schema name="a"><module name="m" required="': ["false", "true"],
                '<schema name="a"><module name="m">text</': ["module"],
                '<schema name="a"><!-- <': [],
                '<schema name="a">text ': [],
        }.items():
            with self.subTest(typed):
                self.change(self.schema, typed)
                items = self.ask("completion", self.schema, typed, typed + "|")["items"]
                self.assertEqual(sorted(item["label"] for item in items), sorted(expected))
        rule = SCHEMA.replace('requires="rome or oslo"', 'requires="rome or "')
        self.assertEqual(self.labels(self.schema, rule, 'requires="rome or |"')[:4], ["notes", "oslo", "rome", "stay"])
        union = SCHEMA.replace('scaffold="rome"', 'scaffold=""')
        self.assertEqual(self.labels(self.schema, union, 'scaffold="|"'), ["oslo", "rome"])

    def test_completion_in_prompts(self) -> None:
        self.open(self.prompt, PROMPT)
        for typed, expected in {
                '<prompt schema="trip">\n  <': ["notes", "oslo", "rome", "stay", "10-rooms", "assistant", "system",
                                                "use", "user"],
                '<prompt schema="trip">\n  <stay>\n    <': ["10-rooms", "notes", "oslo", "rome", "stay", "use"],
                '<prompt schema="trip">\n  <stay ': ["days"],
                '<prompt schema="trip">\n  <use module="stay" ': ["days"],
                '<prompt schema="trip">\n  <stay days="': ["one week", "two weeks"],
                '<prompt schema="trip">\n  <use module="': ["notes", "oslo", "rome", "stay", "stay/10-rooms"],
                '<prompt schema="': ["trip"],
                '<prompt schema="trip" ': ["space", "xml:space"],
                '<prompt schema="trip"><oslo/><user>x</': ["user"],
                '<prompt schema="trip"><user>x <': [],
        }.items():
            with self.subTest(typed):
                self.change(self.prompt, typed)
                items = self.ask("completion", self.prompt, typed, typed + "|")["items"]
                items.sort(key=lambda item: item["sortText"])
                self.assertEqual([item["label"] for item in items], expected)
        typed = '<prompt schema="trip">\n  <stay><1\n  <oslo/>\n</prompt>'
        self.change(self.prompt, typed)
        rooms = next(item for item in self.ask("completion", self.prompt, typed, "<1|")["items"]
                     if item["label"] == "10-rooms")
        self.assertEqual(rooms["textEdit"], {"newText": 'use module="10-rooms"', "range": {
            "start": position(typed, "<|1"), "end": position(typed, "<1|")}})

    # --- hover, definition, formatting ---

    def test_hover(self) -> None:
        self.open(self.schema, SCHEMA)
        self.open(self.prompt, PROMPT)
        self.assertIn("**module** `oslo`", self.hover(self.prompt, PROMPT, "<os|lo/>"))
        self.assertRegex(self.hover(self.prompt, PROMPT, "<os|lo/>"), r"Slots ~\d+ to ~\d+, ~25 tokens")
        parameter = self.hover(self.prompt, PROMPT, "da|ys=")
        self.assertIn("**parameter** `stay/days`", parameter)
        self.assertIn("room for ~20 tokens", parameter)
        self.assertIn("`one week`, `two weeks`", parameter)
        self.assertIn("**union** `place`", self.hover(self.schema, SCHEMA, '<union name="pl|ace"'))
        self.assertIn("`rome`, `oslo`", self.hover(self.schema, SCHEMA, '<union name="pl|ace"'))
        self.assertIn("**module** `rome`", self.hover(self.schema, SCHEMA, 'requires="ro|me'))
        self.assertIn("the model's own marks", self.hover(self.schema, SCHEMA, "<sys|tem>"))
        self.assertIn("must have", self.hover(self.schema, SCHEMA, "requ|ires="))
        self.assertEqual(self.hover(self.schema, SCHEMA, "You pl|an"), "")

    def test_definition(self) -> None:
        self.open(self.schema, SCHEMA)
        self.open(self.prompt, PROMPT)
        for marker, expected in {"<os|lo/>": ("trip.pml", "oslo"), "da|ys=": ("trip.pml", "days"),
                                 "two we|eks": ("trip.pml", "days"), '"tr|ip"': ("trip.pml", "trip"),
                                 "<us|er>": ("", ""), "And th|en": ("", "")}.items():
            with self.subTest(marker):
                self.assertEqual(self.target(self.prompt, PROMPT, marker), expected)
        for marker, expected in {'requires="ro|me': ("trip.pml", "rome"), "or os|lo": ("trip.pml", "oslo"),
                                 'scaffold="ro|me"': ("trip.pml", "rome"), "rome st|ay": ("trip.pml", "stay"),
                                 "notes.t|xt": ("notes.txt", "")}.items():
            with self.subTest(marker):
                self.assertEqual(self.target(self.schema, SCHEMA, marker), expected)

    def test_formatting(self) -> None:
        ugly = "<prompt  schema='trip'>\n <oslo></oslo>\n</prompt>"
        self.open(self.prompt, ugly)
        params = {"textDocument": {"uri": self.prompt.as_uri()}, "options": {"tabSize": 2, "insertSpaces": True}}
        edits = self.client.request("textDocument/formatting", params)["result"]
        self.assertEqual([edit["newText"] for edit in edits], ['<prompt schema="trip">\n  <oslo/>\n</prompt>\n'])
        self.assertEqual(edits[0]["range"], {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 9}})
        self.change(self.prompt, edits[0]["newText"])
        self.assertEqual(self.client.request("textDocument/formatting", params)["result"], [])
        self.change(self.prompt, "<prompt>")
        self.assertEqual(self.client.request("textDocument/formatting", params)["result"], [])

    # --- what goes wrong ---

    def test_every_cut_of_a_document_is_survived(self) -> None:
        for path, text in ((self.schema, SCHEMA), (self.prompt, PROMPT)):
            self.open(path, text)
            for end in range(0, len(text), 7):
                cut = text[:end]
                self.change(path, cut)
                line, column = cut.count("\n"), len(cut[cut.rfind("\n") + 1:].encode("utf-16-le")) // 2
                for method in ("completion", "hover", "definition"):
                    answer = self.client.request(f"textDocument/{method}", {
                        "textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}})
                    self.assertNotIn("error", answer)

    def test_garbage(self) -> None:
        client = self.client
        for body, code in ((b"{", -32700), (b"[]", -32600), (b"{}", -32600), (b'"\xff"', -32700),
                           (b"[" * 100000, -32600), (b"[" * 200000 + b"]" * 200000, -32600),
                           (b'{"method":"x","id":' + b"[" * 200000 + b"]" * 200000 + b"}", -32600)):
            client.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.assertEqual(client.answer()["error"]["code"], code, body[:20])
        client.write(b"Nonsense\r\n" + b"x" * 100000 + b"\r\n\r\n")
        self.assertEqual(client.answer()["error"]["code"], -32700)
        client.write(b"Content-Length: -5\r\n\r\n")
        self.assertEqual(client.answer()["error"]["code"], -32700)
        size = (128 << 20) + 1
        client.write(b"content-length:%d\r\n\r\n" % size)
        for _ in range(size >> 20):
            client.write(b" " * (1 << 20))
        client.write(b" ")
        self.assertIn("larger than the limit", client.answer()["error"]["message"])
        self.assertEqual(client.request("no/method")["error"]["code"], -32601)
        for params in ({}, {"textDocument": 3}, {"textDocument": {"uri": "file:///none.pml"}, "position": {}}, []):
            self.assertEqual(client.request("textDocument/hover", params)["error"]["code"], -32602)
        client.notify("textDocument/didChange", {"textDocument": {"uri": "file:///none.pml"}})
        self.open(self.prompt, PROMPT)
        for place in ({"line": 10**6, "character": 0}, {"line": 1, "character": 10**6}):
            answer = client.request("textDocument/hover", {"textDocument": {"uri": self.prompt.as_uri()},
                                                           "position": place})
            self.assertIsNone(answer["result"])
        answer = client.request("textDocument/hover", {"textDocument": {"uri": self.prompt.as_uri()},
                                                       "position": {"line": "x", "character": -1}})
        self.assertEqual(answer["error"]["code"], -32602)

    def test_untitled_documents(self) -> None:
        uri = "untitled:Untitled-1"
        self.client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "text": "<prompt><a></prompt>"}})
        self.assertEqual(self.client.diagnostics(uri)[0]["code"], "unclosed-element")

    def test_a_schema_that_is_not_saved_yet(self) -> None:
        text = ('<schema name="new">\n<module name="m"><slot name="room" length="9"/>'
                '<module name="n"><slot name="inner" length="9"/></module></module>\n</schema>\n')
        prompt = '<prompt schema="new"><m><use module=""/></m></prompt>'
        for schema_uri, prompt_uri in (((self.folder / "new.pml").as_uri(), (self.folder / "p.pml").as_uri()),
                                       ("untitled:Untitled-1", "untitled:Untitled-2")):
            with self.subTest(schema_uri):
                for uri, content in ((schema_uri, text), (prompt_uri, prompt)):
                    self.client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "text": content}})
                answer = self.client.request("textDocument/completion", {
                    "textDocument": {"uri": prompt_uri},
                    "position": {"line": 0, "character": prompt.index('""') + 1}})
                labels = [item["label"] for item in answer["result"]["items"]]
                self.assertEqual(sorted(labels), ["m", "m/n/inner", "n", "room"])
                for uri in (schema_uri, prompt_uri):
                    self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def test_life_cycle(self) -> None:
        fresh = Client(self.pml, self.folder)
        self.assertEqual(fresh.request("textDocument/hover")["error"]["code"], -32002)
        capabilities = fresh.request("initialize")["result"]["capabilities"]
        self.assertEqual(capabilities["positionEncoding"], "utf-16")
        self.assertIsNone(fresh.request("shutdown")["result"])
        self.assertEqual(fresh.request("textDocument/hover")["error"]["code"], -32600)
        fresh.notify("exit")
        fresh.process.communicate(timeout=SECONDS)
        self.assertEqual(fresh.process.returncode, 0)
        self.client.notify("exit")
        self.client.process.wait(timeout=SECONDS)
        self.assertEqual(self.client.process.returncode, 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pml", required=True)
    arguments, rest = parser.parse_known_args()
    LanguageServer.pml = Path(arguments.pml).resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
