"""The rows of the comparison, by name. bench/README.md explains each."""
from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import documents
from engine import Engine
from engines import WEIGHTS, Engines
from limits import BANDWIDTH_SHARE, Limits
from row import Goal, Row, verdict

TYPES = ("f32", "bf16")  # of transformers
CACHES = ("dynamic", "static")  # of transformers
NEW_TOKENS = 25
SHARED = 1024
DEFAULT_REPAIR = "joints"
TRAVEL = Path(__file__).resolve().parents[2] / "schemas" / "travel.pml"


@dataclass(frozen=True)
class Bench:
    """What rows are made of."""

    engines: Engines
    limits: Limits
    quick: bool


@dataclass(frozen=True)
class Document:
    """A compiled schema of words, a prompt of it, and its token IDs, which the peers are given."""

    schema: str
    requests: list[dict[str, str]]
    cached: list[int]  # token IDs
    new: list[int]  # those of the first request

    @property
    def tokens(self) -> list[int]:
        return self.cached + self.new


def make_document(
    bench: Bench,
    cached: int,
    parts: int,
    new: int,
    requests: int = 1,
    weights: tuple[str, ...] = ("stored",),
    closes: bool = False,
) -> Document:
    """Compiles a schema of about `cached` tokens in `parts` modules, and if it `closes` a closing text, for these types
    of weights. Its prompts select all modules, and differ in their new tokens."""
    path = bench.engines.setup.folder / f"words-{cached}-{parts}.pml"
    in_modules = cached - documents.CLOSING_TOKENS if closes else cached
    path.write_text(documents.word_schema(documents.equal_parts(in_modules, parts), closes=closes))
    prompts = [{"prompt": documents.word_prompt(parts, new, seed)} for seed in range(requests)]
    for name in weights:
        bench.engines.ours[name].ask("compile", schema=str(path))
    plan = bench.engines.ours["stored"].ask("plan", schema=str(path), requests=prompts, repair="none")["plans"][0]
    return Document(str(path), prompts, plan["tokens"][: plan["cached"]], plan["tokens"][plan["cached"] :])


def time_to_first_token(engine: Engine, document: Document, **options: Any) -> float:
    """Seconds of ours for the document's first request: parsed, tokenised, planned, spliced, computed."""
    options = {"repair": "none"} | options
    answer = engine.ask("answer", schema=document.schema, requests=document.requests[:1], max_tokens=1, **options)
    return answer["answers"][0]["ttft_s"]


def ttft_row(bench: Bench, name: str, cached: int, parts: int, full: float, llama: float, extend: float) -> Row:
    """`full`, `llama`, `extend`: the goals against full prefill of both peers and against a cache of transformers;
    0: none."""
    engines = bench.engines
    document = make_document(bench, cached, parts, NEW_TOKENS, weights=WEIGHTS, closes=True)
    num_cached, num_new = len(document.cached), len(document.new)
    stored = engines.ours["stored"]

    def alone(_: int) -> float:
        answer = stored.ask("answer", requests=[{"tokens": document.new}], max_tokens=1)
        return answer["answers"][0]["ttft_s"]

    contestants: dict[str, Callable[[int], float]] = {
        f"ours, {weights}": lambda _, weights=weights: time_to_first_token(engines.ours[weights], document)
        for weights in WEIGHTS
    }
    contestants["ours, stored, default repair"] = lambda _: time_to_first_token(stored, document, repair=DEFAULT_REPAIR)
    contestants["ours, stored, artifacts opened anew"] = lambda _: time_to_first_token(stored, document, reopen=True)
    contestants["ours, stored, --no-cache"] = lambda _: time_to_first_token(stored, document, no_cache=True)
    contestants["ours, stored, the new tokens alone"] = alone
    for type in TYPES:
        contestants[f"transformers, {type}"] = lambda _, type=type: engines.transformers.ask(
            "prefill", type=type, tokens=document.tokens
        )["seconds"]
        contestants[f"transformers, {type}, own cache"] = lambda _, type=type: engines.transformers.ask(
            "extend", type=type, prefix=document.cached, tokens=document.new
        )["seconds"]
    contestants["llama.cpp"] = lambda _: engines.llama.ask("prefill", tokens=document.tokens)["seconds"]

    full_labels = tuple(f"transformers, {type}" for type in TYPES)
    goals = [Goal("ours, stored", full_labels, full, "against transformers' full prefill, its faster type")]
    goals += [
        Goal(f"ours, {type}", (f"transformers, {type}",), full, f"{type} against transformers' full prefill in {type}")
        for type in TYPES
    ]
    if extend > 0:
        own = tuple(f"{label}, own cache" for label in full_labels)
        goals.append(Goal("ours, stored", own, extend, "against transformers on its own cache, its faster type"))
    goals.append(Goal("ours, stored", ("llama.cpp",), llama, "against llama.cpp's full prefill"))
    repaired = "ours, stored, default repair"
    goals.append(Goal(repaired, full_labels, full, "with the default repair, against transformers' full prefill"))
    goals.append(Goal(repaired, ("llama.cpp",), llama, "with the default repair, against llama.cpp's full prefill"))

    def limits(values: dict[str, list[float]]) -> dict[str, float]:
        seconds = statistics.median(values["ours, stored, the new tokens alone"])
        return {"ours, stored": bench.limits.ttft(seconds, num_cached, num_new, "stored")}

    title = f"TTFT, {num_cached:,} cached + {num_new} new tokens"
    return Row(name, title, "s", contestants, goals, limits, {"ours, stored": 1.0})


def prefill_row(bench: Bench, length: int) -> Row:
    engines = bench.engines
    tokens = [(i * 7919 + 13) % bench.engines.model["vocabulary"] for i in range(length)]

    def rate(engine: Engine, **options: Any) -> float:
        return length / engine.ask("prefill", tokens=tokens, **options)["seconds"]

    contestants: dict[str, Callable[[int], float]] = {
        f"ours, {weights}": lambda _, weights=weights: rate(engines.ours[weights]) for weights in WEIGHTS
    }
    for type in TYPES:
        contestants[f"transformers, {type}"] = lambda _, type=type: rate(engines.transformers, type=type)
    contestants["llama.cpp"] = lambda _: rate(engines.llama)
    goals = [
        Goal("ours, stored", tuple(f"transformers, {type}" for type in TYPES), 1.5, "against transformers' faster type")
    ]
    goals += [
        Goal(f"ours, {type}", (f"transformers, {type}",), 1.0, f"{type} against transformers in {type}") for type in TYPES
    ]
    return Row(
        f"prefill-{length}",
        f"Prefill of {length:,} tokens",
        "tok/s",
        contestants,
        goals,
        lambda _: {f"ours, {weights}": bench.limits.prefill(length, weights) for weights in WEIGHTS},
    )


def decode_row(bench: Bench, name: str, requests: int, llama: float, transformers: float) -> Row:
    """`requests` at once that share SHARED cached tokens. `transformers`: its goal; 0: none."""
    engines = bench.engines
    steps = 16 if bench.quick or requests > 1 else 64
    document = make_document(bench, SHARED, 4, 1, requests, WEIGHTS)
    starts = [100 + i for i in range(requests)]  # the peers' first tokens, so that their sequences differ

    def ours(weights: str) -> float:
        return engines.ours[weights].ask(
            "answer", schema=document.schema, requests=document.requests, max_tokens=steps + 1
        )["decode_tokens_per_s"]

    contestants: dict[str, Callable[[int], float]] = {
        f"ours, {weights}": lambda _, weights=weights: ours(weights) for weights in WEIGHTS
    }
    for type in TYPES:
        for cache in CACHES:
            contestants[f"transformers, {type}, {cache} cache"] = lambda _, type=type, cache=cache: (
                engines.transformers.ask(
                    "decode", type=type, cache=cache, prefix=document.cached, starts=starts, steps=steps
                )["tokens_per_s"]
            )
    contestants["llama.cpp"] = lambda _: engines.llama.ask(
        "decode", prefix=document.cached, starts=starts, steps=steps
    )["tokens_per_s"]
    theirs = tuple(label for label in contestants if label.startswith("transformers"))
    goals = [Goal("ours, stored", ("llama.cpp",), llama, "against llama.cpp")]
    if transformers > 0:
        goals.append(Goal("ours, stored", theirs, transformers, "against transformers' fastest way"))
    who = "one request" if requests == 1 else f"{requests} requests that share them, in all"
    return Row(
        name,
        f"Decode after {len(document.cached):,} tokens, {who}",
        "tok/s",
        contestants,
        goals,
        lambda _: {
            f"ours, {weights}": bench.limits.decode(requests, len(document.cached), steps // 2, weights)
            for weights in WEIGHTS
        },
        {"ours, stored": BANDWIDTH_SHARE} if requests == 1 else {},  # that, or twice as fast as llama.cpp
    )


def prompts_row(bench: Bench) -> Row:
    """Random prompts of one schema; every repetition has its own, and all have served as many others before."""
    engines = bench.engines
    count, steps = (16, 16) if bench.quick else (64, 32)
    stored = engines.ours["stored"]
    stored.ask("compile", schema=str(TRAVEL))
    sets: dict[int, tuple[list[dict[str, str]], list[dict[str, Any]]]] = {}

    def prompt_set(index: int) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
        """Requests, and their plans."""
        if index not in sets:
            selector = documents.Selector(TRAVEL, random.Random(index))
            requests = [{"prompt": selector.prompt(), "user": selector.question()} for _ in range(count)]
            sets[index] = requests, stored.ask("plan", schema=str(TRAVEL), requests=requests, repair="none")["plans"]
        return sets[index]

    def ids(index: int) -> list[list[int]]:
        return [plan["tokens"] for plan in prompt_set(index)[1]]

    def ours(index: int, repair: str = "none") -> float:
        requests = prompt_set(index)[0]
        answer = stored.ask("answer", schema=str(TRAVEL), requests=requests, max_tokens=steps, repair=repair)
        return count / answer["seconds"]

    def llama(index: int) -> float:
        return count / engines.llama.ask("answer", prompts=ids(index), steps=steps, batch=8)["seconds"]

    def transformers(index: int, type: str, cache: str, prompts: int = count) -> float:
        answer = engines.transformers.ask(
            "answer", type=type, cache=cache, prompts=ids(index)[:prompts], steps=steps, batch=8
        )
        return prompts / answer["seconds"]

    before = -1  # the others, that were served before
    ours(before)
    llama(before)
    ways = [(type, cache) for type in TYPES for cache in CACHES]
    type, cache = max(ways, key=lambda way: transformers(before, *way, prompts=8))
    plans = prompt_set(0)[1]
    live = [plan["live"] for plan in plans]
    cached = [plan["cached"] for plan in plans]
    label = f"transformers, {type}, {cache} cache"
    return Row(
        "prompts",
        f"{count} random prompts of travel.pml, {steps} tokens each, {count} others served before",
        "prompts/s",
        {
            "ours, stored": ours,
            "ours, stored, default repair": lambda index: ours(index, DEFAULT_REPAIR),
            label: lambda index: transformers(index, type, cache),
            "llama.cpp": llama,
        },
        [
            Goal("ours, stored", (label,), 10, "against transformers, batches of 8"),
            Goal("ours, stored", ("llama.cpp",), 10, "against llama.cpp, 8 sequences, prefixes reused"),
        ],
        lambda _: {"ours, stored": bench.limits.prompts(live, cached, steps, "stored")},
        may_repeat=False,
        facts={
            "tokens a prompt, median": statistics.median(map(len, ids(0))),
            "of them new, median": statistics.median(live),
        },
    )


def kv_memory(bench: Bench) -> dict[str, Any]:
    """Bytes of KV of 16 requests on one schema: what is mapped once, what is private, what it should be."""
    requests, steps = 16, 32
    document = make_document(bench, SHARED, 4, 1, requests)
    stored = bench.engines.ours["stored"]
    answer = stored.ask("answer", schema=document.schema, requests=document.requests, max_tokens=steps)
    model = bench.engines.model
    page = model["kv_page_rows"] * model["kv_bytes_per_row"]
    rows = len(document.new) + steps - 1  # the last generated token has none
    wanted = requests * page * -(-rows // model["kv_page_rows"])
    private = sum(each["private_bytes"] for each in answer["answers"])
    one_copy = len(document.cached) * model["kv_bytes_per_row"]
    return {
        "row": "kv-memory",
        "title": f"KV memory, {requests} requests on one schema of {len(document.cached):,} tokens",
        "modules_mapped_bytes": answer["bytes_mapped"],
        "one_copy_bytes": one_copy,
        "private_bytes": private,
        "private_rows_to_the_page_bytes": wanted,
        "anonymous_memory_grew_by_bytes": answer["anonymous_bytes_more"],
        "met": answer["bytes_mapped"] == one_copy and private == wanted,
        # Activations and logits are in the growth too, so it can rule out a copy of the modules, not of single rows.
        "whole_copy_ruled_out": answer["anonymous_bytes_more"] < wanted + one_copy,
    }


def render_kv_memory(row: dict[str, Any]) -> str:
    return "\n".join(
        [
            row["title"],
            f"  modules {row['modules_mapped_bytes']:,} bytes, mapped once; one copy is {row['one_copy_bytes']:,}",
            f"  private rows {row['private_bytes']:,} bytes; to the page {row['private_rows_to_the_page_bytes']:,}",
            f"  anonymous memory, activations and logits too, grew by {row['anonymous_memory_grew_by_bytes']:,} bytes",
            f"  goal one copy and private rows to the page, by the runtime's own account: {verdict(row['met'])}",
            f"  a whole copy of the modules in memory is ruled out: {'yes' if row['whole_copy_ruled_out'] else 'NO'}",
        ]
    )


ROWS: dict[str, Callable[[Bench], Row]] = {
    "ttft-1100": lambda bench: ttft_row(bench, "ttft-1100", 1100, 10, full=40, llama=120, extend=2.5),
    "ttft-6000": lambda bench: ttft_row(bench, "ttft-6000", 6000, 40, full=150, llama=350, extend=0),
    **{
        f"prefill-{length}": lambda bench, length=length: prefill_row(bench, length)
        for length in (512, 1024, 2048, 4096)
    },
    "decode-1": lambda bench: decode_row(bench, "decode-1", 1, llama=2, transformers=0),
    "decode-16": lambda bench: decode_row(bench, "decode-16", 16, llama=4, transformers=8),
    "prompts": prompts_row,
}
