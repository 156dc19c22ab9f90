#!/usr/bin/env python3
"""Builds the fuzzers (preset `fuzz`) and runs each for some seconds, one after the other.

    tests/fuzz/run.py [--seconds 60] [TARGET...]

It prints one JSON object: for each target executions, seconds, the most memory in MB, and the inputs that crashed it,
took longer than a second, leaked, or took more than 512 MB. Those are kept in build-fuzz/crashes; what was found
interesting in build-fuzz/found/TARGET, where the next run goes on. The exit code is 1 if there are any.

Needs, on Debian 12, the packages clang and libclang-rt-14-dev beside those of the build. An input that showed a
mistake goes into tests/fuzz/corpus/TARGET, which the tests replay in every build.
"""
import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build-fuzz"
MAX_BYTES = {"schema": 8192, "prompt": 4096, "expression": 4096, "json": 4096}


def build(targets):
    def call(*command):
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)

    call("cmake", "--preset", "fuzz")
    call("cmake", "--build", "--preset", "fuzz", "--target", *(f"fuzz_{target}" for target in targets))


def run(target, seconds):
    found = BUILD / "found" / target
    crashes = BUILD / "crashes"
    found.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    before = set(crashes.iterdir())
    command = [BUILD / f"fuzz_{target}", found, HERE / "corpus" / target, f"-max_total_time={seconds}", "-timeout=1",
               "-rss_limit_mb=512", f"-max_len={MAX_BYTES[target]}", "-print_final_stats=1",
               f"-artifact_prefix={crashes}/{target}-"]
    if target != "json":
        command.append(f"-dict={HERE / 'pml.dict'}")
    # Memory that was freed is not the target's: the sanitizer keeps 256 MB of it unless it is told otherwise.
    env = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16"}
    log = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace").stderr
    (BUILD / f"{target}.log").write_text(log)

    def last(pattern):
        numbers = re.findall(pattern, log)
        return int(numbers[-1]) if numbers else None

    return {"executions": last(r"number_of_executed_units:\s*(\d+)") or last(r"(?m)^#(\d+)"),
            "seconds": last(r"in (\d+) second") or seconds,
            "peak_mb": last(r"peak_rss_mb:\s*(\d+)") or last(r"rss: (\d+)Mb"),
            "covered_edges": last(r"cov: (\d+)"),
            "crashes": sorted(path.name for path in set(crashes.iterdir()) - before)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(MAX_BYTES))
    options = parser.parse_args()
    targets = options.targets or list(MAX_BYTES)
    for target in targets:
        if target not in MAX_BYTES:
            parser.error(f"there is no target {target}; there are {', '.join(MAX_BYTES)}")
    build(targets)
    figures = {target: run(target, options.seconds) for target in targets}
    print(json.dumps(figures, indent=2))
    sys.exit(any(figure["crashes"] for figure in figures.values()))


if __name__ == "__main__":
    main()
