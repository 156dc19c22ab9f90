"""The least time that a machine's rates allow for what a row measures.

Rates are measured in the same run (machine.py). Sizes are those of the model as `pml_bench_server` states them: a
product of [rows, depth] and [depth, columns] is 2 * rows * depth * columns operations.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What a kernel is expected to reach of the measured rates (issue: the limit of TTFT).
GEMM_SHARE = 0.6
BANDWIDTH_SHARE = 0.8


@dataclass(frozen=True)
class Limits:
    model: dict[str, Any]  # pml_bench_server's `info`
    bandwidth: float  # bytes a second
    gemm: dict[str, float]  # operations a second by type, the best over row counts

    def gemm_rate(self, weights: str) -> float:
        """Of the type that products are computed in; for blocks of 4 to 8 bits the machine's fastest."""
        return self.gemm.get(weights, max(self.gemm.values()))

    def weight_bytes(self, weights: str) -> float:
        """Read once by every forward pass: all matrices, the embedding as the head."""
        if weights == "stored":
            return self.model["tensor_bytes"]
        return self._matrix_values() * (4 if weights == "f32" else 2)

    def kv_bytes(self, rows: int) -> float:
        """In 16 bits."""
        return rows * self.model["kv_bytes_per_row"]

    def linear_flops(self, rows: int, logits: int) -> float:
        """Of all products with weights for so many rows, `logits` of which go through the head."""
        head = self.model["vocabulary"] * self.model["hidden"]
        return 2.0 * (rows * (self._matrix_values() - head) + logits * head)

    def attention_flops(self, new: int, cached: int) -> float:
        """Scores and sums of values of `new` rows over the cached ones, and over those of their own before them."""
        width = self.model["heads"] * self.model["head_dim"]
        return 4.0 * width * self.model["layers"] * (new * cached + new * (new + 1) / 2)

    def ttft(self, alone_seconds: float, cached: int, new: int, weights: str) -> float:
        """Seconds: the new tokens alone, and their attention over the cached rows, computed and read one after the
        other at the shares above."""
        attention = self.attention_flops(new, cached) / (GEMM_SHARE * self.gemm_rate(weights))
        return alone_seconds + attention + self.kv_bytes(cached) / (BANDWIDTH_SHARE * self.bandwidth)

    def prefill(self, rows: int, weights: str) -> float:
        """Tokens a second at the whole GEMM rate."""
        flops = self.linear_flops(rows, 1) + self.attention_flops(rows, 0)
        return rows * self.gemm_rate(weights) / flops

    def decode(self, requests: int, shared: int, own: int, weights: str) -> float:
        """Tokens a second in all, of requests with so many shared rows and own rows each: weights and KV are read once
        a step at the whole bandwidth, or products take longer."""
        read = (self.weight_bytes(weights) + self.kv_bytes(shared + requests * own)) / self.bandwidth
        flops = self.linear_flops(requests, requests) + requests * self.attention_flops(1, shared + own)
        return requests / max(read, flops / self.gemm_rate(weights))

    def prompts(self, live: list[int], cached: list[int], steps: int, weights: str) -> float:
        """Prompts a second: all live rows at the GEMM rate, then `steps` - 1 passes that read the weights once and
        every request's KV."""
        prefill = sum(
            self.linear_flops(new, 1) + self.attention_flops(new, held) for new, held in zip(live, cached, strict=True)
        )
        rate = self.gemm_rate(weights)
        step_flops = sum(self.attention_flops(1, new + held) for new, held in zip(live, cached, strict=True))
        step_flops += self.linear_flops(len(live), len(live))
        step = max(self.weight_bytes(weights) / self.bandwidth, step_flops / rate)
        return len(live) / (prefill / rate + (steps - 1) * step)

    def _matrix_values(self) -> int:
        """Values of all matrices; the head counts once, as it is the embedding too."""
        m = self.model
        width, kv_width = m["heads"] * m["head_dim"], m["kv_heads"] * m["head_dim"]
        layer = m["hidden"] * (2 * width + 2 * kv_width + 3 * m["ffn"])
        return m["layers"] * layer + m["vocabulary"] * m["hidden"]
