"""The coordinator's side of the pipe: starts an engine's process, asks it, and ends it."""
from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

# Long enough for an engine's threads to have gone to sleep: OpenMP's spin for some milliseconds after a loop.
PAUSE_SECONDS = 0.1


class EngineError(Exception):
    """An engine ended, or says that it could not do what it was asked for."""


class Engine:
    """One process that holds a model. Idle unless it is being asked."""

    def __init__(self, name: str, line: list[str], environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.line = line
        self.environment = environment or {}
        self.process = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment},
        )

    @property
    def command(self) -> str:
        """As one would type it."""
        return " ".join([*(f"{name}={value}" for name, value in self.environment.items()), *self.line])

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one command. Raises EngineError."""
        time.sleep(PAUSE_SECONDS)
        assert self.process.stdin and self.process.stdout
        try:
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise EngineError(f"{self.name} ended while it was asked to {do}")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(f"{self.name} could not {do}: {answer['error']}")
        return answer

    def idle_share(self, seconds: float) -> float:
        """Processor time that the engine takes while nobody asks it, in shares of one core."""
        before = self._processor_seconds()
        time.sleep(seconds)
        return (self._processor_seconds() - before) / seconds

    def _processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """The process ends when its standard input does."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
