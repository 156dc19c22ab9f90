#!/usr/bin/env python3
"""What each kind of weights costs: the KL of the next token, and tokens that a batch changes.

    weights_kl.py --server build/pml_bench_server --model MODEL.gguf [--quick] [--json FILE]

The reference is the file's model in f32 by `transformers`. 64 prompts of schemas/ and examples/ are computed in full
from the same token IDs by ours with every --weights and by llama.cpp, f16 KV; the KL is over the whole vocabulary, in
nats. Then ours answers 64 random prompts of one schema, alone and 16 at a time. bench/README.md says more.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

import documents
from engine import Engine, EngineError
from engines import Setup, start_ours, start_peer

ROOT = Path(__file__).resolve().parents[2]
TRAVEL = ROOT / "schemas" / "travel.pml"
ALL_WEIGHTS = ("f32", "bf16", "stored", "q8", "q4")
BATCH = 16
STEPS = 32  # tokens of each answer


def schemas_by_name() -> dict[str, Path]:
    paths = sorted((ROOT / "schemas").rglob("*.pml"))
    roots = ((path, ElementTree.parse(path).getroot()) for path in paths)
    return {root.get("name", ""): path for path, root in roots if root.tag == "schema"}


def candidate_prompts() -> Iterator[tuple[Path, dict[str, str]]]:
    """(schema, request): the prompts of examples/, then random ones of all schemas in turn, without end."""
    schemas = schemas_by_name()
    for path in sorted((ROOT / "examples").glob("*.pml")):
        text = path.read_text(encoding="utf-8")
        name = ElementTree.fromstring(text.encode()).get("schema", "")
        if name in schemas:
            yield schemas[name], {"prompt": text}
    generator = random.Random(5)
    selectors = [documents.Selector(path, generator) for path in schemas.values()]
    while True:
        for selector, path in zip(selectors, schemas.values()):
            yield path, {"prompt": selector.prompt(), "user": selector.question()}


def prompt_tokens(ours: Engine, count: int) -> list[list[int]]:
    """The token IDs of `count` prompts. Candidates that their schema does not allow are passed over."""
    tokens: list[list[int]] = []
    for schema, request in candidate_prompts():
        plan = ours.ask("plan", schema=str(schema), requests=[request])["plans"][0]
        if "tokens" in plan:
            tokens.append(plan["tokens"])
        if len(tokens) == count:
            break
    return tokens


def log_probabilities(engine: Engine, prompts: list[list[int]], folder: Path, **options: Any) -> np.ndarray:
    """[prompts, vocabulary], f64, of the token after each prompt."""
    path = folder / "logits"
    path.unlink(missing_ok=True)
    for tokens in prompts:
        engine.ask("prefill", tokens=tokens, to=str(path), **options)
    logits = np.fromfile(path, np.float32).reshape(len(prompts), -1).astype(np.float64)
    logits -= logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def divergence(reference: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """KL(reference || other) in nats by prompt, and how often both find the same token the likeliest."""
    kl = (np.exp(reference) * (reference - other)).sum(1)
    same = (reference.argmax(1) == other.argmax(1)).mean()
    return {"mean_kl": float(kl.mean()), "most_kl": float(kl.max()), "same_likeliest": float(same)}


def differing_tokens(ours: Engine, count: int) -> dict[str, Any]:
    """Greedy answers alone and `BATCH` at a time: the share of tokens, and of answers, that are not the same."""
    ours.ask("compile", schema=str(TRAVEL))
    selector = documents.Selector(TRAVEL, random.Random(9))
    requests = [{"prompt": selector.prompt(), "user": selector.question()} for _ in range(count)]

    def answers(requests: list[dict[str, str]]) -> list[list[int]]:
        done = ours.ask("answer", schema=str(TRAVEL), requests=requests, max_tokens=STEPS, parallel=BATCH)
        return [answer["tokens"] for answer in done["answers"]]

    alone = np.array([answers([request])[0] for request in requests])
    together = np.array(answers(requests))
    differs = alone != together
    return {
        "tokens": int(differs.size),
        "differing_tokens": float(differs.mean()),
        "differing_answers": float(differs.any(1).mean()),
    }


def render(label: str, result: dict[str, Any]) -> str:
    line = f"  {label:<20} mean {result['mean_kl']:.1e}, most {result['most_kl']:.1e}; "
    line += f"same likeliest token {result['same_likeliest']:.0%}"
    if "tokens" in result:
        line += f"; alone or {BATCH} at a time: {result['differing_tokens']:.2%} of {result['tokens']} tokens differ"
        line += f", {result['differing_answers']:.0%} of answers"
    return line


def compare(setup: Setup, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Results by label, one engine after the other."""
    with closing(start_ours(setup, "stored")) as ours:
        prompts = prompt_tokens(ours, count)
    lengths = sorted(map(len, prompts))
    print(f"KL of the next token against f32 by transformers, {count} prompts of {lengths[0]} to {lengths[-1]} tokens")
    with closing(start_peer(setup, "transformers")) as peer:
        reference = log_probabilities(peer, prompts, setup.folder, type="f32")
        yield "transformers, bf16", divergence(reference, log_probabilities(peer, prompts, setup.folder, type="bf16"))
    with closing(start_peer(setup, "llama")) as peer:
        yield "llama.cpp", divergence(reference, log_probabilities(peer, prompts, setup.folder))
    for weights in ALL_WEIGHTS:
        with closing(start_ours(setup, weights)) as ours:
            result: dict[str, Any] = divergence(reference, log_probabilities(ours, prompts, setup.folder))
            yield f"ours, {weights}", result | differing_tokens(ours, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, required=True, help="pml_bench_server")
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine (default: one a core)")
    parser.add_argument("--quick", action="store_true", help="8 prompts instead of 64")
    parser.add_argument("--json", type=Path, default=Path("build/weights.json"), help="(default: %(default)s)")
    options = parser.parse_args()
    count = 8 if options.quick else 64
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="pml-weights-") as folder:
        setup = Setup(options.server.resolve(), options.model.resolve(), options.threads, Path(folder))
        for label, result in compare(setup, count):
            results[label] = result
            print(render(label, result), flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(
        json.dumps({"prompts": count, "model": options.model.name, "results": results}, indent=1)
    )


if __name__ == "__main__":
    try:
        main()
    except EngineError as error:
        sys.exit(f"weights_kl.py: {error}")
