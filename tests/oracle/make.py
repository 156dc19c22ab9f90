#!/usr/bin/env python3
"""Makes the goldens of tests/golden/oracle with `transformers`, or checks them and the program.

    tests/oracle/make.py            asks the program for plans; computes and writes the goldens
    tests/oracle/make.py --check    computes again and compares: with what is committed, with the program's
                                    answers (spliced and --no-cache, f32 and f16 KV), and with every
                                    artifact file of the stores that it makes

Of the program only the plans (`pml explain --json`) are used to compute anything, and their claims are
checked first. Leaves with 1 if something is off.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from compare import compare_steps
from goldens import Computed, best_of, complaints_about_golden, compute, make_golden, write_golden
from live import check_answers, check_artifacts, unchecked_objects
from model import Oracle
from plan import Plan, complaints, read_modules, read_plan
from program import CASES, GOLDENS, MODEL, PROGRAM, Case, Pml, ProgramError, read_cases
from splice import Splicer, complaints_about_tokens


@dataclass
class Report:
    """A line of the table, and what is wrong."""

    case: Case
    figures: dict[str, float | int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def check_plan(splicer: Splicer, case: Case, cases: Path, plan: Plan) -> list[str]:
    """What is wrong with a plan by the definitions, by the tokenizer, and by what the case should read."""
    wrong = complaints(plan, read_modules(cases / case.schema, case.context), splicer.oracle.tokenizer.decode)
    wrong += complaints_about_tokens(plan, splicer.oracle)
    tokens = [row.token for row in plan.rows]
    text = splicer.oracle.tokenizer.decode(tokens, skip_special_tokens=False)
    if text != case.reads:
        wrong.append(f"the prompt reads {text!r}, should read {case.reads!r}")
    return wrong


def check_exact(computed: Computed) -> list[str]:
    """Where every segment is exact, splicing must change nothing."""
    if not all(segment.exact for segment in computed.plan.segments.values() if segment.present):
        return []
    _, wrong = compare_steps(best_of(computed.full_f32), best_of(computed.spliced_f32))
    return [f"all is exact, but spliced is not full prefill: {complaint}" for complaint in wrong]


def process(
    case: Case, arguments: argparse.Namespace, pml: Pml, splicer: Splicer, checked: dict[Path, float]
) -> Report:
    """Computes one case; writes its golden, or compares everything with it."""
    report = Report(case)
    if arguments.plans:
        plan = read_plan(json.loads((arguments.plans / f"{case.name}.json").read_text(encoding="utf-8")))
    else:
        pml.compile(case, "f32")
        plan = pml.explain(case, "f32")
    report.wrong = check_plan(splicer, case, arguments.cases, plan)
    path = arguments.goldens / f"{case.name}.json"
    committed = json.loads(path.read_text(encoding="utf-8")) if arguments.check else None
    computed = compute(splicer, plan, committed and committed["forced"])
    report.wrong += check_exact(computed)
    report.figures["rows"] = len(plan.rows)
    report.figures["KL spliced"] = computed.kl_spliced
    report.figures["KL oracle"] = computed.kl_f16
    golden = make_golden(case, computed, splicer)
    if not committed:
        write_golden(path, golden)
        return report
    report.figures["golden"], wrong = complaints_about_golden(committed, golden)
    report.wrong += wrong
    if not arguments.plans:
        figures, wrong = check_answers(pml, case, computed)
        report.figures |= figures
        report.wrong += wrong
        report.figures["artifacts"], wrong = check_artifacts(pml, case, splicer, plan, checked)
        report.wrong += wrong
    return report


LEGEND = """
KL spliced  full prefill to spliced prompt, f32: what dropped edges and ghosts cost
KL oracle   f32 to f16 KV, spliced, as the oracle computes both; KL f16: the oracle's f32 to the program's f16
golden, spliced, full, f16   largest difference of a log-probability: committed or program to oracle
artifacts   largest difference of a stored key or value, over all of each file that the plan names
"""


def print_table(reports: list[Report]) -> None:
    """One line a case; all figures are the worst of the case's steps."""
    columns = list(dict.fromkeys(name for report in reports for name in report.figures))
    width = max(len(report.case.name) for report in reports)
    print(f"{'case':{width}}" + "".join(f"{column:>12}" for column in columns))
    for report in reports:
        cells = [report.figures.get(column, "-") for column in columns]
        shown = [f"{cell:.1e}" if isinstance(cell, float) else str(cell) for cell in cells]
        verdict = "WRONG" if report.wrong else "ok"
        print(f"{report.case.name:{width}}" + "".join(f"{cell:>12}" for cell in shown) + f"  {verdict}")
        for complaint in report.wrong:
            print(f"    {complaint}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="CASE", nargs="*", help="cases to do (default: all)")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--pml", type=Path, default=PROGRAM, help="the program")
    parser.add_argument("--model", type=Path, default=MODEL, help="a GGUF file")
    parser.add_argument("--cases", type=Path, default=CASES, help="folder with cases.json")
    parser.add_argument("--goldens", type=Path, default=GOLDENS, help="folder of the goldens")
    parser.add_argument("--plans", type=Path, help="take plans from CASE.json in this folder; run no program")
    parser.add_argument("--threads", type=int, default=2, help="of the oracle's arithmetic")
    arguments = parser.parse_args()

    begin = time.monotonic()
    splicer = Splicer(Oracle(arguments.model, arguments.threads))
    cases = read_cases(arguments.cases, arguments.names)
    reports: list[Report] = []
    checked: dict[Path, float] = {}
    with tempfile.TemporaryDirectory(prefix="pml-oracle-") as stores:
        pml = Pml(arguments.pml, arguments.model, arguments.cases, Path(stores))
        for case in cases:
            try:
                reports.append(process(case, arguments, pml, splicer, checked))
            except (ProgramError, OSError) as error:
                reports.append(Report(case, wrong=[str(error)]))
            print(f"{len(reports)}/{len(cases)} {case.name}", file=sys.stderr)
        strangers = [] if arguments.names or not checked else unchecked_objects(pml, checked)
    print_table(reports)
    print(LEGEND)
    for path in strangers:
        print(f"WRONG: no plan named the artifact {path.relative_to(stores)}")
    failed = sum(bool(report.wrong) for report in reports) + len(strangers)
    verb = "checked" if arguments.check else "written"
    done = f"{len(reports)} cases {verb}, {len(checked)} artifact files"
    verdict = f"{failed} with complaints" if failed else "nothing is off"
    print(f"{done}, {time.monotonic() - begin:.0f} s: {verdict}")
    return 1 if failed or not reports else 0


if __name__ == "__main__":
    sys.exit(main())
