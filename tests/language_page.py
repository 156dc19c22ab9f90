#!/usr/bin/env python3
"""Runs the examples of docs/language.md, and compares the files that README.md shows. Needs nothing but Python 3.

A fenced block is read by its first line:
  ```xml [schema|prompt] [model [OPTIONS]]
           a schema of what follows, until the next one, or a prompt for it: what its root element says, unless the
           word is there. `model`: `pml check` is called with the model, and these options; else without one.
  ```json  a prompt as JSON; the same words may stand behind it
  ```file NAME
           a file in the folder of the next schema; each schema has a folder of its own
  ```text  what the block before it gives: the text that the model reads (for a schema: with an empty
           prompt), or, if its first line is `schema.pml:1:1: error: ...`, what `pml check` says.
           Quoted lines and carets are compared only where the block has a caret.
`\\x` and two hexadecimal digits stand for a byte. An example without a text block is free of mistakes.
In README.md a block of xml is the file that is named before it, and what stands after `$ cat FILE` is that file.

Every element and attribute of the language has an example without mistakes. The examples of `pml check --explain` give
the kind that they explain, and nothing when cured; the page shows them as they are (--update writes them).
"""
from __future__ import annotations

import argparse
import re
import shlex
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pml_program import MODEL, PROGRAM, ROOT, Finished, Program

PAGE = ROOT / "docs" / "language.md"
README = ROOT / "README.md"
GRAMMAR = ROOT / "grammar"
EMPTY_PROMPT = "<prompt/>\n"
BEGIN = "<!-- what `pml check --explain` says; written by tests/language_page.py --update -->\n"
END = "<!-- end of what `pml check --explain` says -->\n"
EXAMPLES = ("xml", "json")  # kinds of blocks
ESCAPE = re.compile(rb"\\x([0-9A-F]{2})")
IS_MESSAGE = re.compile(r"[\w./-]+:\d+:\d+: (error|warning): ")


@dataclass(frozen=True)
class Block:
    line: int  # of its opening fence, from 1
    info: str  # what stands behind the fence
    text: str

    @property
    def kind(self) -> str:
        return (self.info.split() or [""])[0]

    @property
    def words(self) -> list[str]:
        """Of an example: what its first line says of it."""
        return self.info.split()[1:]

    @property
    def is_prompt(self) -> bool:
        return self.kind == "json" or "prompt" in self.words or ("schema" not in self.words and root_of(self.text) == "prompt")

    @property
    def needs_model(self) -> bool:
        return "model" in self.words

    @property
    def options(self) -> list[str]:
        return self.words[self.words.index("model") + 1 :] if self.needs_model else []


def root_of(text: str) -> str:
    return "prompt" if text.startswith("<prompt") else "schema" if text.startswith("<schema") else ""


def read_blocks(page: str) -> list[Block]:
    blocks, opened = [], None
    lines = page.splitlines()
    for at, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if opened is None:
            opened = at
        else:
            body = "".join(inner + "\n" for inner in lines[opened + 1 : at])
            blocks.append(Block(opened + 1, lines[opened][3:].strip(), body))
            opened = None
    return blocks


def without_excerpts(messages: str) -> str:
    """Diagnostics without the quoted lines and the carets below them."""
    kept = [line for line in messages.splitlines() if not line.startswith("    ") or line.startswith("    note:")]
    return "\n".join(kept)


class Examples:
    """The examples of a page, in order, in a folder of their own."""

    def __init__(self, program: Program, scratch: Path):
        self.program = program
        self.scratch = scratch
        self.folder = scratch / "page"  # files may lie beside it
        self.schema = self.folder / "schema.pml"
        self.prompt = self.folder / "prompt.pml"
        self.has_files = False  # the last block was a file

    def clear(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def write(self, block: Block) -> None:
        if block.kind == "file":
            path = self.folder / block.info.removeprefix("file ")
        else:
            path = self.prompt if block.is_prompt else self.schema
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), block.text.encode("utf-8")))

    def take(self, block: Block) -> None:
        """The next block of the page: a schema, or the first of its files, begins a new folder."""
        is_prompt = block.kind in EXAMPLES and block.is_prompt
        if not self.has_files and not is_prompt:
            self.clear()
        self.has_files = block.kind == "file"
        self.write(block)

    def check(self, block: Block) -> Finished:
        """What `pml check` says of an example that is written, with file names as the page writes them."""
        prompt = ("--prompt", self.prompt.name) if block.is_prompt else ()
        return self.program.call("check", self.schema, *prompt, *block.options, with_model=block.needs_model)

    def complaint(self, block: Block, expected: Block | None) -> str:
        """What is wrong with an example that is written; empty if nothing is."""
        said = self.check(block).messages
        if expected is None:
            return said
        wanted = expected.text.rstrip("\n")
        if IS_MESSAGE.match(wanted):
            got = said.rstrip("\n") if "^" in wanted else without_excerpts(said)
        elif said:
            return said
        else:
            if not block.is_prompt:
                self.prompt.write_text(EMPTY_PROMPT, encoding="utf-8")
            got = self.program.final_text(self.schema, self.prompt).rstrip("\n")
        return "" if got == wanted else f"expected:\n{wanted}\ngot:\n{got}"


def check_examples(blocks: list[Block], examples: Examples) -> tuple[int, list[str], set[tuple[str, str]]]:
    """The number of examples, what is wrong, and the elements and attributes of those without mistakes."""
    wrong, count, shown = [], 0, set()
    for block, following in zip(blocks, [*blocks[1:], None]):
        if block.kind not in (*EXAMPLES, "file"):
            continue
        examples.take(block)
        if block.kind in EXAMPLES:
            count += 1
            expected = following if following is not None and following.kind == "text" else None
            if complaint := examples.complaint(block, expected):
                wrong.append(f"{PAGE.name}:{block.line}: {complaint}")
            if expected is not None and IS_MESSAGE.match(expected.text):
                continue
        if block.kind == "json" or (block.kind == "file" and not block.info.endswith(".pml")):
            continue
        for element in ElementTree.fromstring(block.text).iter():
            shown.add((element.tag, ""))
            shown |= {(element.tag, attribute) for attribute in element.attrib}
    return count, wrong, shown


def check_vocabulary(page: str, shown: set[tuple[str, str]]) -> list[str]:
    """Are all elements and attributes that the grammar knows in the page's table, and does each have an example?"""
    space = "{http://www.w3.org/XML/1998/namespace}space"
    shown = {(element, "xml:space" if attribute == space else attribute) for element, attribute in shown}
    table: dict[str, set[str]] = {}
    for elements, attributes in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]* \|([^|]*)\|$", page, re.MULTILINE):
        names = re.findall(r"`([\w:]+)`", re.sub(r"\([^)]*\)", "", attributes))
        for element in re.findall(r"\w+", elements):
            table.setdefault(element, set()).update(names)
    known = set(re.findall(r'"(\w+)"', (GRAMMAR / "vocabulary.cpp").read_text(encoding="utf-8").split("names{")[1].split("}")[0]))
    wrong = [f"{PAGE.name}: the table of elements has no `{element}`" for element in known - table.keys()]
    wrong += [f"{PAGE.name}: there is no element `{element}`" for element in table.keys() - known]
    asked: set[str] = set()
    for name in ("parse_schema.cpp", "parse_prompt.cpp", "attributes.cpp"):
        text = (GRAMMAR / name).read_text(encoding="utf-8")
        asked |= set(re.findall(r'\b(?:find|require|boolean|positive|positive_if_there)\("([\w:]+)"', text))
    listed = set().union(*table.values())
    wrong += [f"{PAGE.name}: the table of elements has no attribute `{name}`" for name in asked - listed]
    wrong += [f"{PAGE.name}: there is no attribute `{name}`" for name in listed - asked]
    for element, attributes in table.items():
        for attribute in ("", *attributes):
            if (element, attribute) not in shown:
                wrong.append(f"{PAGE.name}: no example has {f'`{attribute}` on ' if attribute else ''}`<{element}>`")
    return sorted(wrong)


def blocks_of(example: dict[str, Any], model: str) -> list[Block]:
    """An example of `pml check --explain --json` as blocks of the page."""
    # The page's model is the one that the command line names.
    words = " ".join(["model", *shlex.split(model)[2:]]) if model else ""
    blocks = [Block(0, f"file {name}", text) for name, text in example.get("files", {}).items()]
    for document in ("schema", "prompt"):
        if text := example.get(document):
            is_json = text.startswith("{")
            named = "" if is_json or root_of(text) == document else document
            blocks.append(Block(0, " ".join(filter(None, ["json" if is_json else "xml", named, words])), text))
    return blocks


def changed(help: dict[str, Any]) -> dict[str, Any]:
    """Of the cured example what is to be shown: a schema that stays is the one before it."""
    cured, wrong = help["cured"], help["wrong"]
    is_same = cured["schema"] == wrong["schema"] and cured["files"] == wrong["files"]
    return {"prompt": cured["prompt"]} if is_same else cured


def shown(example: dict[str, Any], model: str) -> str:
    """The blocks of an example. What stands behind a fence is not seen, so a file's name stands before it, too."""
    text = ""
    for block in blocks_of(example, model):
        name = f"`{block.info.removeprefix('file ')}`:\n\n" if block.kind == "file" else ""
        text += f"{name}```{block.info}\n{block.text}```\n" + ("\n" if name else "")
    return text


def explanations(helps: list[dict[str, Any]]) -> str:
    """The part of the page that is generated."""
    text = "| kind | what is wrong | cure |\n|---|---|---|\n"
    for help in helps:
        warning = "*warning*: " if help["severity"] == "warning" else ""
        cells = [f"[`{help['kind']}`](#{help['kind']})", warning + help["summary"], help["cure"]]
        text += "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
    for help in helps:
        text += f"\n### {help['kind']}\n\n{help['severity'].capitalize()}: {help['summary']}. {help['meaning']}\n\n"
        if help["model"]:
            text += f"With `{help['model']}`:\n\n"
        text += shown(help["wrong"], help["model"])
        text += f"```text\n{help['says']}\n```\n\n{help['cure']}\n\n"
        text += shown(changed(help), help["model"])
    return text


def check_explanations(helps: list[dict[str, Any]], examples: Examples) -> list[str]:
    """Does each kind's example give this kind and no other, as it says, and the cured one nothing?"""
    wrong = []
    for help in helps:
        said = []
        for example in (help["wrong"], help["cured"]):
            examples.clear()
            blocks = blocks_of(example, help["model"])
            for block in blocks:
                examples.write(block)
            said.append(examples.check(blocks[-1]))
        kinds = {diagnostic["kind"] for diagnostic in said[0].json.get("diagnostics", [])}
        if kinds != {help["kind"]} or without_excerpts(said[0].messages) != help["says"]:
            wrong.append(f"the example of {help['kind']} gives:\n{said[0].messages}")
        if said[1].exit_code != 0 or said[1].json["diagnostics"]:
            wrong.append(f"the cured example of {help['kind']} gives:\n{said[1].messages}")
    return wrong


def check_shown_files(page: str) -> list[str]:
    """Are the files that the README shows as they are?"""
    shown = [
        *re.findall(r"`([\w/.-]+\.pml)`[^`]*```xml\n(.*?)```", page, re.DOTALL),
        *re.findall(r"^\$ cat (\S+)\n(.*?)(?=^\$ |^```)", page, re.DOTALL | re.MULTILINE),
    ]
    wrong = [
        f"{README.name}: {name} is another text" for name, text in shown if (ROOT / name).read_text(encoding="utf-8") != text
    ]
    if len(shown) != page.count("```xml") + page.count("$ cat "):
        wrong.append(f"{README.name}: a block of xml has no file's name before it")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pml", type=Path, default=PROGRAM, help="the program")
    parser.add_argument("--model", type=Path, default=MODEL, help="a GGUF file with ChatML roles")
    parser.add_argument("--update", action="store_true", help="write what `pml check --explain` says into the page")
    arguments = parser.parse_args()
    program = Program(arguments.pml, arguments.model)
    kinds = [entry["kind"] for entry in program.run("check", "--list-kinds").json["kinds"]]
    helps = [program.run("check", "--explain", kind).json for kind in kinds]

    page = PAGE.read_text(encoding="utf-8")
    before, generated, after = re.split(f"{re.escape(BEGIN)}|{re.escape(END)}", page)
    wrong = []
    if arguments.update:
        page = before + BEGIN + explanations(helps) + END + after
        PAGE.write_text(page, encoding="utf-8")
    elif generated != explanations(helps):
        wrong.append(f"{PAGE.name}: the kinds of diagnostics are not as `pml check --explain` has them; see --update")
    # What is generated is run as the program has it.
    first, last = (page[: page.index(mark)].count("\n") for mark in (BEGIN, END))
    blocks = [block for block in read_blocks(page) if not first < block.line <= last]
    with tempfile.TemporaryDirectory(prefix="pml-language-") as folder:
        examples = Examples(program, Path(folder) / "examples")
        count, mistakes, shown = check_examples(blocks, examples)
        wrong += mistakes
        wrong += check_vocabulary(page, shown)
        wrong += check_explanations(helps, examples)
    wrong += check_shown_files(README.read_text(encoding="utf-8"))
    for complaint in wrong:
        print(complaint)
    print(f"{count} examples, {len(helps)} kinds, {len(wrong)} complaints")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
