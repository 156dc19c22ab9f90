"""The program's own answers and store, against what the oracle computes."""
from __future__ import annotations

import math
from pathlib import Path

from safetensors.torch import load_file

from compare import ARTIFACT_TOLERANCE, KL_TOLERANCE, compare_steps, divergence, worst_difference
from goldens import Computed, best_of
from plan import Plan
from program import Case, Pml, complaints_about_usage, distributions
from splice import Splicer


def check_answers(pml: Pml, case: Case, computed: Computed) -> tuple[dict[str, float], list[str]]:
    """Figures and complaints: spliced and full prefill with f32 KV, spliced with f16 KV."""
    figures: dict[str, float] = {}
    wrong: list[str] = []
    forced = computed.spliced_f32.tokens
    for name, wanted, options in (
        ("spliced", computed.spliced_f32, ()),
        ("full", computed.full_f32, ("--no-cache",)),
    ):
        answer = pml.run(case, "f32", forced, *options)
        figures[name], complaints = compare_steps(best_of(wanted), distributions(answer))
        complaints += complaints_about_usage(answer, computed.plan, cached=not options)
        if answer["tokens"] != forced:
            complaints.append(f"tokens {answer['tokens']}, forced were {forced}")
        wrong += [f"{name}: {complaint}" for complaint in complaints]
    pml.compile(case, "f16")
    printed = distributions(pml.run(case, "f16", forced))
    figures["f16"] = max(map(worst_difference, best_of(computed.spliced_f16), printed))
    figures["KL f16"] = max(map(divergence, best_of(computed.spliced_f32), printed))
    if not figures["KL f16"] <= KL_TOLERANCE:
        wrong.append(f"f16 KV: KL to f32 is {figures['KL f16']:.1e}")
    return figures, wrong


def check_artifacts(
    pml: Pml, case: Case, splicer: Splicer, plan: Plan, checked: dict[Path, float]
) -> tuple[float, list[str]]:
    """The worst difference of the artifact files that a plan names, compared in full.

    `checked` holds what is known of files from earlier plans, and is filled.
    """
    worst, wrong = 0.0, []
    for segment in plan.spliced():
        path = pml.object(case, "f32", segment.digest)
        if path not in checked:
            checked[path] = math.inf
            if not path.is_file():
                wrong.append(f"segment {segment.id}: the store has no object {segment.digest}")
                continue
            wanted = splicer.artifact(plan, segment, "f32")
            got = load_file(path)
            differences = []
            for name, tensor in (("k", wanted.k), ("v", wanted.v)):
                if got[name].shape == tensor.shape and got[name].dtype == tensor.dtype:
                    differences.append((got[name] - tensor).abs().max().item())
                else:
                    differences.append(math.inf)
            checked[path] = max(differences)
            if not checked[path] <= ARTIFACT_TOLERANCE:
                wrong.append(f"segment {segment.id}: its artifact differs by {checked[path]:.1e}")
        worst = max(worst, checked[path])
    return worst, wrong


def unchecked_objects(pml: Pml, checked: dict[Path, float]) -> list[Path]:
    """Artifact files with f32 KV that no plan named."""
    return [path for path in sorted(pml.stores.glob("*-f32/objects/*/*.safetensors")) if path not in checked]
