"""The engines that are compared: ours by type of weights, `transformers`, llama.cpp."""
from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from engine import Engine

HERE = Path(__file__).resolve().parent
WEIGHTS = ("stored", "bf16", "f32")


@dataclass(frozen=True)
class Setup:
    """What all engines are given."""

    server: Path  # pml_bench_server
    model: Path  # GGUF
    threads: int
    folder: Path  # for schemas and stores; removed in the end


def start_ours(setup: Setup, weights: str) -> Engine:
    line = [str(setup.server), "-m", str(setup.model), "--store", str(setup.folder / "store")]
    line += ["--weights", weights, "--threads", str(setup.threads)]
    # OpenMP's threads (oneDNN's, for f32 and bf16) spin as briefly as in the program.
    return Engine(f"ours {weights}", line, {"GOMP_SPINCOUNT": "1000"})


def start_peer(setup: Setup, name: str) -> Engine:
    """`name` is "transformers" or "llama"."""
    line = [sys.executable, str(HERE / f"{name}_worker.py"), "--model", str(setup.model)]
    return Engine(name, [*line, "--threads", str(setup.threads)], {"TQDM_DISABLE": "1"})


class Engines:
    """All of them, idle. A context manager, so that none is left behind."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.ours: dict[str, Engine] = {}
        self.all: list[Engine] = []
        try:
            self.transformers = self._add(start_peer(setup, "transformers"))
            self.llama = self._add(start_peer(setup, "llama"))
            for weights in WEIGHTS:
                self.ours[weights] = self._add(start_ours(setup, weights))
            self.info = {engine.name: engine.ask("info") for engine in self.all}
            self._warm()
        except BaseException:
            self.close()
            raise

    @property
    def model(self) -> dict:
        return self.info["ours stored"]

    def _add(self, engine: Engine) -> Engine:
        self.all.append(engine)
        return engine

    def _warm(self) -> None:
        """The first pass of a process loads code and makes threads."""
        tokens = list(range(100, 164))
        self.llama.ask("prefill", tokens=tokens)
        for engine in self.ours.values():
            engine.ask("prefill", tokens=tokens)
        for type in ("f32", "bf16"):
            self.transformers.ask("prefill", type=type, tokens=tokens)

    def close(self) -> None:
        for engine in self.all:
            engine.close()

    def __enter__(self) -> Engines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
