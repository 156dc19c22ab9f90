"""spool/worker.py: takes jobs from a queue and calls the handler of their kind."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from typing import Any

from .queue import LeaseLost, Queue

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any]], object]


class Worker:
    def __init__(self, queue: Queue, name: str, idle_seconds: float = 1.0) -> None:
        self._queue = queue
        self._name = name
        self._idle_seconds = idle_seconds
        self._handlers: dict[str, Handler] = {}
        self._stop = threading.Event()

    def register(self, kind: str, handler: Handler) -> None:
        if kind in self._handlers:
            raise ValueError(f"kind {kind!r} already has a handler")
        self._handlers[kind] = handler

    def run_once(self) -> bool:
        """Handle one job. False if none was due."""
        job = self._queue.claim(self._name)
        if job is None:
            return False
        try:
            try:
                self._handlers[job.kind](job.payload)
            except Exception:
                state = self._queue.fail(job, traceback.format_exc(limit=-3))
                log.warning("job %d (%s) failed and is now %s", job.id, job.kind, state.value)
            else:
                self._queue.complete(job)
        except LeaseLost:
            # Somebody else has the job. The work may be done twice; see the README.
            log.warning("job %d outlived its lease", job.id)
        return True

    def run(self) -> None:
        """Handle jobs until stop() is called, from a signal handler or another thread."""
        while not self._stop.is_set():
            if not self.run_once():
                self._stop.wait(self._idle_seconds)

    def stop(self) -> None:
        self._stop.set()
