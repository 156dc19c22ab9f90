#!/usr/bin/env python3
"""Draws questions about facts that the members of a schema's unions contradict each other in.

    questions.py FACTS.json --schema shop_floor --number 400 --seed 1 > questions.jsonl

FACTS.json is a list of objects: {"union", "module", "topic", "question", "answer", "value"}. For a union and a topic
all members have the same question and the same text that the answer begins with, and another value. Each question
selects a member of every union at random, and asks for a random fact of one of them. Each line is an object:
{"prompt", "question", "answer", "right", "wrong"}, where `right` is the value of the selected member, and `wrong`
holds those of the members that are not selected. The same seed gives the same lines. Needs nothing but Python.
"""
from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any, Iterator
from xml.sax.saxutils import quoteattr

KEYS = ("union", "module", "topic", "question", "answer", "value")


class Facts:
    """The facts of a file, by union, member and topic, in the file's order."""

    def __init__(self, facts: list[dict[str, str]]) -> None:
        self.unions: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
        for fact in facts:
            demand(sorted(fact) == sorted(KEYS), f"a fact should have the keys {', '.join(KEYS)}", fact)
            topics = self.unions.setdefault(fact["union"], {}).setdefault(fact["module"], {})
            demand(fact["topic"] not in topics, "the topic is there twice", fact)
            topics[fact["topic"]] = fact
        for union, members in self.unions.items():
            demand(len(members) > 1, "the union has one member", union)
            first = next(iter(members.values()))
            for topics in members.values():
                demand(topics.keys() == first.keys(), "members have different topics", union)
            for topic in first:
                self._check_topic([topics[topic] for topics in members.values()])

    @staticmethod
    def _check_topic(facts: list[dict[str, str]]) -> None:
        """`facts` are what the members of a union say on a topic."""
        values = [fact["value"] for fact in facts]
        demand(len(set(values)) == len(values), "two members have the same value", facts[0])
        for fact in facts:
            demand(fact["value"] == " " + fact["value"].strip(), "a value should begin with one blank", fact)
            demand(fact["question"] == facts[0]["question"], "members have different questions", fact)
            demand(fact["answer"] == facts[0]["answer"], "members have different answers", fact)


def demand(is_true: bool, message: str, about: Any) -> None:
    if not is_true:
        raise SystemExit(f"questions.py: {message}: {about}")


def questions(facts: Facts, schema: str, number: int, seed: int) -> Iterator[dict[str, Any]]:
    generator = random.Random(seed)
    for _ in range(number):
        selected = {union: generator.choice(list(members)) for union, members in facts.unions.items()}
        union = generator.choice(list(selected))
        members = facts.unions[union]
        topic = generator.choice(list(members[selected[union]]))
        fact = members[selected[union]][topic]
        uses = "".join(f"<use module={quoteattr(module)}/>" for module in selected.values())
        yield {
            "prompt": f"<prompt schema={quoteattr(schema)}>{uses}</prompt>",
            "question": fact["question"],
            "answer": fact["answer"],
            "right": fact["value"],
            "wrong": [topics[topic]["value"] for module, topics in members.items() if module != selected[union]],
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=Path, help="a JSON file of facts")
    parser.add_argument("--schema", required=True, help="the schema's name")
    parser.add_argument("--number", type=int, default=400, help="of questions (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    arguments = parser.parse_args()

    facts = Facts(json.loads(arguments.facts.read_text(encoding="utf-8")))
    for question in questions(facts, arguments.schema, arguments.number, arguments.seed):
        print(json.dumps(question))
    return 0


if __name__ == "__main__":
    sys.exit(main())
