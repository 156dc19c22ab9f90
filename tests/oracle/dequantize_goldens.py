#!/usr/bin/env python3
"""Writes tests/golden/dequantize.json: random blocks of every tensor type that is read, and their values.

    tests/oracle/dequantize_goldens.py           writes the golden file
    tests/oracle/dequantize_goldens.py --check   leaves with 1 if it would come out differently

The values are those of the `gguf` package, as the bits of f32. All bytes are random, so scales are of any size,
infinite and not a number, too.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import gguf
import numpy as np

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "dequantize.json"
TYPES = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]
NUM_ELEMENTS = 768


def golden_text() -> str:
    """A line a type: rows of one block after another, and their values, both as bytes in hexadecimal."""
    random = np.random.default_rng(11)
    lines = []
    for name in TYPES:
        type = gguf.GGMLQuantizationType[name]
        elements, size_bytes = gguf.GGML_QUANT_SIZES[type]
        blocks = random.integers(0, 256, NUM_ELEMENTS // elements * size_bytes, dtype=np.uint8)
        stored = blocks
        if name in ("F32", "F16"):  # the package takes plain types as numbers
            stored = blocks.view(np.float32 if name == "F32" else np.float16)
        with np.errstate(all="ignore"):
            values = gguf.dequantize(stored, type).astype(np.float32)
        case = {"type": name.lower(), "blocks": blocks.tobytes().hex(), "values": values.tobytes().hex()}
        lines.append(json.dumps(case))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    if not arguments.check:
        GOLDEN.write_text(golden_text(), encoding="ascii")
    elif GOLDEN.read_text(encoding="ascii") != golden_text():
        print(f"`gguf` gives other values than {GOLDEN.name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
