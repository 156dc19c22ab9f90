"""A row of the comparison: who takes part, what is measured, which ratios are wanted."""
from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

QUICK_SECONDS = 2.0


@dataclass(frozen=True)
class Goal:
    """Ours has to be `ratio` times as fast as the fastest of `against`."""

    ours: str
    against: tuple[str, ...]
    ratio: float
    text: str


@dataclass
class Row:
    name: str
    title: str
    unit: str  # "s" (less is better), "tok/s" or "prompts/s" (more is better)
    contestants: dict[str, Callable[[int], float]]  # by label; called with the number of the repetition
    goals: list[Goal] = field(default_factory=list)
    #: What follows from the machine's rates, by contestant, in the row's unit. Called once all is measured.
    limits: Callable[[dict[str, list[float]]], dict[str, float]] = lambda values: {}
    #: The share of its limit that a contestant has to reach, instead of the other goals or besides them.
    wanted_shares: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    #: May a contestant be asked once, untimed, before it is timed? Not where it would know the prompts then.
    may_repeat: bool = True


def measure(row: Row, repeat: int) -> dict[str, list[float]]:
    """Every repetition goes through all contestants in turn. Those that are quick are asked once before they are timed:
    while the others took their time, a virtual machine's host may have taken memory away that nobody touched."""
    values: dict[str, list[float]] = {label: [] for label in row.contestants}
    took = dict.fromkeys(row.contestants, 0.0)  # seconds, the last time
    for repetition in range(repeat):
        for label, contestant in row.contestants.items():
            show_progress(f"  {row.name}: {repetition + 1}/{repeat} {label}")
            if row.may_repeat and took[label] < QUICK_SECONDS:
                contestant(repetition)
            start = time.monotonic()
            values[label].append(contestant(repetition))
            took[label] = time.monotonic() - start
    show_progress("")
    return values


def show_progress(text: str) -> None:
    """In one line of a terminal, over what stood there."""
    if sys.stderr.isatty():
        print(text.ljust(79), end="\r", file=sys.stderr, flush=True)


def speedups(row: Row, values: dict[str, list[float]], goal: Goal) -> list[float]:
    """How many times as fast ours was, by repetition, as that one of `against` whose median is the best."""
    less_is_better = row.unit == "s"
    pick = min if less_is_better else max
    best = pick(goal.against, key=lambda label: statistics.median(values[label]))
    pairs = zip(values[goal.ours], values[best], strict=True)
    return [theirs / ours if less_is_better else ours / theirs for ours, theirs in pairs]


def evaluate(row: Row, values: dict[str, list[float]]) -> dict[str, Any]:
    """The row as JSON: medians, spread, limits, and which goals are met."""
    limits = row.limits(values)
    results = {}
    for label, numbers in values.items():
        entry: dict[str, Any] = {
            "median": statistics.median(numbers),
            "least": min(numbers),
            "most": max(numbers),
            "values": numbers,
        }
        if label in limits:
            share = limits[label] / entry["median"] if row.unit == "s" else entry["median"] / limits[label]
            entry |= {"limit": limits[label], "share_of_limit": share}
            if label in row.wanted_shares:
                wanted = row.wanted_shares[label]
                entry |= {"wanted_share_of_limit": wanted, "share_met": share >= wanted}
        results[label] = entry
    goals = []
    for goal in row.goals:
        ratios = speedups(row, values, goal)
        median = statistics.median(ratios)
        goals.append(
            {
                "text": goal.text,
                "ours": goal.ours,
                "goal": goal.ratio,
                "median": median,
                "least": min(ratios),
                "most": max(ratios),
                "met": median >= goal.ratio,
            }
        )
    return {
        "row": row.name,
        "title": row.title,
        "unit": row.unit,
        "results": results,
        "goals": goals,
        "facts": row.facts,
    }


def verdict(is_met: bool) -> str:
    return "met" if is_met else "NOT MET"


def number(value: float, unit: str) -> str:
    """For people: seconds as milliseconds."""
    if unit == "s":
        return f"{1e3 * value:,.1f} ms"
    return f"{value:,.2f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def render(evaluated: dict[str, Any]) -> str:
    """The row as lines of text."""
    unit = evaluated["unit"]
    lines = [evaluated["title"]]
    for label, entry in evaluated["results"].items():
        spread = f"({number(entry['least'], unit)} - {number(entry['most'], unit)})"
        line = f"  {label:<36} {number(entry['median'], unit):>16}  {spread:<34}"
        if "limit" in entry:
            line += f" limit {number(entry['limit'], unit)}: {entry['share_of_limit']:.0%} of it"
        if "wanted_share_of_limit" in entry:
            line += f", wanted {entry['wanted_share_of_limit']:.0%}: {verdict(entry['share_met'])}"
        lines.append(line.rstrip())
    for goal in evaluated["goals"]:
        lines.append(
            f"  goal {goal['text']}: {goal['median']:.1f}x ({goal['least']:.1f} - {goal['most']:.1f}), "
            f"wanted {goal['goal']:g}x: {verdict(goal['met'])}"
        )
    lines += [f"  {name}: {value}" for name, value in evaluated["facts"].items()]
    return "\n".join(lines)
