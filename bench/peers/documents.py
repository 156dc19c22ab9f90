"""Schemas and prompts to measure with.

`word_schema` has modules of so many tokens exactly, because every word of WORDS is one token of the GPT-2 family of
tokenizers with the blank before it. `random_prompts` selects at random from a real schema.
"""
from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

WORDS = (
    "time people water house country school family music city river money market paper table window garden morning "
    "night summer winter number letter story picture question answer road train ship book food light color sound "
    "field forest mountain island village street bridge church king doctor teacher student mother father brother "
    "sister child friend animal horse bird fish tree flower stone metal glass"
).split()

QUESTIONS = (
    "What should we do on the first day, and what has to be booked before we leave?",
    "Which of these things can we leave out if it rains all week, and why?",
    "How much time should we plan for the way from the airport, and what does it depend on?",
    "Is there anything in your notes that we must check again before we set out?",
    "We would rather walk than drive. What would you change in the plan?",
    "Please name the three places that we should not miss, in the order of a day.",
    "What is open in the evening, and where do we have to be early?",
    "What would you pack for this trip that most people forget?",
)


def words(count: int, seed: int) -> str:
    """So many words."""
    generator = random.Random(seed)
    return " ".join(generator.choices(WORDS, k=count))


CLOSING_TOKENS = 40


def word_schema(lengths: list[int], seed: int = 1, closes: bool = False) -> str:
    """A schema of modules `m0`, `m1`, ... of about so many tokens each, without roles; `closes`: with a text of
    CLOSING_TOKENS behind them, which the default repair computes anew."""
    modules = (
        f'  <module name="m{index}">{words(length, seed * 1000 + index)}</module>'
        for index, length in enumerate(lengths)
    )
    closing = [words(CLOSING_TOKENS, seed)] if closes else []
    return "\n".join(['<schema name="words" space="collapse">', *modules, *closing, "</schema>", ""])


def word_prompt(num_modules: int, new_tokens: int, seed: int) -> str:
    """Selects all modules of a `word_schema`, and adds about so many tokens of text."""
    selections = "".join(f"<m{index}/>" for index in range(num_modules))
    return f'<prompt schema="words" space="collapse">{selections} {words(new_tokens, seed)}</prompt>'


def equal_parts(total: int, parts: int) -> list[int]:
    """`parts` numbers that differ by at most one, and sum to `total`."""
    return [total * (i + 1) // parts - total * i // parts for i in range(parts)]


class Selector:
    """Draws selections of a schema's modules: one member of every union, every other module with probability 1/2."""

    def __init__(self, schema: Path, generator: random.Random) -> None:
        self.root = ElementTree.parse(schema).getroot()
        self.name = self.root.get("name", "")
        self.generator = generator

    def prompt(self) -> str:
        """A prompt of the schema. It may be one that the schema does not allow: some modules need arguments."""
        return f"<prompt schema={quoteattr(self.name)}>{self._children(self.root)}</prompt>"

    def question(self) -> str:
        return self.generator.choice(QUESTIONS)

    def _children(self, element: ElementTree.Element) -> str:
        return "".join(map(self._selection, element))

    def _selection(self, element: ElementTree.Element) -> str:
        if element.tag == "union":
            members = [child for child in element if child.tag == "module"]
            return self._module(self.generator.choice(members)) if members else ""
        if element.tag in ("system", "user", "assistant", "pool"):
            return self._children(element)
        if element.tag != "module" or "name" not in element.attrib:
            return ""
        is_chosen = element.get("required") == "true" or self.generator.random() < 0.5
        return self._module(element) if is_chosen else ""

    def _module(self, element: ElementTree.Element) -> str:
        inner = self._children(element)
        return f"<use module={quoteattr(element.attrib['name'])}>{inner}</use>"
