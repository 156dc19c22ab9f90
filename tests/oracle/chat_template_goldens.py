#!/usr/bin/env python3
"""Writes tests/golden/chat_template/*.json: what Jinja2 makes of models' own chat templates.

    tests/oracle/chat_template_goldens.py FOLDER            writes the golden files
    tests/oracle/chat_template_goldens.py FOLDER --check    leaves with 1 if they would come out differently

FOLDER holds templates as *.jinja: those of the source distribution of llama-cpp-python
(vendor/llama.cpp/models/templates). They are rendered as `transformers` does it. The templates themselves are not
committed: a golden file has the marks that stand in one, in their order, and the conversations' renderings.
"""
from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "chat_template"

# Contents without blanks at their ends: some templates trim them.
SYSTEM = {"role": "system", "content": "Answer in one sentence."}
USER = {"role": "user", "content": "What is PML?\nAnd why?"}
ANSWER = {"role": "assistant", "content": "A markup language."}
MORE = {"role": "user", "content": "Thanks. {{ braces }} & <tags>"}
CONVERSATIONS = {
    "system_user": ([SYSTEM, USER], True),
    "user": ([USER], True),
    "turns": ([SYSTEM, USER, ANSWER, MORE], True),
    "turns_without_system": ([USER, ANSWER, MORE], True),
    "closed": ([SYSTEM, USER], False),
}

# What a template may be told from: special tokens, and other words in brackets that stand around a turn.
MARK = re.compile(
    r"<[|\uff5c][^|\uff5c<>\n'\"]{1,40}[|\uff5c]>|\[/?[A-Z_]{3,}\]|</?(?:start|end)_of_turn>|<</?SYS>>|<\|turn>|\[e~\["
    r"|assistant(?:\\n|\n)<think>|\{\{-? *['\"]<think>(?:\\n)?['\"] *-?\}\}"
)


class Generation(Extension):
    """{% generation %} marks what a model is trained on; what stands in it is printed as it is."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class TemplateRefused(Exception):
    pass


def raise_exception(message: str) -> None:
    raise TemplateRefused(message)


def render(text: str, messages: list[dict[str, str]], add_generation_prompt: bool) -> str | None:
    """None if the template does not take the conversation."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False)
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda pattern: "26 Jul 2024"
    variables = {"messages": messages, "add_generation_prompt": add_generation_prompt, "bos_token": "", "eos_token": ""}
    # Templates for tools alone take no conversation without a list of them.
    for tools in ({"tools": None}, {"tools": [], "functions": ""}):
        try:
            return environment.from_string(text).render(**variables, **tools)
        except (TemplateRefused, jinja2.TemplateError, TypeError):
            continue
    return None


def golden_text(template: Path) -> str:
    text = template.read_text(encoding="utf-8")
    marks = list(dict.fromkeys(mark.group(0) for mark in MARK.finditer(text)))
    renderings = {name: render(text, *conversation) for name, conversation in CONVERSATIONS.items()}
    return json.dumps({"marks": marks, "renderings": renderings}, indent=1) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of the templates")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()

    stale = []
    for template in sorted(arguments.folder.glob("*.jinja")):
        path = GOLDEN / f"{template.stem}.json"
        content = golden_text(template)
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="ascii")
        elif not path.exists() or path.read_text(encoding="ascii") != content:
            stale.append(path.name)
    if stale:
        print(f"Jinja2 {jinja2.__version__} gives other texts than {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
