"""spool/backoff.py: how long a failed job waits before its next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable

BASE_SECONDS = 2.0
CAP_SECONDS = 300.0
JITTER = 0.1


def delay(attempts: int, rng: Callable[[], float] = random.random) -> float:
    """Seconds to wait after the given number of attempts: 2, 4, 8, ... up to the cap.

    Up to JITTER of the delay is taken off at random, so that jobs which failed together
    do not come back together. The result never exceeds CAP_SECONDS.
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, not {attempts}")
    # The exponent is bounded so that a huge count cannot overflow the float.
    full = min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(attempts - 1, 32))
    return full * (1.0 - JITTER * rng())
