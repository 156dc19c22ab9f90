"""What is committed of a case: the plan, and what the oracle computes of it."""
from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare import ARTIFACT_TOLERANCE, Best, compare_steps
from plan import Plan
from program import NUM_BEST, Case
from splice import Answer, Splicer, divergence

NUM_STEPS = 9  # the first token and eight more
NUM_SAMPLES = 48  # values of each artifact, half of them keys


@dataclass(frozen=True)
class Computed:
    """The oracle's answers to one prompt; all of them take the same tokens."""

    plan: Plan
    spliced_f32: Answer
    spliced_f16: Answer
    full_f32: Answer

    @property
    def kl_f16(self) -> float:
        """The worst step's KL(f32 KV || f16 KV), in nats."""
        return max(divergence(self.spliced_f32, self.spliced_f16))

    @property
    def kl_spliced(self) -> float:
        """The worst step's KL(full prefill || spliced), in nats: what dropped edges and ghosts cost."""
        return max(divergence(self.full_f32, self.spliced_f32))


def compute(splicer: Splicer, plan: Plan, forced: list[int] | None) -> Computed:
    """Answers of the tokens `forced`, else of those that the spliced prompt makes likeliest."""
    spliced = splicer.spliced(plan, "f32", forced, NUM_STEPS)
    forced = spliced.tokens
    f16 = splicer.spliced(plan, "f16", forced, NUM_STEPS)
    return Computed(plan, spliced, f16, splicer.full(plan, "f32", forced, NUM_STEPS))


def best_of(answer: Answer) -> list[Best]:
    """The best log-probabilities of each step."""
    return [answer.best(step, NUM_BEST) for step in range(len(answer.tokens))]


def golden_steps(answer: Answer) -> list[dict[str, Any]]:
    steps = []
    for best in best_of(answer):
        pairs = [[token, round(logprob, 6)] for token, logprob in best]
        steps.append({"margin": round(best[0][1] - best[1][1], 6), "best": pairs})
    return steps


def samples(splicer: Splicer, plan: Plan) -> dict[str, list[list[Any]]]:
    """Per artifact, by segment id, some [tensor, layer, kv_head, token, dim, value], with f32 KV."""
    sampled = {}
    for segment in plan.spliced():
        kv = splicer.artifact(plan, segment, "f32")
        choose = random.Random(",".join(map(str, segment.tokens)))
        values = []
        for number in range(NUM_SAMPLES):
            name, tensor = ("k", kv.k) if number % 2 == 0 else ("v", kv.v)
            index = [choose.randrange(size) for size in tensor.shape]
            values.append([name, *index, round(tensor[tuple(index)].item(), 6)])
        sampled[str(segment.id)] = values
    return sampled


def make_golden(case: Case, computed: Computed, splicer: Splicer) -> dict[str, Any]:
    return {
        "case": case.name,
        "shows": case.shows,
        "kl_f16": float(f"{computed.kl_f16:.3g}"),
        "kl_spliced": float(f"{computed.kl_spliced:.3g}"),
        "forced": computed.spliced_f32.tokens,
        "plan": computed.plan.stable(),
        "spliced_f32": golden_steps(computed.spliced_f32),
        "spliced_f16": golden_steps(computed.spliced_f16),
        "full_f32": golden_steps(computed.full_f32),
        "artifacts": samples(splicer, computed.plan),
    }


def write_golden(path: Path, golden: dict[str, Any]) -> None:
    """JSON with a line for each step, segment and artifact: short, and with useful differences."""

    def compact(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def block(value: Any, depth: int) -> str:
        indent = " " * depth
        if isinstance(value, dict) and any(isinstance(entry, (dict, list)) for entry in value.values()):
            lines = [f"{indent} {compact(key)}: {block(entry, depth + 1)}" for key, entry in value.items()]
            return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(f"{indent} {compact(entry)}" for entry in value) + "\n" + indent + "]"
        return compact(value)

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block(golden, 0) + "\n", encoding="utf-8")


def complaints_about_golden(committed: dict[str, Any], again: dict[str, Any]) -> tuple[float, list[str]]:
    """The worst difference of log-probabilities between what is committed and what is computed now."""
    if committed["plan"] != again["plan"]:
        return float("inf"), ["golden: the committed plan is another one"]
    worst, wrong = 0.0, []
    for name in ("spliced_f32", "full_f32"):
        wanted, got = ([step["best"] for step in golden[name]] for golden in (committed, again))
        difference, complaints = compare_steps(wanted, got)
        worst = max(worst, difference)
        wrong += [f"golden, {name}: {complaint}" for complaint in complaints]
    for id, values in again["artifacts"].items():
        for old, new in zip(committed["artifacts"].get(id) or [[0.0]], values):
            if old[:-1] != new[:-1] or abs(old[-1] - new[-1]) > ARTIFACT_TOLERANCE:
                wrong.append(f"golden, artifact of segment {id}: {old} is committed, now {new}")
                break
    return worst, wrong
