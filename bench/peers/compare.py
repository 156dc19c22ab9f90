#!/usr/bin/env python3
"""Ours beside `transformers` and llama.cpp: same model file, same token IDs, same number of threads, in one run.

    compare.py --server build/pml_bench_server --model MODEL.gguf [--quick] [--only NAME ...] [--json FILE]

Every repetition goes through all engines in turn; one computes at a time. Prints a table, and writes all values with
the machine's description, versions and commands as JSON. bench/README.md explains each row. Needs the packages of
requirements.txt.
"""
from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
import plots
import row
import rows
from engine import EngineError
from engines import Engines, Setup

KV_MEMORY = "kv-memory"
NAMES = (*rows.ROWS, KV_MEMORY, *plots.PLOTS)
IDLE_SECONDS = 2.0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, required=True, help="pml_bench_server")
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine (default: one a core)")
    parser.add_argument("--repeat", type=int, help="repetitions (default: 5; 2 if --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter: for a look, not for a claim")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--json", type=Path, default=Path("build/peers.json"), help="(default: %(default)s)")
    parser.add_argument("--plots", type=Path, default=Path("build"), help="folder of the SVGs (default: %(default)s)")
    return parser.parse_args()


def run(engines: Engines, options: argparse.Namespace, repeat: int, report: dict[str, Any]) -> None:
    """Adds to the report row by row, and writes it after each: a run that is cut short leaves what it has."""

    def done(part: str, value: Any, text: str) -> None:
        report.setdefault(part, []).append(value)
        print(text, end="\n\n", flush=True)
        options.json.write_text(json.dumps(report, indent=1))

    report["idle"] = {engine.name: engine.idle_share(IDLE_SECONDS) for engine in engines.all}
    report["rates"] = machine.measure(engines.ours["stored"], engines.transformers, engines.model, repeat)
    print(machine.render(report["rates"]))
    print("  idle engines take", ", ".join(f"{n}: {share:.2f}" for n, share in report["idle"].items()), "of a core\n")
    bench = rows.Bench(engines, machine.limits_of(report["rates"], engines.model), options.quick)
    for name in options.only:
        if name in rows.ROWS:
            made = rows.ROWS[name](bench)
            evaluated = row.evaluate(made, row.measure(made, repeat))
            done("rows", evaluated, row.render(evaluated))
        elif name == KV_MEMORY:
            memory = rows.kv_memory(bench)
            done("rows", memory, rows.render_kv_memory(memory))
        else:
            plot = plots.make_plot(bench, name, repeat, options.plots)
            done("plots", plot, plots.render(plot))


def main() -> None:
    options = read_arguments()
    repeat = options.repeat or (2 if options.quick else 5)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.plots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pml-peers-") as folder:
        setup = Setup(options.server.resolve(), options.model.resolve(), options.threads, Path(folder))
        with Engines(setup) as engines:
            report: dict[str, Any] = {
                "machine": machine.describe(options.threads),
                "engines": engines.info,
                "commands": {engine.name: engine.command for engine in engines.all},
                "model": options.model.name,
                "repeat": repeat,
                "quick": options.quick,
            }
            run(engines, options, repeat, report)
    print(f"all values: {options.json}")


if __name__ == "__main__":
    try:
        main()
    except EngineError as error:
        sys.exit(f"compare.py: {error}")
