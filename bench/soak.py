#!/usr/bin/env python3
"""Many mixed requests on one process: does its memory stay flat, and does it answer as a fresh process would?

    soak.py --pml build/pml --model MODEL.gguf [--minutes 30] [--weights f32] [--json build/soak.json]

Random selections of schemas/travel.pml with questions, long texts, sampled answers, further turns of conversations and
lines with mistakes go through one `pml run --batch -`. Then some of them are answered by a fresh process, one at a time
and without tails. Prints figures as JSON, and exits with 1 if memory grew, an answer differs, or a request failed that
should not have. Needs nothing but Python.
"""
from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
import documents  # noqa: E402

SCHEMA = ROOT / "schemas" / "travel.pml"
PARALLEL = 8
OUTSTANDING = 4 * PARALLEL  # lines that are given before their results are read
MAX_TOKENS = 32
COMPARED = 200  # answers
SAMPLE_SECONDS = 2.0
# Tails and the allocator fill up first; then memory may not grow by more than this.
MOST_GROWTH = 0.05


class Requests:
    """Lines of a batch, drawn at random. A further turn of a conversation quotes the answer that it goes on from."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)
        self.selector = documents.Selector(SCHEMA, self.generator)
        self.answered: list[tuple[dict[str, Any], str]] = []  # the latest lines that may go on, and their answers

    def line(self, number: int) -> dict[str, Any]:
        kind = self.generator.random()
        if kind < 0.05:
            return {"id": number, "prompt": "<prompt><no-such-module/></prompt>", "user": "What now?"}
        if kind < 0.25 and self.answered:
            before, answer = self.generator.choice(self.answered)
            prompt = before["prompt"].removesuffix("</prompt>")
            turns = f"<user>{escape(before['user'])}</user><assistant>{escape(answer)}</assistant></prompt>"
            return {"id": number, "prompt": prompt + turns, "user": self.selector.question()}
        line: dict[str, Any] = {"id": number, "prompt": self.selector.prompt(), "user": self.selector.question()}
        if kind < 0.35:
            line["user"] += " " + documents.words(self.generator.randrange(100, 700), number)
        elif kind < 0.45:
            line |= {"temperature": 0.8, "seed": number}
        return line

    def done(self, line: dict[str, Any], result: dict[str, Any]) -> None:
        if "text" in result and "<user>" not in line["prompt"]:
            self.answered = [*self.answered[-63:], (line, result["text"])]


def escape(text: str) -> str:
    """As text of XML; what is no character of XML is left out."""
    kept = "".join(c for c in text if c in "\n\t" or c >= " " and c not in "\ufffe\uffff")
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Process:
    """`pml run --batch -`: takes lines and gives results, both as JSON."""

    def __init__(self, options: argparse.Namespace, store: str, *flags: str) -> None:
        command = [options.pml, "run", SCHEMA, "-m", options.model, "--store", store, "--weights", options.weights]
        command += ["--batch", "-", "--max-tokens", str(MAX_TOKENS), *flags]
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, encoding="utf-8")

    def give(self, line: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def take(self) -> dict[str, Any]:
        text = self.process.stdout.readline()
        if not text:
            raise SystemExit(f"soak.py: the process ended with {self.process.wait()}")
        return json.loads(text)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def memory(self) -> dict[str, int]:
        """Anonymous and mapped memory in bytes, threads, open files."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        fields = {name: value.split() for name, _, value in (line.partition(":") for line in status.splitlines())}
        return {
            "anonymous": int(fields["RssAnon"][0]) << 10,
            "mapped": int(fields["RssFile"][0]) << 10,
            "addresses": int(fields["VmSize"][0]) << 10,
            "threads": int(fields["Threads"][0]),
            "files": len(list(Path(f"/proc/{self.process.pid}/fd").iterdir())),
        }


def is_mistake(line: dict[str, Any]) -> bool:
    return "no-such-module" in line["prompt"]


def soak(process: Process, seconds: float, seed: int) -> tuple[list[tuple[dict, dict]], list[dict[str, int]]]:
    """Every line with its result, and what memory was used from time to time."""
    requests = Requests(seed)
    pairs: list[tuple[dict, dict]] = []
    samples: list[dict[str, int]] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(SAMPLE_SECONDS):
            samples.append(process.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    waiting: list[dict[str, Any]] = []
    end = time.monotonic() + seconds
    number = 0
    while waiting or time.monotonic() < end:
        while len(waiting) < OUTSTANDING and time.monotonic() < end:
            waiting.append(requests.line(number))
            process.give(waiting[-1])
            number += 1
        if not waiting:
            break
        line, result = waiting.pop(0), process.take()
        requests.done(line, result)
        pairs.append((line, result))
    is_over.set()
    watcher.join()
    return pairs, samples


def growth(samples: list[dict[str, int]], field: str) -> dict[str, float]:
    """The means of the second and of the last quarter of the time: in the first, caches fill up."""
    values = [sample[field] for sample in samples]
    quarter = max(1, len(values) // 4)
    early = statistics.mean(values[quarter : 2 * quarter] or values)
    late = statistics.mean(values[-quarter:])
    return {"second_quarter": early, "last_quarter": late, "most": max(values), "growth": late / early - 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pml", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--weights", default="f32", help="with f32 answers may not differ (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=Path("build/soak.json"), help="(default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pml-soak-") as store:
        process = Process(options, store, "--parallel", str(PARALLEL), "--tail-memory", "200M")
        start = time.monotonic()
        pairs, samples = soak(process, 60.0 * options.minutes, options.seed)
        seconds = time.monotonic() - start
        process.close()

        answers = [(line, result) for line, result in pairs if "tokens" in result]
        chosen = random.Random(options.seed).sample(answers, min(COMPARED, len(answers)))
        fresh = Process(options, store, "--parallel", "1", "--tail-memory", "0")
        num_different = 0
        for line, result in chosen:
            fresh.give(line)
            num_different += fresh.take().get("tokens") != result["tokens"]
        fresh.close()
    memory = {field: growth(samples, field) for field in samples[0]}
    failures = sum("tokens" not in result and not is_mistake(line) for line, result in pairs)
    report = {
        "minutes": seconds / 60.0,
        "weights": options.weights,
        "requests": len(pairs),
        "mistakes": sum(is_mistake(line) for line, _ in pairs),
        "mistakes_answered": sum(is_mistake(line) and "tokens" in result for line, result in pairs),
        "failures": failures,
        "tokens": sum(len(result["tokens"]) for _, result in answers),
        "rows_found_again": sum(result["usage"]["reused_tokens"] for _, result in answers),
        "memory": memory,
        "compared_with_fresh_process": len(chosen),
        "different": num_different,
    }
    options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
    is_flat = all(memory[field]["growth"] <= MOST_GROWTH for field in ("anonymous", "threads", "files"))
    return 0 if is_flat and failures == 0 and (num_different == 0 or options.weights != "f32") else 1


if __name__ == "__main__":
    sys.exit(main())
