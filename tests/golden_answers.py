#!/usr/bin/env python3
"""Compares the program with the goldens that tests/oracle/make.py made with `transformers`.

For every golden: the plan, the log-probabilities of each step (spliced and --no-cache, f32 KV), sampled
values of each artifact file, and how far f16 and bf16 KV are from f32 KV. Needs nothing but Python 3.
Leaves with 1 if something is off.
"""
from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "oracle"))

from compare import ARTIFACT_TOLERANCE, KL_TOLERANCE, compare_steps, divergence  # noqa: E402
from plan import Plan, complaints, read_modules  # noqa: E402
from program import (  # noqa: E402
    CASES,
    GOLDENS,
    MODEL,
    PROGRAM,
    Artifact,
    Case,
    Pml,
    ProgramError,
    complaints_about_usage,
    distributions,
    read_cases,
)


def has_bf16_instructions() -> bool:
    """Elsewhere products in bf16 are emulated: right, and too slow to test."""
    return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")


MOST_KL = 1e-2  # nats, of a single step

# What is measured against f32 KV and f32 weights: name, KV type, weight type.
ROUNDED = [("f16 KV", "f16", "f32"), ("bf16 KV", "bf16", "f32"), ("stored weights", "f16", "stored")]
if has_bf16_instructions():
    ROUNDED.append(("bf16 weights", "f16", "bf16"))


def first_difference(wanted: Any, got: Any, where: str = "plan") -> str:
    """Where two values of JSON part."""
    if isinstance(wanted, dict) and isinstance(got, dict) and wanted.keys() == got.keys():
        pairs = [(wanted[key], got[key], f"{where}.{key}") for key in wanted]
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = [(left, right, f"{where}[{at}]") for at, (left, right) in enumerate(zip(wanted, got))]
    else:
        return f"{where} is {got}, should be {wanted}"
    return next((first_difference(*pair) for pair in pairs if pair[0] != pair[1]), "")


def check_artifacts(pml: Pml, case: Case, plan: Plan, golden: dict[str, Any]) -> tuple[float, list[str]]:
    """The worst difference of the sampled values, and what is wrong."""
    worst, wrong = 0.0, []
    for id, values in golden["artifacts"].items():
        path = pml.object(case, "f32", plan.segments[int(id)].digest)
        if not path.is_file():
            wrong.append(f"segment {id}: the store has no object {path.stem}")
            continue
        artifact = Artifact(path)
        differences = [abs(artifact.value(name, index) - value) for name, *index, value in values]
        worst = max(worst, *differences)
        if not max(differences) <= ARTIFACT_TOLERANCE:
            wrong.append(f"segment {id}: its artifact differs by {max(differences):.1e}")
    return worst, wrong


def check_case(pml: Pml, case: Case, golden: dict[str, Any]) -> tuple[dict[str, float], list[str]]:
    """Figures and complaints of one case."""
    pml.compile(case, "f32")
    plan = pml.explain(case, "f32")
    wrong = complaints(plan, read_modules(pml.cases / case.schema, case.context))
    if plan.stable() != golden["plan"]:
        return {}, wrong + [first_difference(golden["plan"], plan.stable())]
    figures: dict[str, float] = {}
    for name, options in (("spliced", ()), ("full", ("--no-cache",))):
        answer = pml.run(case, "f32", golden["forced"], *options)
        wanted = [step["best"] for step in golden[f"{name}_f32"]]
        figures[name], complained = compare_steps(wanted, distributions(answer))
        complained += complaints_about_usage(answer, plan, cached=not options)
        wrong += [f"{name}: {complaint}" for complaint in complained]
    figures["artifacts"], complained = check_artifacts(pml, case, plan, golden)
    wrong += complained
    # Rounded KV, and rounded products where the CPU has them; encoded by the run itself.
    for name, kv_type, weights in ROUNDED:
        rounded = distributions(pml.run(case, kv_type, golden["forced"], weights=weights))
        kl = [divergence(step["best"], best) for step, best in zip(golden["spliced_f32"], rounded, strict=True)]
        mean, most = statistics.mean(kl), max(kl)
        figures[f"KL {name}"], figures[f"most KL {name}"] = mean, most
        # Products in bf16 are rounded differently by every processor, so a single step may be off by more.
        if not (most if weights == "f32" else mean) <= KL_TOLERANCE or not most <= MOST_KL:
            wrong.append(f"{name}: KL to f32 is {mean:.1e}, at most {most:.1e}")
    return figures, wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="CASE", nargs="*", help="cases to do (default: all)")
    parser.add_argument("--pml", type=Path, default=PROGRAM, help="the program")
    parser.add_argument("--model", type=Path, default=MODEL, help="the model of the goldens, a GGUF file")
    parser.add_argument("--goldens", type=Path, default=GOLDENS)
    parser.add_argument("--cases", type=Path, default=CASES, help="folder with cases.json")
    arguments = parser.parse_args()

    failed = 0
    cases = read_cases(arguments.cases, arguments.names)
    all_kl: dict[str, list[float]] = {f"{prefix}KL {name}": [] for name, _, _ in ROUNDED for prefix in ("", "most ")}
    with tempfile.TemporaryDirectory(prefix="pml-golden-") as stores:
        pml = Pml(arguments.pml, arguments.model, arguments.cases, Path(stores))
        for case in cases:
            try:
                golden = json.loads((arguments.goldens / f"{case.name}.json").read_text(encoding="utf-8"))
                figures, wrong = check_case(pml, case, golden)
            except (ProgramError, OSError) as error:
                figures, wrong = {}, [str(error)]
            for name, values in all_kl.items():
                values.append(figures.get(name, 0.0))
            shown = "".join(f"  {name} {figure:.1e}" for name, figure in figures.items() if "most" not in name)
            print(f"{'WRONG' if wrong else 'ok':5}  {case.name:16}{shown}", flush=True)
            for complaint in wrong:
                print(f"       {complaint}")
            failed += bool(wrong)
    print(f"{len(cases)} cases, {failed} wrong")
    if cases:
        print("KL to f32 in nats, mean of all prompts and most of all steps:")
        for name, _, _ in ROUNDED:
            mean, most = statistics.mean(all_kl[f"KL {name}"]), max(all_kl[f"most KL {name}"])
            print(f"  {name:16} {mean:.1e}  {most:.1e}")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
