#!/usr/bin/env python3
"""Writes tests/golden/models/*.json: what `transformers` makes of the tiny models of tests/models.

    tests/oracle/model_goldens.py           writes the goldens
    tests/oracle/model_goldens.py --check   computes again and compares, with the same tolerance as the program's

A golden holds tokens, and for some placements of them the best log-probabilities after each of the last 32. The
arithmetic is f32 with exact angles of RoPE (model.py). The weights are read twice: from the folder by
`transformers`, and from the GGUF file by the `gguf` package; both have to be the same to the bit.
"""
from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import gguf
import torch
from compare import LOGPROB_TOLERANCE, compare_steps
from goldens import write_golden
from model import use_exact_rope
from transformers import AutoModelForCausalLM

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = ROOT / "tests" / "models"
GOLDENS = ROOT / "tests" / "golden" / "models"
sys.path.insert(0, str(MODELS))

from make_models import GGUF_NAMES  # noqa: E402

NUM_BEST = 8
NUM_PROMPT = 8  # tokens before the first answer
NUM_STEPS = 32
# Where the tokens stand. A model sees distances alone, so only the last two tell how far ones are rotated.
PLACEMENTS = {
    "near": list(range(NUM_PROMPT + NUM_STEPS)),
    "far": list(range(4500, 4500 + NUM_PROMPT + NUM_STEPS)),
    "apart": list(range(20)) + list(range(4500, 4520)),
    "spread": [position * 113 for position in range(NUM_PROMPT + NUM_STEPS)],
}


def load(name: str) -> torch.nn.Module:
    """The folder's model in f32; its type of weights is converted exactly."""
    model = AutoModelForCausalLM.from_pretrained(
        MODELS / name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    use_exact_rope(model)
    return model


def logprobs(model: torch.nn.Module, tokens: list[int], positions: list[int]) -> torch.Tensor:
    """[tokens, vocabulary], f64, natural log. A token sees itself and all before it."""
    # Stated, since `transformers` takes gaps between positions for the borders of sequences of their own.
    mask = torch.full((1, 1, len(tokens), len(tokens)), float("-inf")).triu(1)
    output = model(
        input_ids=torch.tensor([tokens]),
        position_ids=torch.tensor([positions]),
        attention_mask=mask,
        use_cache=False,
    )
    return torch.log_softmax(output.logits[0].double(), -1)


def deinterleave(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of Q and K in files of architecture `llama`, in the model's order."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def complaints_about_gguf(name: str, model: torch.nn.Module) -> list[str]:
    """Tensors of the GGUF file that are not those of the folder."""
    reader = gguf.GGUFReader(MODELS / f"{name}.gguf")
    architecture = reader.fields["general.architecture"].contents()
    stored = {
        tensor.name: torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type)) for tensor in reader.tensors
    }
    stored.pop("rope_freqs.weight", None)
    wrong = []
    for parameter_name, parameter in model.named_parameters():
        stem, kind = parameter_name.rsplit(".", 1)
        layer = ""
        if stem.startswith("model.layers."):
            number, stem = stem.removeprefix("model.layers.").split(".", 1)
            layer = f"blk.{number}."
        values = stored.pop(f"{layer}{GGUF_NAMES[stem]}.{kind}")
        if architecture == "llama" and stem.endswith("q_proj"):
            values = deinterleave(values, model.config.num_attention_heads)
        if architecture == "llama" and stem.endswith("k_proj"):
            values = deinterleave(values, model.config.num_key_value_heads)
        if not torch.equal(values.reshape(parameter.shape), parameter):
            wrong.append(f"GGUF: {parameter_name} has other values than in the folder")
    return wrong + [f"GGUF: {left} is no tensor of the folder" for left in stored]


def make_golden(name: str, model: torch.nn.Module) -> dict[str, Any]:
    choose = random.Random(name)
    tokens = [choose.randrange(3, model.config.vocab_size) for _ in range(NUM_PROMPT + NUM_STEPS)]
    golden: dict[str, Any] = {"model": name, "tokens": tokens, "num_prompt": NUM_PROMPT}
    placements = []
    for placement, positions in PLACEMENTS.items():
        rows = logprobs(model, tokens, positions)[NUM_PROMPT - 1 : -1]
        top = rows.topk(NUM_BEST)
        pairs = [
            [[token, round(logprob, 6)] for token, logprob in zip(ids, values)]
            for ids, values in zip(top.indices.tolist(), top.values.tolist())
        ]
        placements.append({"name": placement, "positions": positions, "best": pairs})
    golden["placements"] = placements
    return golden


def sensitivity(model: torch.nn.Module, tokens: list[int]) -> float:
    """How much the worst log-probability changes if two neighbours change places, as positions go."""
    positions = PLACEMENTS["near"]
    swapped = [*positions[:3], positions[4], positions[3], *positions[5:]]
    difference = logprobs(model, tokens, positions)[-1] - logprobs(model, tokens, swapped)[-1]
    return difference.abs().max().item()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--threads", type=int, default=2, help="of the oracle's arithmetic")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)

    failed = 0
    for folder in sorted(path for path in MODELS.iterdir() if (path / "config.json").exists()):
        name = folder.name
        model = load(name)
        wrong = complaints_about_gguf(name, model)
        golden = make_golden(name, model)
        moved = sensitivity(model, golden["tokens"])
        if moved < 100 * LOGPROB_TOLERANCE:
            wrong.append(f"positions matter too little: {moved:.1e}")
        worst = 0.0
        path = GOLDENS / f"{name}.json"
        if arguments.check:
            committed = json.loads(path.read_text(encoding="utf-8"))
            for wanted, got in zip(committed["placements"], golden["placements"], strict=True):
                difference, complaints = compare_steps(wanted["best"], got["best"])
                worst = max(worst, difference)
                wrong += [f"{wanted['name']}: {complaint}" for complaint in complaints]
        else:
            write_golden(path, golden)
        print(f"{'WRONG' if wrong else 'ok':5}  {name:24} two positions swapped {moved:.2f}  golden {worst:.1e}")
        for complaint in wrong:
            print(f"       {complaint}")
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
