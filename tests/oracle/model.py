"""The model as `transformers` runs it, with exact RoPE angles and KV rounded to a KV type.

Nothing here knows of schemas, segments or artifacts: tokens at positions go in, keys, values and logits
come out. The arithmetic is that of `LlamaForCausalLM.forward`, in f32. Two of its parts are replaced:

* the rotary embedding: angles are computed in f64, and cosine and sine rounded once to f32;
* the cache: it rounds keys and values to the KV type before attention reads them, so that the rows of the
  very same pass are read rounded, too.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import Digits
from tokenizers.pre_tokenizers import Sequence as PreTokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.cache_utils import DynamicCache

KV_TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Kv:
    """Keys (after RoPE) and values of some rows, rounded to a KV type and held as f32."""

    k: torch.Tensor  # [layers, kv_heads, rows, head_dim]
    v: torch.Tensor  # [layers, kv_heads, rows, head_dim]
    positions: tuple[int, ...]  # [rows], in position slots

    def rows(self, which: list[int]) -> Kv:
        """The rows with these indices, in this order."""
        return Kv(self.k[:, :, which], self.v[:, :, which], tuple(self.positions[row] for row in which))


def concatenate(parts: list[Kv]) -> Kv:
    """All rows of `parts`, in the order given."""
    positions = tuple(position for part in parts for position in part.positions)
    return Kv(torch.cat([part.k for part in parts], 2), torch.cat([part.v for part in parts], 2), positions)


def exact_frequencies(rope: dict, head_dim: int) -> torch.Tensor:
    """Radians a slot of each pair, [head_dim / 2], f64, with the model's RoPE scaling."""
    exponents = torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim
    frequencies = 1.0 / rope["rope_theta"] ** exponents
    if rope["rope_type"] == "default":
        return frequencies
    if rope["rope_type"] == "linear":
        return frequencies / rope["factor"]
    if rope["rope_type"] == "llama3":
        # By wavelength: the short ones stay, the long ones are stretched, those between are interpolated.
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        waves = rope["original_max_position_embeddings"] * frequencies / (2 * torch.pi)
        smooth = (waves - low) / (high - low)
        between = (1 - smooth) * frequencies / rope["factor"] + smooth * frequencies
        return torch.where(waves < low, frequencies / rope["factor"], torch.where(waves > high, frequencies, between))
    raise ValueError(f"RoPE scaling '{rope['rope_type']}' is not covered by this oracle")


class ExactRope(torch.nn.Module):
    """Stands in for the rotary embedding of `transformers`, which computes angles in f32."""

    def __init__(self, frequencies: torch.Tensor) -> None:
        super().__init__()
        self.frequencies = frequencies  # [head_dim / 2], f64, radians a slot

    def forward(self, x: torch.Tensor, position_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and sine [batch, rows, head_dim] in the type of `x` for position_ids [batch, rows]."""
        angles = position_ids[..., None].to(torch.float64) * self.frequencies
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def use_exact_rope(model: torch.nn.Module) -> None:
    """Puts ExactRope into a decoder. Its frequencies have to be those that `transformers` computes in f32."""
    config = model.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    frequencies = exact_frequencies(config.rope_parameters, head_dim)
    torch.testing.assert_close(model.model.rotary_emb.inv_freq.double(), frequencies, rtol=1e-6, atol=0)
    model.model.rotary_emb = ExactRope(frequencies)


class RoundingCache(DynamicCache):
    """What attention reads are keys and values after rounding to `kv_type`."""

    def __init__(self, kv_type: str) -> None:
        super().__init__()
        self.kv_type = KV_TYPES[kv_type]

    def update(self, key_states, value_states, layer_idx, *args, **kwargs):
        """Appends [1, kv_heads, rows, head_dim] to a layer; returns all of the layer's rows."""
        keys = key_states.to(self.kv_type).to(key_states.dtype)
        values = value_states.to(self.kv_type).to(value_states.dtype)
        return super().update(keys, values, layer_idx, *args, **kwargs)

    def append(self, layer: int, past: Kv) -> None:
        """Appends a layer's rows of `past` as they are."""
        super().update(past.k[layer : layer + 1], past.v[layer : layer + 1], layer)


class Oracle:
    """A Llama-architecture model of a GGUF file in f32, its quantised blocks dequantised exactly."""

    def __init__(self, model: Path, threads: int = 2) -> None:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        source = {"pretrained_model_name_or_path": str(model.parent), "gguf_file": model.name}
        self.model = AutoModelForCausalLM.from_pretrained(
            **source, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        use_exact_rope(self.model)
        self.vocab_size: int = self.model.config.vocab_size
        self.tokenizer = plain_text_tokenizer(source)
        self.end_tokens = {self.tokenizer.token_to_id(token) for token in ("<|im_end|>", "<|endoftext|>")}

    def relocated(self, kv: Kv, shift: int) -> Kv:
        """The rows as they are `shift` positions further on: keys rotated in f64, and rounded once to f32."""
        if shift == 0:
            return kv
        frequencies = self.model.model.rotary_emb.frequencies
        turn = torch.polar(torch.ones_like(frequencies), shift * frequencies)  # [head_dim / 2]
        first, second = kv.k.double().chunk(2, dim=-1)  # the pairs are halves of a head
        turned = torch.complex(first, second) * turn
        k = torch.cat((turned.real, turned.imag), dim=-1).to(kv.k.dtype)
        return Kv(k, kv.v, tuple(position + shift for position in kv.positions))

    def prefill(
        self,
        tokens: list[int],
        positions: list[int],
        past: Kv | None = None,
        kv_type: str = "f32",
        keep_logits: int = 1,
    ) -> tuple[Kv, torch.Tensor]:
        """One forward pass over new rows, after the rows of `past`, if any.

        A row sees every row, old or new, at a position at or before its own, in whatever order they stand.
        Returns the new rows' KV, and the logits [keep_logits, vocabulary] of the last rows given.
        """
        cache = RoundingCache(kv_type)
        num_past = 0
        if past is not None:
            num_past = len(past.positions)
            for layer in range(past.k.shape[0]):
                cache.append(layer, past)
        queries = torch.tensor(positions)
        keys = torch.tensor([*(past.positions if past else ()), *positions])
        mask = torch.zeros(1, 1, len(queries), len(keys))  # additive
        mask[0, 0].masked_fill_(keys[None, :] > queries[:, None], float("-inf"))
        output = self.model(
            input_ids=torch.tensor([tokens]),
            position_ids=queries[None],
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep_logits,
        )
        k = torch.cat([layer.keys[:, :, num_past:] for layer in cache.layers])
        v = torch.cat([layer.values[:, :, num_past:] for layer in cache.layers])
        return Kv(k, v, tuple(positions)), output.logits[0]


def plain_text_tokenizer(source: dict[str, str]) -> Tokenizer:
    """The model's tokenizer, reading special tokens that stand in a text as text.

    What `transformers` makes of a GGUF file lacks the digit split of the `smollm` pre-tokeniser.
    """
    tokenizer = AutoTokenizer.from_pretrained(**source).backend_tokenizer
    tokenizer.pre_tokenizer = PreTokenizers([Digits(individual_digits=True), tokenizer.pre_tokenizer])
    tokenizer.encode_special_tokens = True
    return tokenizer
