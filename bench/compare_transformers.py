#!/usr/bin/env python3
"""Prefill of `pml` beside that of `transformers`, in turn, in one run, on the same model in the same type.

    compare_transformers.py --bench build/pml_bench --model MODEL.gguf [--lengths 512,1024,2048] [--rounds 3]

Needs the packages of tests/oracle/requirements.txt. Prints the best rate of each and the ratio.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging


def transformers_rate(model: torch.nn.Module, length: int) -> float:
    """Tokens a second of one prefill that, like pml's, wants the logits of the last token alone."""
    tokens = (torch.arange(length) * 7919 + 13) % model.config.vocab_size
    with torch.inference_mode():
        start = time.perf_counter()
        model(tokens[None], use_cache=True, logits_to_keep=1)
        return length / (time.perf_counter() - start)


def pml_rates(bench: Path, model: Path, weights: str, lengths: list[int]) -> dict[int, float]:
    line = [str(bench), "-m", str(model), "--weights", weights, "--repeat", "1",
            "--prefill", ",".join(map(str, lengths))]
    environment = {**os.environ, "GOMP_SPINCOUNT": "1000"}  # as the program sets it
    rates = json.loads(subprocess.run(line, check=True, capture_output=True, text=True, env=environment).stdout)
    return {int(length): rate for length, rate in rates["rows"][0]["prefill_tokens_per_s"].items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--lengths", default="512,1024,2048")
    parser.add_argument("--weights", default="f32,bf16,stored", help="ours; theirs are f32 beside f32, else bf16")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    lengths = [int(length) for length in options.lengths.split(",")]
    for weights in options.weights.split(","):
        dtype = torch.float32 if weights == "f32" else torch.bfloat16
        peer = AutoModelForCausalLM.from_pretrained(options.model.parent, gguf_file=options.model.name, dtype=dtype)
        transformers_rate(peer, 64)  # warm
        ours = {length: 0.0 for length in lengths}
        theirs = dict(ours)
        for _ in range(options.rounds):
            for length, rate in pml_rates(options.bench, options.model, weights, [64, *lengths]).items():
                if length in ours:
                    ours[length] = max(ours[length], rate)
            for length in lengths:
                theirs[length] = max(theirs[length], transformers_rate(peer, length))
        for length in lengths:
            print(f"prefill of {length:5d} tokens, {weights:6}: pml {ours[length]:6.0f} tok/s, "
                  f"transformers {theirs[length]:6.0f} tok/s, {ours[length] / theirs[length]:.2f}x", flush=True)


if __name__ == "__main__":
    main()
