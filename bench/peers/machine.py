"""What the machine is, and how fast it reads and multiplies."""
from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path
from typing import Any

from engine import Engine
from limits import Limits

ROW_COUNTS = (1, 8, 25, 64, 256, 1024)
BANDWIDTH_BYTES = 1 << 29  # of memory; no cache holds it


def describe(threads: int) -> dict[str, Any]:
    """Processor, memory and system."""
    processor = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        processor.setdefault(name.strip(), value.strip())
    flags = set(processor.get("flags", "").split())
    notable = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return {
        "processor": processor.get("model name", "unknown"),
        "instructions": [flag for flag in notable if flag in flags],
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


def measure(ours: Engine, transformers: Engine, model: dict[str, Any], repeat: int) -> dict[str, Any]:
    """Bytes a second read by all threads, and operations a second by type and row count: of one of the model's matrices
    through torch, and of whole forward passes of ours, attention and all."""
    bandwidth = ours.ask("bandwidth", bytes=BANDWIDTH_BYTES, repeat=repeat)["bytes_per_s"]
    gemm = {
        type: {
            rows: transformers.ask(
                "gemm", type=type, rows=rows, columns=model["ffn"], depth=model["hidden"], seconds=0.3
            )["flops_per_s"]
            for rows in ROW_COUNTS
        }
        for type in ("f32", "bf16")
    }
    best = {type: max(rates.values()) for type, rates in gemm.items()}
    limits = Limits(model, statistics.median(bandwidth), best)
    packed = {}
    for rows in ROW_COUNTS:
        tokens = [(i * 7919 + 13) % model["vocabulary"] for i in range(rows)]
        seconds = min(ours.ask("prefill", tokens=tokens)["seconds"] for _ in range(repeat))
        packed[rows] = (limits.linear_flops(rows, 1) + limits.attention_flops(rows, 0)) / seconds
    return {"bandwidth": bandwidth, "gemm": gemm, "best_gemm": best, "ours_stored": packed}


def limits_of(machine: dict[str, Any], model: dict[str, Any]) -> Limits:
    return Limits(model, statistics.median(machine["bandwidth"]), machine["best_gemm"])


def render(machine: dict[str, Any]) -> str:
    """The rates as lines of text."""
    median = statistics.median(machine["bandwidth"])
    lines = [
        "Machine",
        f"  memory is read at {median / 1e9:.1f} GB/s "
        f"({min(machine['bandwidth']) / 1e9:.1f} - {max(machine['bandwidth']) / 1e9:.1f})",
        "  GFLOP/s by rows               " + "".join(f"{rows:>8}" for rows in ROW_COUNTS),
    ]
    named = {f"torch, {type}": rates for type, rates in machine["gemm"].items()}
    named["ours, stored, whole passes"] = machine["ours_stored"]
    for name, rates in named.items():
        lines.append(f"    {name:<28}" + "".join(f"{rates[rows] / 1e9:>8.0f}" for rows in ROW_COUNTS))
    return "\n".join(lines)
