"""spool/job.py: the record of one job and the states it passes through."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from enum import Enum
from typing import Any


class State(str, Enum):
    READY = "ready"  # waiting for a worker, not before run_at
    CLAIMED = "claimed"  # leased to a worker until lease_until
    DONE = "done"
    DEAD = "dead"  # failed too often; kept for inspection


@dataclass(frozen=True)
class Job:
    """A snapshot of one row. Changes go through Queue, never through this object."""

    id: int
    kind: str
    payload: dict[str, Any]
    state: State
    attempts: int  # claims so far, the current one included
    run_at: float  # seconds since the epoch
    lease_until: float | None
    worker: str | None
    error: str | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Job:
        values = {key: row[key] for key in row.keys()}
        values["payload"] = json.loads(values["payload"])
        values["state"] = State(values["state"])
        return cls(**values)
