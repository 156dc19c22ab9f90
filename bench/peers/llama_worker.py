"""llama.cpp as an engine, through llama-cpp-python's low-level calls: the GGUF file as it is, flash attention, f16 KV.

    llama_worker.py --model MODEL.gguf --threads N

All times are in seconds, from the call to the next token's ID. Every prompt is a list of token IDs.
"""
from __future__ import annotations

import argparse
import ctypes
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from worker import serve

MICRO_BATCH = 512  # rows of one pass: llama.cpp's own choice
BATCH = 2048  # rows of one call


@dataclass(frozen=True)
class Row:
    """A token to be computed."""

    token: int
    position: int
    sequence: int
    wants_logits: bool


class Context:
    """KV of some sequences. Unified: one room for all, in which sequences share rows; else one room for each."""

    def __init__(self, model: Any, threads: int, size: int, sequences: int, unified: bool) -> None:
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = size
        settings.n_batch = BATCH
        settings.n_ubatch = MICRO_BATCH
        settings.n_seq_max = sequences
        settings.n_threads = threads
        settings.n_threads_batch = threads
        settings.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
        settings.kv_unified = unified
        self.context = llama_cpp.llama_init_from_model(model, settings)
        if not self.context:
            raise MemoryError(f"no context of {size} rows")
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        self.batch = llama_cpp.llama_batch_init(BATCH, 0, 1)

    def clear(self) -> None:
        llama_cpp.llama_memory_clear(self.memory, False)

    def keep(self, sequence: int, rows: int) -> None:
        """Forgets all but the first rows of a sequence."""
        llama_cpp.llama_memory_seq_rm(self.memory, sequence, rows, -1)

    def share(self, sequence: int, rows: int) -> None:
        """The first rows of sequence 0 are those of `sequence` too."""
        llama_cpp.llama_memory_seq_cp(self.memory, 0, sequence, 0, rows)

    def compute(self, rows: list[Row]) -> np.ndarray:
        """Logits [wanting, vocabulary], f32, of the rows that want them: all of the last call. Valid until the next."""
        logits = np.empty((0, self.vocabulary), np.float32)
        for first in range(0, len(rows), BATCH):
            logits = self._compute(rows[first : first + BATCH])
        return logits

    def _compute(self, rows: list[Row]) -> np.ndarray:
        batch = self.batch
        batch.n_tokens = len(rows)
        for index, row in enumerate(rows):
            batch.token[index] = row.token
            batch.pos[index] = row.position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = row.sequence
            batch.logits[index] = row.wants_logits
        code = llama_cpp.llama_decode(self.context, batch)
        if code != 0:
            raise RuntimeError(f"llama_decode returned {code}")
        wanting = sum(row.wants_logits for row in rows)
        if wanting == 0:
            return np.empty((0, self.vocabulary), np.float32)
        logits = ctypes.cast(llama_cpp.llama_get_logits(self.context), ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(logits, (wanting, self.vocabulary))


def prompt_rows(tokens: list[int], first: int, sequence: int, wants_logits: bool = True) -> list[Row]:
    """Consecutive rows from position `first` on; the last may want logits."""
    last = len(tokens) - 1
    return [Row(token, first + i, sequence, wants_logits and i == last) for i, token in enumerate(tokens)]


@dataclass
class Slot:
    """A sequence of a server, which keeps the rows of the last request that it served."""

    sequence: int
    tokens: list[int] = field(default_factory=list)  # whose rows it holds
    request: int = -1  # index of what it is serving
    pending: list[int] = field(default_factory=list)  # tokens that are not computed yet
    answer: list[int] = field(default_factory=list)

    def common_prefix(self, prompt: list[int]) -> int:
        """Rows that a prompt can use again; its last token is always computed."""
        count = 0
        for held, wanted in zip(self.tokens, prompt[:-1]):
            if held != wanted:
                break
            count += 1
        return count


class Server:
    """Continuous batching over slots, as llama.cpp's own server does it: a request goes to the free slot that shares
    the longest prefix with it, and of a step's rows those of running requests come first."""

    def __init__(self, context: Context, slots: int) -> None:
        self.context = context
        self.slots = [Slot(sequence) for sequence in range(slots)]

    def answer(self, prompts: list[list[int]], steps: int) -> tuple[list[list[int]], int]:
        """The answers, and how many of the prompts' rows were there already."""
        waiting = list(range(len(prompts)))
        answers: list[list[int]] = [[] for _ in prompts]
        reused = 0
        while waiting or any(slot.request >= 0 for slot in self.slots):
            for index in list(waiting):
                free = [slot for slot in self.slots if slot.request < 0]
                if not free:
                    break
                slot = max(free, key=lambda candidate: candidate.common_prefix(prompts[index]))
                reused += self._start(slot, index, prompts[index])
                waiting.remove(index)
            for slot in self._step():
                if len(slot.answer) == steps:
                    answers[slot.request] = slot.answer
                    slot.request = -1
        return answers, reused

    def _start(self, slot: Slot, request: int, prompt: list[int]) -> int:
        kept = slot.common_prefix(prompt)
        self.context.keep(slot.sequence, kept)
        slot.tokens = prompt[:kept]
        slot.pending = prompt[kept:]
        slot.request = request
        slot.answer = []
        return kept

    def _step(self) -> list[Slot]:
        """One call. Returns the slots that got a token."""
        rows: list[Row] = []
        served: list[Slot] = []
        for slot in sorted((s for s in self.slots if s.request >= 0), key=lambda s: len(s.pending)):
            now = slot.pending[: BATCH - len(rows)]
            if not now:
                continue
            is_last = len(now) == len(slot.pending)
            rows += prompt_rows(now, len(slot.tokens), slot.sequence, is_last)
            slot.tokens += now
            slot.pending = slot.pending[len(now) :]
            if is_last:
                served.append(slot)
        chosen = self.context.compute(rows).argmax(-1).tolist()
        for slot, token in zip(served, chosen):
            slot.answer.append(token)
            slot.pending = [token]
        return served


class Llama:
    def __init__(self, model: Path, threads: int) -> None:
        llama_cpp.llama_log_set(_quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = 0
        self.model = llama_cpp.llama_model_load_from_file(str(model).encode(), settings)
        if not self.model:
            raise OSError(f"{model} cannot be loaded")
        self.threads = threads
        self.contexts: dict[tuple[int, int, bool], Context] = {}
        self.servers: dict[tuple[int, int], Server] = {}

    def info(self) -> dict[str, Any]:
        system = llama_cpp.llama_print_system_info().decode().strip()
        return {"versions": {"llama-cpp-python": llama_cpp.__version__}, "system": system}

    def prefill(self, tokens: list[int], to: str = "") -> dict[str, Any]:
        """A prompt from nothing. The last token's logits [vocabulary], f32, are appended to the file `to`, if any."""
        context = self._context(8448, 1, unified=False)
        context.clear()
        start = time.perf_counter()
        logits = context.compute(prompt_rows(tokens, 0, 0))
        logits[0].argmax()
        seconds = time.perf_counter() - start
        if to:
            with open(to, "ab") as file:
                logits[0].tofile(file)
        return {"seconds": seconds}

    def decode(self, prefix: list[int], starts: list[int], steps: int) -> dict[str, Any]:
        """Greedy decoding of one sequence for each of `starts`, its first token after the common prefix."""
        context = self._behind(prefix, len(starts), steps + 1)
        tokens = starts
        for step in range(steps + 1):
            if step == 1:  # the first step belongs to the prompts
                start = time.perf_counter()
            rows = [Row(token, len(prefix) + step, i, True) for i, token in enumerate(tokens)]
            tokens = context.compute(rows).argmax(-1).tolist()
        return {"tokens_per_s": steps * len(starts) / (time.perf_counter() - start)}

    def first_tokens(self, prefix: list[int], prompts: list[list[int]]) -> dict[str, Any]:
        """Prompts behind one prefix that they share, as one batch."""
        context = self._behind(prefix, len(prompts), max(map(len, prompts)))
        rows = [row for i, prompt in enumerate(prompts) for row in prompt_rows(prompt, len(prefix), i)]
        start = time.perf_counter()
        context.compute(rows).argmax(-1)
        return {"seconds": time.perf_counter() - start}

    def answer(self, prompts: list[list[int]], steps: int, batch: int) -> dict[str, Any]:
        """`steps` tokens for each prompt by a server of `batch` slots, which remember what they served last."""
        room = 256 * -(-(max(map(len, prompts)) + steps) // 256)
        server = next((s for (slots, size), s in self.servers.items() if slots == batch and size >= room), None)
        if server is None:
            room = max(room, 2048)
            server = Server(self._context(batch * room, batch, unified=False), batch)
            self.servers[batch, room] = server
        start = time.perf_counter()
        answers, reused = server.answer(prompts, steps)
        return {"seconds": time.perf_counter() - start, "answers": answers, "reused": reused}

    def _context(self, size: int, sequences: int, unified: bool) -> Context:
        key = (size, sequences, unified)
        if key not in self.contexts:
            self.contexts[key] = Context(self.model, self.threads, size, sequences, unified)
        return self.contexts[key]

    def _behind(self, prefix: list[int], sequences: int, room: int) -> Context:
        """A context in which so many sequences share the prefix, with room for some tokens of each."""
        size = 256 * -(-(len(prefix) + sequences * room) // 256)
        context = self._context(size, sequences, unified=True)
        context.clear()
        context.compute(prompt_rows(prefix, 0, 0, wants_logits=False))
        for sequence in range(1, sequences):
            context.share(sequence, len(prefix))
        return context


@llama_cpp.llama_log_callback
def _quiet(level: int, text: bytes, user_data: ctypes.c_void_p) -> None:
    """llama.cpp's messages are of no use here."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    engine = Llama(options.model, options.threads)
    names = ("info", "prefill", "decode", "first_tokens", "answer")
    serve({name: getattr(engine, name) for name in names})


if __name__ == "__main__":
    main()
