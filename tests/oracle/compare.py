"""How far two lists of best log-probabilities are apart, and how far they may be. Standard library only."""
from __future__ import annotations

import math

LOGPROB_TOLERANCE = 2e-4  # natural log, f32 arithmetic and f32 KV
ARTIFACT_TOLERANCE = 1e-3  # absolute; keys reach 22, values 13
KL_TOLERANCE = 1e-3  # nats, f16 KV against f32 KV
REST_NOISE = 1e-5  # a remainder of probability below this is rounding

Best = list[tuple[int, float]]  # (id, log-probability), best first


def worst_difference(wanted: Best, got: Best) -> float:
    """The largest difference of log-probabilities over the tokens of both lists.

    A token that only one list holds is compared with the least likely token of the other: it cannot be
    likelier than that one, so it counts by how much it is.
    """
    worst = 0.0
    for these, those in ((dict(wanted), dict(got)), (dict(got), dict(wanted))):
        least = min(those.values())
        for token, logprob in these.items():
            difference = abs(logprob - those[token]) if token in those else max(0.0, logprob - least)
            worst = max(worst, difference if math.isfinite(difference) else math.inf)
    return worst


def same_top(wanted: Best, got: Best) -> bool:
    """Is the likeliest token the same? A margin within the tolerance of both decides nothing."""
    margin = wanted[0][1] - wanted[1][1]
    return margin <= 2 * LOGPROB_TOLERANCE or wanted[0][0] == got[0][0]


def divergence(p: Best, q: Best) -> float:
    """KL(p || q) in nats, of the tokens in both lists and of all others as one event: a lower bound."""
    p_of, q_of = dict(p), dict(q)
    shared = p_of.keys() & q_of.keys()
    total = sum(math.exp(p_of[token]) * (p_of[token] - q_of[token]) for token in shared)
    p_rest = 1.0 - sum(math.exp(p_of[token]) for token in shared)
    q_rest = 1.0 - sum(math.exp(q_of[token]) for token in shared)
    if min(p_rest, q_rest) > REST_NOISE:
        total += p_rest * math.log(p_rest / q_rest)
    return max(0.0, total)


def compare_steps(wanted: list[Best], got: list[Best]) -> tuple[float, list[str]]:
    """The worst difference over all steps, and what is wrong beyond the tolerance."""
    if len(wanted) != len(got):
        return math.inf, [f"{len(got)} steps, should be {len(wanted)}"]
    complaints = []
    worst = 0.0
    for step, (these, those) in enumerate(zip(wanted, got)):
        difference = worst_difference(these, those)
        worst = max(worst, difference)
        if difference > LOGPROB_TOLERANCE:
            complaints.append(f"step {step}: log-probabilities differ by {difference:.1e}")
        if not same_top(these, those):
            complaints.append(f"step {step}: likeliest is {those[0][0]}, should be {these[0][0]}")
    return worst, complaints
