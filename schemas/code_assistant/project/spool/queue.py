"""spool/queue.py: put, claim, complete and fail jobs. All state changes happen here."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from .backoff import delay
from .job import Job, State
from .store import Store

LEASE_SECONDS = 60.0
MAX_ATTEMPTS = 5


class LeaseLost(Exception):
    """The job is no longer claimed by this worker: its lease ran out and others may have it."""


class Queue:
    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def put(self, kind: str, payload: dict[str, Any], run_in: float = 0.0) -> int:
        """Add a job that may start in run_in seconds; return its id."""
        with self._store.write() as db:
            cursor = db.execute(
                "INSERT INTO jobs (kind, payload, run_at) VALUES (?, ?, ?)",
                (kind, json.dumps(payload), self._clock() + run_in),
            )
            return cursor.lastrowid

    def claim(self, worker: str) -> Job | None:
        """Lease the oldest due job to the worker, or return None.

        Jobs whose lease ran out count as due, so a crashed worker's job is found here.
        """
        now = self._clock()
        with self._store.write() as db:
            row = db.execute(
                "SELECT id FROM jobs WHERE (state = 'ready' AND run_at <= ?)"
                " OR (state = 'claimed' AND lease_until < ?) ORDER BY run_at, id LIMIT 1",
                (now, now),
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE jobs SET state = 'claimed', attempts = attempts + 1,"
                " worker = ?, lease_until = ? WHERE id = ?",
                (worker, now + LEASE_SECONDS, row["id"]),
            )
            return Job.from_row(
                db.execute("SELECT * FROM jobs WHERE id = ?", (row["id"],)).fetchone()
            )

    def extend(self, job: Job) -> None:
        """Renew the lease of a long job; call it well within LEASE_SECONDS."""
        self._update(job, "lease_until = ?", self._clock() + LEASE_SECONDS)

    def complete(self, job: Job) -> None:
        self._update(job, "state = 'done', lease_until = NULL, error = NULL")

    def fail(self, job: Job, error: str) -> State:
        """Schedule the next attempt, or bury the job after MAX_ATTEMPTS; return its new state."""
        state = State.DEAD if job.attempts >= MAX_ATTEMPTS else State.READY
        run_at = self._clock() + delay(job.attempts)
        self._update(
            job,
            "state = ?, run_at = ?, lease_until = NULL, worker = NULL, error = ?",
            state.value,
            run_at,
            error[-1000:],  # the end of a traceback names the exception
        )
        return state

    def retry_dead(self) -> int:
        """Make every dead job ready again with a clean count; return how many there were."""
        with self._store.write() as db:
            return db.execute(
                "UPDATE jobs SET state = 'ready', attempts = 0, run_at = ? WHERE state = 'dead'",
                (self._clock(),),
            ).rowcount

    def stats(self) -> dict[str, int]:
        counts = {state.value: 0 for state in State}
        for row in self._store.read("SELECT state, COUNT(*) AS n FROM jobs GROUP BY state"):
            counts[row["state"]] = row["n"]
        return counts

    def _update(self, job: Job, assignments: str, *args: object) -> None:
        # worker and attempts together name one claim: a second claim changes at least attempts.
        with self._store.write() as db:
            changed = db.execute(
                f"UPDATE jobs SET {assignments}"
                " WHERE id = ? AND state = 'claimed' AND worker = ? AND attempts = ?",
                (*args, job.id, job.worker, job.attempts),
            ).rowcount
        if changed == 0:
            raise LeaseLost(f"job {job.id} is not leased to {job.worker} any more")
