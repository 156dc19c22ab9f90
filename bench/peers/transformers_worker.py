"""`transformers` as an engine: the model of the GGUF file in f32 and in bf16, scaled-dot-product attention.

    transformers_worker.py --model MODEL.gguf --threads N

All times are in seconds, from the call to the next token's ID. Every prompt is a list of token IDs.
"""
from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM
from transformers.cache_utils import Cache, DynamicCache, StaticCache
from transformers.utils import logging

from worker import serve

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class Transformers:
    def __init__(self, model: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        self.models = {
            name: AutoModelForCausalLM.from_pretrained(
                model.parent, gguf_file=model.name, dtype=dtype, attn_implementation="sdpa"
            ).eval()
            for name, dtype in TYPES.items()
        }
        self.prefixes: dict[tuple[str, tuple[int, ...]], DynamicCache] = {}

    def info(self) -> dict[str, Any]:
        return {"versions": {"transformers": transformers.__version__, "torch": torch.__version__}}

    def prefill(self, type: str, tokens: list[int], to: str = "") -> dict[str, Any]:
        """A prompt from nothing. The last token's logits [vocabulary], f32, are appended to the file `to`, if any."""
        start = time.perf_counter()
        logits = self._forward(type, torch.tensor([tokens]), None)
        logits.argmax(-1).item()
        seconds = time.perf_counter() - start
        if to:
            with open(to, "ab") as file:
                logits.float().numpy().tofile(file)
        return {"seconds": seconds}

    def extend(self, type: str, prefix: list[int], tokens: list[int]) -> dict[str, Any]:
        """New tokens behind a prefix whose KV are held in memory. They are taken off again afterwards."""
        cache = self._prefix(type, prefix)
        start = time.perf_counter()
        self._forward(type, torch.tensor([tokens]), cache).argmax(-1).item()
        seconds = time.perf_counter() - start
        cache.crop(-len(tokens))
        return {"seconds": seconds}

    def decode(self, type: str, cache: str, prefix: list[int], starts: list[int], steps: int) -> dict[str, Any]:
        """Greedy decoding of one sequence for each of `starts`, its first token after the common prefix."""
        own = self._cache_behind(type, cache, prefix, len(starts), steps + 1)
        tokens = self._forward(type, torch.tensor(starts)[:, None], own).argmax(-1)
        start = time.perf_counter()
        for _ in range(steps):
            tokens = self._forward(type, tokens, own).argmax(-1)
        seconds = time.perf_counter() - start
        return {"tokens_per_s": steps * len(starts) / seconds}

    def first_tokens(self, type: str, prefix: list[int], prompts: list[list[int]]) -> dict[str, Any]:
        """Prompts of equal length behind one prefix, as one batch; copying the prefix's KV is not timed."""
        own = self._cache_behind(type, "dynamic", prefix, len(prompts), len(prompts[0]))
        start = time.perf_counter()
        self._forward(type, torch.tensor(prompts), own).argmax(-1)
        return {"seconds": time.perf_counter() - start}

    def answer(self, type: str, cache: str, prompts: list[list[int]], steps: int, batch: int) -> dict[str, Any]:
        """`steps` tokens for each prompt, `batch` prompts at a time, shorter ones filled up on their left."""
        start = time.perf_counter()
        answers: list[list[int]] = []
        for first in range(0, len(prompts), batch):
            answers += self._answer_batch(type, cache, prompts[first : first + batch], steps)
        return {"seconds": time.perf_counter() - start, "answers": answers}

    def gemm(self, type: str, rows: int, columns: int, depth: int, seconds: float) -> dict[str, Any]:
        """[rows, depth] x [depth, columns] as a linear layer: operations a second, best of those that fit `seconds`."""
        inputs = torch.randn(rows, depth, dtype=TYPES[type])
        weights = torch.randn(columns, depth, dtype=TYPES[type])
        best = float("inf")
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            for _ in range(8):
                torch.nn.functional.linear(inputs, weights)
            best = min(best, (time.perf_counter() - start) / 8)
        return {"flops_per_s": 2.0 * rows * columns * depth / best}

    def _forward(self, type: str, tokens: torch.Tensor, cache: Cache | None, **inputs: Any) -> torch.Tensor:
        """Logits [batch, 1, vocabulary] of the last tokens of tokens [batch, n], behind what `cache` holds."""
        with torch.inference_mode():
            output = self.models[type](
                input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1, **inputs
            )
        return output.logits

    def _prefix(self, type: str, prefix: list[int]) -> DynamicCache:
        """The prefix's KV; those of the last two prefixes are kept."""
        key = (type, tuple(prefix))
        if key not in self.prefixes:
            while len(self.prefixes) >= 4:
                self.prefixes.pop(next(iter(self.prefixes)))
            cache = DynamicCache(config=self.models[type].config)
            self._forward(type, torch.tensor([prefix]), cache)
            self.prefixes[key] = cache
        return self.prefixes[key]

    def _cache_behind(self, type: str, kind: str, prefix: list[int], batch: int, room: int) -> Cache:
        """A cache of `batch` sequences that holds the prefix; a static one has room for so many tokens more."""
        source = self._prefix(type, prefix)
        if kind == "dynamic":
            cache: Cache = copy.deepcopy(source)
            cache.batch_repeat_interleave(batch)
            return cache
        cache = StaticCache(config=self.models[type].config, max_cache_len=len(prefix) + room)
        for index, layer in enumerate(source.layers):
            cache.update(layer.keys.repeat(batch, 1, 1, 1), layer.values.repeat(batch, 1, 1, 1), index)
        return cache

    def _answer_batch(self, type: str, kind: str, prompts: list[list[int]], steps: int) -> list[list[int]]:
        longest = max(map(len, prompts))
        tokens = torch.zeros(len(prompts), longest, dtype=torch.long)
        mask = torch.zeros(len(prompts), longest + steps, dtype=torch.long)
        mask[:, longest:] = 1
        for row, prompt in enumerate(prompts):
            tokens[row, longest - len(prompt) :] = torch.tensor(prompt)
            mask[row, longest - len(prompt) : longest] = 1
        config = self.models[type].config
        cache = StaticCache(config=config, max_cache_len=longest + steps) if kind == "static" else DynamicCache()
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        answers = []
        begin, end = 0, longest
        for _ in range(steps):
            logits = self._forward(
                type, tokens, cache, attention_mask=mask[:, :end], position_ids=positions[:, begin:end]
            )
            tokens = logits.argmax(-1)
            answers.append(tokens)
            begin, end = end, end + 1
        return torch.cat(answers, 1).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    engine = Transformers(options.model, options.threads)
    names = ("info", "prefill", "extend", "decode", "first_tokens", "answer", "gemm")
    serve({name: getattr(engine, name) for name in names})


if __name__ == "__main__":
    main()
