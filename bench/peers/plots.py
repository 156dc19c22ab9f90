"""Time to first token as work grows, as SVG: over cached tokens, number of segments, concurrent requests."""
from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from row import Row, measure  # noqa: E402
from rows import NEW_TOKENS, SHARED, Bench, make_document, time_to_first_token  # noqa: E402

TRANSFORMERS_TYPE = "bf16"
#: The peers' full prefills are not measured beyond: they take tens of seconds.
MOST_PREFILLED = 4000
MOST_PREFILLED_LLAMA = 2000

Point = dict[str, Callable[[int], float]]  # contestants by label; seconds


def by_cached_tokens(bench: Bench, cached: int) -> Point:
    engines = bench.engines
    if cached == 0:
        document = make_document(bench, SHARED, 4, NEW_TOKENS)
        tokens = document.new

        def alone(_: int) -> float:
            answer = engines.ours["stored"].ask("answer", requests=[{"tokens": tokens}], max_tokens=1)
            return answer["answers"][0]["ttft_s"]

        point: Point = {"ours": alone}
    else:
        document = make_document(bench, cached, max(1, cached // 100), NEW_TOKENS)
        tokens = document.tokens
        point = {"ours": lambda _: time_to_first_token(engines.ours["stored"], document)}
        point["transformers, own cache"] = lambda _: engines.transformers.ask(
            "extend", type=TRANSFORMERS_TYPE, prefix=document.cached, tokens=document.new
        )["seconds"]
    if cached <= MOST_PREFILLED:
        point["transformers, full prefill"] = lambda _: engines.transformers.ask(
            "prefill", type=TRANSFORMERS_TYPE, tokens=tokens
        )["seconds"]
    if cached <= MOST_PREFILLED_LLAMA:
        point["llama.cpp, full prefill"] = lambda _: engines.llama.ask("prefill", tokens=tokens)["seconds"]
    return point


def by_segments(bench: Bench, segments: int) -> Point:
    document = make_document(bench, 2000, segments, NEW_TOKENS)
    return {"ours": lambda _: time_to_first_token(bench.engines.ours["stored"], document)}


def by_requests(bench: Bench, requests: int) -> Point:
    """Until the last of them has its first token."""
    engines = bench.engines
    document = make_document(bench, SHARED, 4, NEW_TOKENS, requests)
    plans = engines.ours["stored"].ask("plan", schema=document.schema, requests=document.requests)["plans"]
    shortest = min(plan["live"] for plan in plans)  # transformers takes prompts of equal length
    prompts = [plan["tokens"][plan["cached"] :][:shortest] for plan in plans]

    def ours(_: int) -> float:
        answer = engines.ours["stored"].ask(
            "answer", schema=document.schema, requests=document.requests, max_tokens=1
        )
        return max(each["ttft_s"] for each in answer["answers"])

    return {
        "ours": ours,
        "transformers, own cache, one batch": lambda _: engines.transformers.ask(
            "first_tokens", type=TRANSFORMERS_TYPE, prefix=document.cached, prompts=prompts
        )["seconds"],
        "llama.cpp, prefix shared, one batch": lambda _: engines.llama.ask(
            "first_tokens", prefix=document.cached, prompts=prompts
        )["seconds"],
    }


PLOTS: dict[str, tuple[Callable[[Bench, int], Point], str, tuple[int, ...], tuple[int, ...]]] = {
    # name: point, what the x axis is, values, values of a quick run
    "ttft-by-cached-tokens": (
        by_cached_tokens, "cached tokens", (0, 500, 1000, 2000, 4000, 6000, 8000), (0, 1000, 4000, 8000)
    ),
    "ttft-by-segments": (by_segments, "segments of 2,000 tokens", (1, 2, 5, 10, 20, 50, 100, 200), (1, 10, 200)),
    "ttft-by-requests": (by_requests, "concurrent requests", (1, 2, 4, 8, 16, 32, 64), (1, 8, 64)),
}  # fmt: skip


def steepest_growth(points: dict[int, float]) -> float:
    """The largest exponent of growth between neighbouring points: 1 is linear."""
    pairs = sorted((x, y) for x, y in points.items() if x > 0)
    return max(
        math.log(later / earlier) / math.log(more / less) for (less, earlier), (more, later) in zip(pairs, pairs[1:])
    )


def make_plot(bench: Bench, name: str, repeat: int, folder: Path) -> dict[str, Any]:
    """Measures, draws `name`.svg, and returns medians and spread in seconds by contestant and x."""
    point, axis, values, quick_values = PLOTS[name]
    series: dict[str, dict[int, list[float]]] = {}
    for x in quick_values if bench.quick else values:
        row = Row(f"{name} {x}", "", "s", point(bench, x))
        for label, seconds in measure(row, repeat).items():
            series.setdefault(label, {})[x] = seconds
    medians = {label: {x: statistics.median(s) for x, s in points.items()} for label, points in series.items()}
    path = folder / f"{name}.svg"
    draw(series, medians, axis, path)
    return {
        "plot": name,
        "file": path.name,
        "x": axis,
        "seconds": series,
        "steepest_growth_of_ours": steepest_growth(medians["ours"]),
    }


def draw(
    series: dict[str, dict[int, list[float]]], medians: dict[str, dict[int, float]], axis: str, path: Path
) -> None:
    """Medians as lines, least and most as bars; time on a logarithmic axis."""
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for label, points in series.items():
        xs = list(points)
        ys = [1e3 * medians[label][x] for x in xs]
        below = [y - 1e3 * min(points[x]) for x, y in zip(xs, ys)]
        above = [1e3 * max(points[x]) - y for x, y in zip(xs, ys)]
        axes.errorbar(xs, ys, [below, above], marker="o", capsize=3, label=label)
    axes.set_yscale("log")
    axes.set_xlabel(axis)
    axes.set_ylabel("time to first token, ms")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def render(plot: dict[str, Any]) -> str:
    lines = [f"Plot {plot['file']}: TTFT in ms by {plot['x']}"]
    for label, points in plot["seconds"].items():
        values = "  ".join(f"{x:,}: {1e3 * statistics.median(seconds):,.1f}" for x, seconds in points.items())
        lines.append(f"  {label:<36} {values}")
    lines.append(f"  steepest growth of ours between two points: x^{plot['steepest_growth_of_ours']:.2f}")
    return "\n".join(lines)
