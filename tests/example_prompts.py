#!/usr/bin/env python3
"""Checks that what schemas/ and examples/ hold can be used as it is.

Every schema is free of mistakes and has a size that is worth caching; every prompt names its schema and is
free of mistakes against it; every schema has two prompts or more. Needs nothing but Python 3.
"""
from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from pml_program import MODEL, PROGRAM, ROOT, Program

FEWEST_TOKENS, MOST_TOKENS = 500, 6000
FEWEST_PROMPTS = 2
LARGE = 4000  # one schema at least is larger: what a cache saves grows with the size


def complaints(program: Program, schema: Path, *options: str) -> list[str]:
    """What `pml check` says of a schema or a prompt, warnings included."""
    checked = program.call("check", schema, *options)
    if checked.exit_code == 0 and checked.json["ok"] and not checked.json["diagnostics"]:
        return []
    return [checked.messages.strip() or f"pml check left with {checked.exit_code}"]


def num_tokens(program: Program, schema: Path) -> int:
    return sum(len(segment["tokens"]) for segment in program.call("layout", schema).json["segments"])


def schema_of(prompt: Path) -> str:
    """The `schema` attribute of a prompt."""
    found = re.search(r'<prompt\b[^>]*\bschema="([^"]+)"', prompt.read_text(encoding="utf-8"))
    return found.group(1) if found else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pml", type=Path, default=PROGRAM, help="the program")
    parser.add_argument("--model", type=Path, default=MODEL, help="a GGUF file")
    arguments = parser.parse_args()
    program = Program(arguments.pml, arguments.model)

    schemas = {path.stem: path for path in sorted((ROOT / "schemas").rglob("*.pml"))}
    prompts: dict[str, list[Path]] = {name: [] for name in schemas}
    wrong: list[str] = []
    for prompt in sorted((ROOT / "examples").glob("*.pml")):
        name = schema_of(prompt)
        if name in prompts:
            prompts[name].append(prompt)
        else:
            wrong.append(f"{prompt.name}: there is no schema {name!r}")

    sizes = []
    for name, schema in schemas.items():
        mistakes = complaints(program, schema)
        if mistakes:
            wrong += mistakes
            continue
        sizes.append(num_tokens(program, schema))
        if not FEWEST_TOKENS <= sizes[-1] <= MOST_TOKENS:
            wrong.append(f"{name}: {sizes[-1]} tokens, should be {FEWEST_TOKENS} to {MOST_TOKENS}")
        if len(prompts[name]) < FEWEST_PROMPTS:
            wrong.append(f"{name}: {len(prompts[name])} prompts, should be {FEWEST_PROMPTS} or more")
        for prompt in prompts[name]:
            wrong += complaints(program, schema, "--prompt", str(prompt))
        print(f"{name:18} {sizes[-1]:5} tokens, {len(prompts[name])} prompts", flush=True)
    if max(sizes, default=0) <= LARGE:
        wrong.append(f"no schema has more than {LARGE} tokens")
    for complaint in wrong:
        print(complaint)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
