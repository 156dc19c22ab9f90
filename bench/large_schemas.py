#!/usr/bin/env python3
"""How long large schemas take, and how much memory: `pml check`, `layout` and `explain`, which need no engine.

    bench/large_schemas.py --pml build/pml [--model MODEL.gguf] [--modules 1000,10000] [--rows check,layout] [--json FILE]
    bench/large_schemas.py --write DIR --modules 10000        # only writes the schema, to look at or to profile with

A schema is made of groups of 20 modules of 500 bytes each: flat ones, three inside one another, a union of six, one
with parameters; a tenth of the groups has rules (`requires`, `excludes`). Half of the groups come through `include`.
The layout is `pack`, since no model reads all of this at once; `preserve` is measured too, without a model.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GROUP = 20
GROUPS_OF_PART = 50  # in one included document
WORDS = ("train ticket hotel river castle museum garden market bridge harbour winter summer morning evening guide "
         "price family child luggage passport doctor weather coffee dinner window seat delay refund station platform "
         "please always never before after between every without the a of and or to in with for from").split()


def words(rng, size):
    text = []
    length = 0
    while length < size:
        text.append(rng.choice(WORDS))
        length += len(text[-1]) + 1
    return " ".join(text)[:size - 1].rstrip().capitalize() + "."


def group(rng, number, size):
    def text():
        return words(rng, size)

    def module(name, inner="", attributes=""):
        return f'<module name="{name}{number}"{attributes}>\n  {text()}\n{inner}</module>\n'

    requires = excludes = ""
    if number % 10 == 9:
        requires = f' requires="flat0-{number - 1} and (flat1-{number - 1} or not way2-{number})"'
        excludes = f' excludes="flat2-{number - 2}"'
    parts = [module(f"flat{i}-") for i in range(8)]
    parts[6] = module("flat6-", attributes=requires)
    parts[7] = module("flat7-", attributes=excludes)
    parts.append(module("tree0-", module("tree1-", module("tree2-"))))
    parts.append("<union>\n" + "".join(module(f"way{i}-") for i in range(6)) + "</union>\n")
    hole = '<parameter name="days" length="12" default="one week"/>\n<parameter name="from" length="8"/>\n'
    parts += [module("stay-", hole), module("last0-"), module("last1-")]
    return "".join(parts)


def write_schema(folder, num_modules, size, layout):
    """The path of the schema; beside it lie the documents that it includes."""
    rng = random.Random(num_modules)
    folder.mkdir(parents=True, exist_ok=True)
    inner = []
    num_groups = num_modules // GROUP
    for first in range(0, num_groups, GROUPS_OF_PART):
        numbers = range(first, min(num_groups, first + GROUPS_OF_PART))
        text = "".join(group(rng, number, size) for number in numbers)
        if first // GROUPS_OF_PART % 2 == 1:
            name = f"part-{first}.pml"
            (folder / name).write_text(f'<schema name="part">\n{text}</schema>\n')
            text = f'<include src="{name}"/>\n'
        inner.append(text)
    schema = folder / "large.pml"
    schema.write_text(f'<schema name="large" layout="{layout}">\nChoose what is needed.\n{"".join(inner)}</schema>\n')
    (folder / "prompt.pml").write_text(f'<prompt schema="large">\n  <flat3-{num_groups // 2}/>\n  Why?\n</prompt>\n')
    return schema


def measure(command, env):
    """Wall time and processor time in seconds, and the most memory in MB; ends if the command fails."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}\n{said.decode(errors='replace')[:2000]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def rows(pml, model, store, packed, preserved):
    """Name, command. Those with a model are left out without one."""
    schema, prompt = str(packed), str(packed.parent / "prompt.pml")
    with_model = ["-m", model] if model else None
    yield "check", [pml, "check", schema]
    yield "check-preserve", [pml, "check", str(preserved)]
    yield "check-prompt", [pml, "check", schema, "--prompt", prompt]
    yield "layout", [pml, "layout", schema]
    yield "layout-preserve", [pml, "layout", str(preserved)]
    yield "layout-json", [pml, "layout", schema, "--json"]
    if with_model:
        yield "check-m", [pml, "check", schema, *with_model]
        yield "check-prompt-m", [pml, "check", schema, "--prompt", prompt, *with_model]
        yield "layout-m", [pml, "layout", schema, *with_model]
        yield "layout-json-m", [pml, "layout", schema, "--json", *with_model]
        yield "explain-m", [pml, "explain", schema, "--store", store, *with_model]
        yield "explain-prompt-m", [pml, "explain", schema, "--prompt", prompt, "--store", store, *with_model]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pml", default="build/pml")
    parser.add_argument("--model", help="a GGUF file or a folder; without one nothing is counted in tokens")
    parser.add_argument("--modules", default="1000,10000,30000,100000")
    parser.add_argument("--bytes", type=int, default=500, help="text of a module")
    parser.add_argument("--rows", help="some of them, with commas between them")
    parser.add_argument("--repeat", type=int, default=1, help="the least of so many runs is printed")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--write", type=Path, help="write the schema of the first number of modules there, and stop")
    parser.add_argument("--layout", default="pack", choices=("pack", "preserve"), help="of what --write writes")
    options = parser.parse_args()
    sizes = [int(size) for size in options.modules.split(",")]
    if options.write:
        print(write_schema(options.write, sizes[0], options.bytes, options.layout))
        return
    wanted = options.rows.split(",") if options.rows else None
    figures = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            packed = write_schema(Path(folder) / "pack", size, options.bytes, "pack")
            preserved = write_schema(Path(folder) / "preserve", size, options.bytes, "preserve")
            env = {**os.environ, "PML_MODEL": ""}
            for name, command in rows(options.pml, options.model, str(Path(folder) / "store"), packed, preserved):
                if wanted and name not in wanted:
                    continue
                runs = [measure(command, env) for _ in range(options.repeat)]
                seconds, processor, megabytes = (min(values) for values in zip(*runs))
                figures.setdefault(name, {})[size] = {"seconds": round(seconds, 3), "cpu_seconds": round(processor, 3),
                                                      "megabytes": round(megabytes)}
                print(f"{size:>7} modules  {name:<17} {seconds:8.2f} s {processor:8.2f} s of a processor "
                      f"{megabytes:8.0f} MB", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"bytes": options.bytes, "rows": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
