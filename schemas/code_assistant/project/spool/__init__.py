"""spool: a small durable job queue in one SQLite file."""

from .job import Job, State
from .queue import LeaseLost, Queue
from .store import Store
from .worker import Worker

__all__ = ["Job", "LeaseLost", "Queue", "State", "Store", "Worker"]
