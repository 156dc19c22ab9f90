"""Rebuilds artifacts and answers of a plan from plain prefills.

An artifact is what one dense, causal prefill over context and segment, in position order, gives for the
segment's rows. An answer attends to the artifacts' rows as they are, and computes only the live rows.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch

from model import Kv, Oracle, concatenate
from plan import Plan, Segment


@dataclass(frozen=True)
class Answer:
    tokens: list[int]  # [steps]; an end token ends it
    logprobs: torch.Tensor  # [steps, vocabulary], f64, natural log, of the raw distribution

    def best(self, step: int, count: int) -> list[tuple[int, float]]:
        """The (id, log-probability) of the likeliest tokens, best first."""
        top = self.logprobs[step].topk(count)
        return list(zip(top.indices.tolist(), top.values.tolist()))


class Splicer:
    """Artifacts, each computed once, and the answers made of them."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.artifacts: dict[tuple, Kv] = {}

    def artifact(self, plan: Plan, segment: Segment, kv_type: str) -> Kv:
        """KV of `segment` after its context."""
        context = plan.encoded_context(segment)
        key = (kv_type, tuple(context), tuple(segment.encoded()))
        if key not in self.artifacts:
            tokens, positions = zip(*context, *segment.encoded())
            kv, _ = self.oracle.prefill(list(tokens), list(positions), kv_type=kv_type)
            self.artifacts[key] = kv.rows(list(range(len(context), len(tokens))))
        return self.artifacts[key]

    def spliced(self, plan: Plan, kv_type: str, forced: list[int] | None, steps: int) -> Answer:
        """The answer to a prompt whose cached rows are read from artifacts, rotated to where they stand."""
        cached = []
        for segment in plan.segments.values():
            rows = [row for row in plan.rows if row.segment == segment.id and row.source == "cached"]
            if rows:
                artifact = self.artifact(plan, segment, kv_type)
                used = artifact.rows([row.position - segment.first for row in rows])
                cached.append(self.oracle.relocated(used, segment.shift))
        live = [(row.token, row.position) for row in plan.rows if row.source != "cached"]
        past = concatenate(cached) if cached else None
        return self.answer(live, past, kv_type, forced, steps)

    def full(self, plan: Plan, kv_type: str, forced: list[int] | None, steps: int) -> Answer:
        """The answer after a full prefill of the same tokens at the same positions."""
        rows = [(row.token, row.position) for row in plan.rows]
        return self.answer(rows, None, kv_type, forced, steps)

    def answer(
        self, rows: list[tuple[int, int]], past: Kv | None, kv_type: str, forced: list[int] | None, steps: int
    ) -> Answer:
        """Computes `rows`, (token, position) in position order, and goes on behind the last of them.

        The tokens are those of `forced`, all read in the one pass, else the likeliest ones, one by one, up to
        an end token or `steps`.
        """
        last = rows[-1][1]
        if forced:
            rows = rows + [(token, last + step) for step, token in enumerate(forced[:-1], 1)]
            tokens, positions = map(list, zip(*rows))
            _, logits = self.oracle.prefill(tokens, positions, past, kv_type, keep_logits=len(forced))
            return Answer(forced, torch.log_softmax(logits.double(), -1))
        chosen: list[int] = []
        logprobs: list[torch.Tensor] = []
        while len(chosen) < steps and not (chosen and chosen[-1] in self.oracle.end_tokens):
            if chosen:
                rows = [(chosen[-1], last + len(chosen))]
            tokens, positions = map(list, zip(*rows))
            kv, logits = self.oracle.prefill(tokens, positions, past, kv_type)
            past = concatenate([past, kv]) if past else kv
            logprobs.append(torch.log_softmax(logits[-1].double(), -1))
            chosen.append(int(logits[-1].argmax()))
        return Answer(chosen, torch.stack(logprobs))


def divergence(p: Answer, q: Answer) -> list[float]:
    """KL(p || q) of each step, in nats, over the whole vocabulary."""
    return (p.logprobs.exp() * (p.logprobs - q.logprobs)).sum(-1).tolist()


def complaints_about_tokens(plan: Plan, oracle: Oracle) -> list[str]:
    """Is each segment what the tokenizer makes of its own text, with control tokens only as such?"""
    complaints = []
    control = {id for id, token in oracle.tokenizer.get_added_tokens_decoder().items() if token.special}
    for segment in plan.segments.values():
        pieces: list[list[int]] = [[]]
        for token in segment.tokens:
            if token in control:
                pieces.append([])
            else:
                pieces[-1].append(token)
        for piece in pieces:
            text = oracle.tokenizer.decode(piece, skip_special_tokens=False)
            again = oracle.tokenizer.encode(text, add_special_tokens=False).ids
            if again != piece:
                complaints.append(f"segment {segment.id}: {text!r} is {again}, not {piece}")
    return complaints
