#!/usr/bin/env python3
"""Runs the examples of docs/language.md, and compares the files that README.md shows. Needs nothing but Python 3.

A fenced block is read by its first line:
  ```xml   `<schema ...`: the schema of what follows, until the next one; `<prompt ...`: a prompt for it
  ```file NAME    a file that the next schema takes in with `src`
  ```text  what the block before it gives: the text that the model reads (for a schema: with an empty
           prompt), or, if its first line is `schema.pml:...` or `prompt.pml:...`, what `pml check` says.
           Quoted lines and carets are compared only where the block has a caret.
In README.md a block of xml is the file that is named before it, and what stands after `$ cat FILE` is that file.

An example without a text block is free of mistakes. The table of diagnostics lists every kind of the registry.
"""
from __future__ import annotations

import argparse
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pml_program import MODEL, PROGRAM, ROOT, Program

PAGE = ROOT / "docs" / "language.md"
README = ROOT / "README.md"
REGISTRY = ROOT / "grammar" / "diagnostic_kinds.def"
EMPTY_PROMPT = "<prompt/>\n"


@dataclass(frozen=True)
class Block:
    line: int  # of its opening fence, from 1
    kind: str  # what stands behind the fence
    text: str


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

    def __init__(self, program: Program, folder: Path):
        self.program = program
        self.folder = folder
        self.schema = folder / "schema.pml"
        self.prompt = folder / "prompt.pml"
        self.has_prompt = False  # the last block was a prompt

    def write(self, block: Block) -> None:
        if block.kind.startswith("file "):
            (self.folder / block.kind.removeprefix("file ")).write_text(block.text, encoding="utf-8")
            return
        self.has_prompt = block.text.lstrip().startswith("<prompt")
        (self.prompt if self.has_prompt else self.schema).write_text(block.text, encoding="utf-8")

    def messages(self) -> str:
        """What `pml check` says, with file names as the page writes them."""
        options = ("--prompt", self.prompt.name) if self.has_prompt else ()
        return self.program.call("check", self.schema, *options).messages

    def complaint(self, expected: Block | None) -> str:
        """What is wrong with the last example; empty if nothing is."""
        said = self.messages()
        if expected is None:
            return said
        wanted = expected.text.rstrip("\n")
        if re.match(r"(schema|prompt)\.pml:", wanted):
            got = said.rstrip("\n") if "^" in wanted else without_excerpts(said)
        elif said:
            return said
        else:
            if not self.has_prompt:
                self.prompt.write_text(EMPTY_PROMPT, encoding="utf-8")
            got = self.program.final_text(self.schema, self.prompt).rstrip("\n")
        return "" if got == wanted else f"expected:\n{wanted}\ngot:\n{got}"


def check_examples(blocks: list[Block], program: Program, folder: Path) -> tuple[int, list[str]]:
    """The number of examples, and what is wrong."""
    examples, wrong, count = Examples(program, folder), [], 0
    for block, following in zip(blocks, [*blocks[1:], None]):
        is_example = block.kind == "xml"
        if is_example or block.kind.startswith("file "):
            examples.write(block)
        if is_example:
            count += 1
            expected = following if following is not None and following.kind == "text" else None
            if complaint := examples.complaint(expected):
                wrong.append(f"{PAGE.name}:{block.line}: {complaint}")
    return count, wrong


def check_kinds(page: str) -> list[str]:
    """Is the table of diagnostics complete, and in the registry's order?"""
    registered = re.findall(r'^PML_DIAGNOSTIC\(\w+, "([a-z-]+)"', REGISTRY.read_text(encoding="utf-8"), re.MULTILINE)
    section = page[page.index("## All diagnostics") :]
    listed = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    wrong = [f"{PAGE.name}: the kind `{kind}` is not listed" for kind in registered if kind not in listed]
    wrong += [f"{PAGE.name}: there is no kind `{kind}`" for kind in listed if kind not in registered]
    if not wrong and listed != registered:
        wrong.append(f"{PAGE.name}: the kinds are not in the order of {REGISTRY.name}")
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
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="pml-language-") as folder:
        count, wrong = check_examples(read_blocks(page), Program(arguments.pml, arguments.model), Path(folder))
    wrong += check_kinds(page)
    wrong += check_shown_files(README.read_text(encoding="utf-8"))
    for complaint in wrong:
        print(complaint)
    print(f"{count} examples, {len(wrong)} complaints")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
