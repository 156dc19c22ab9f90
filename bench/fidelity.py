#!/usr/bin/env python3
"""Measures what splicing changes, in every kind of contexts and repair policy: the tables of docs/fidelity.md.

    python3 bench/fidelity.py --pml build/pml --model MODEL.gguf [--quick] [--json FILE] [--only NAME ...]

Calls `pml verify` for schemas of this project, in a store of its own, and prints Markdown. Standard library only.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "bench" / "facts"

# What is measured, and what it stands for.
SCHEMAS = {
    "clinic_letters": "seven unions of four or five members of about 105 tokens, and a closing text",
    "field_service": "seven unions of four or five members of about 110 tokens, and a closing text",
    "travel": "unions in unions",
    "knowledge_base": "a pool: any documents in any order",
}
OTHERS = ["measured", "f32", "facts"]
REPAIRS = "none,joints,link:16,ratio:0.05,ratio:0.1,exact"


@dataclass(frozen=True)
class Pml:
    """The program, with a model and a store."""

    program: Path
    model: Path
    store: Path

    def run(self, command: str, schema: str, *options: str) -> dict[str, Any]:
        """The JSON that a command prints."""
        line = [str(self.program), command, str(ROOT / "schemas" / f"{schema}.pml"), "-m", str(self.model)]
        line += ["--store", str(self.store), "--json", *options]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8")
        if done.returncode != 0:
            sys.exit(f"{' '.join(line)}\nleft with {done.returncode}:\n{done.stderr}")
        return json.loads(done.stdout)


def row_of(row: dict[str, Any]) -> str:
    """KL and agreement of a setting, as cells of a table."""
    kl, top1 = row["kl"], row["top1"]
    return (
        f"| {row.get('context', row['label'])} | {row.get('repair', '-')} | {kl['mean']:.4f} |"
        f" {kl['low']:.4f} - {kl['high']:.4f} | {kl['max']:.3f} |"
        f" {100 * top1['mean']:.1f} % ({100 * top1['low']:.1f} - {100 * top1['high']:.1f}) |"
    )


def print_fidelity(schema: str, result: dict[str, Any]) -> None:
    """A table of a schema's settings."""
    print(f"### {schema}\n\n{SCHEMAS[schema]}; {result['prompts']} prompts of {result['tokens']} tokens\n")
    print("| contexts | repair | KL | its 95 % interval | worst | same likeliest token | computed | of them repaired |")
    print("|---|---|---|---|---|---|---|---|")
    for row in result["rows"]:
        if "kl" not in row:
            continue
        cached = row["cached_tokens"] + row["repaired_tokens"]
        share = f"{100 * row['repaired_tokens'] / cached:.1f} %" if cached else "-"
        print(f"{row_of(row)} {row['live_tokens'] + row['repaired_tokens']:.0f} | {share} |")
    print(flush=True)


def print_few(title: str, results: dict[str, dict[str, Any]]) -> None:
    """A table of a few settings of several schemas."""
    print(f"### {title}\n")
    print("| schema | contexts | repair | KL | its 95 % interval | worst | same likeliest token |\n|---|---|---|---|---|---|---|")
    for schema, result in results.items():
        for row in result["rows"]:
            if "repair" in row:
                print(f"| {schema} {row_of(row)}")
    print(flush=True)


def print_facts(result: dict[str, Any], count: int) -> None:
    """A table of the questions."""
    print(f"### Facts\n\n{count} questions about `shop_floor.pml`, whose members contradict each other in every sentence\n")
    print("| contexts | repair | right | probability of absent members |\n|---|---|---|---|")
    for row in result["rows"]:
        if "questions" not in row:
            continue
        asked = row["questions"]
        print(
            f"| {row.get('context', row['label'])} | {row.get('repair', '-')} | {100 * asked['accuracy']:.1f} % |"
            f" {asked['absent']:.4f} |"
        )
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pml", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer prompts: for a look, not for a claim")
    parser.add_argument("--only", nargs="+", default=[*SCHEMAS, *OTHERS], metavar="NAME", help=", ".join(OTHERS) + ", schemas")
    parser.add_argument("--json", type=Path, help="where to write all values")
    arguments = parser.parse_args()
    prompts, questions = (8, 40) if arguments.quick else (64, 400)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        pml = Pml(arguments.pml, arguments.model, Path(folder) / "store")
        samples = ["--samples", str(prompts), "--tokens", "32"]
        for schema in SCHEMAS:
            if schema in arguments.only:
                results[schema] = pml.run("verify", schema, "--repairs", REPAIRS, *samples)
                print_fidelity(schema, results[schema])
        if "measured" in arguments.only:
            settings = ["--contexts", "typical,adjacent", "--repairs", "none,joints"]
            measured = Pml(arguments.pml, arguments.model, Path(folder) / "measured")
            results["measured"] = {}
            for schema in SCHEMAS:
                measured.run("compile", schema, "--measure", "8", "--quiet")
                results["measured"][schema] = measured.run("verify", schema, *settings, *samples)
            print_few("Stand-ins chosen by measurement: compile --measure 8", results["measured"])
        if "f32" in arguments.only:
            settings = ["--contexts", "adjacent", "--repairs", "exact", "--kv", "f32", "--weights", "f32"]
            results["f32"] = {schema: pml.run("verify", schema, *settings, *samples) for schema in SCHEMAS}
            print_few("exact without rounding: --kv f32 --weights f32", results["f32"])
        if "facts" in arguments.only:
            asked = Path(folder) / "questions.jsonl"
            script = [sys.executable, str(FACTS / "questions.py"), str(FACTS / "shop_floor.json")]
            script += ["--schema", "shop_floor", "--number", str(questions)]
            asked.write_text(subprocess.run(script, check=True, capture_output=True, text=True).stdout, encoding="utf-8")
            options = ["--samples", "0", "--questions", str(asked)]
            results["facts"] = pml.run("verify", "shop_floor", "--repairs", REPAIRS, *options)
            print_facts(results["facts"], questions)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
