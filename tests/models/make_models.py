#!/usr/bin/env python3
"""Makes the tiny random models of this folder: each as a Hugging Face folder and as a GGUF file.

    tests/models/make_models.py     writes all of them anew; tests/oracle/model_goldens.py then makes their goldens

Both forms of a model hold the same weights to the bit: what the GGUF file stores quantised, the folder stores
dequantised. The weights are wide, so that attention is peaked and a token at a wrong position shows. Needs what
tests/oracle/requirements.txt names.
"""
from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

FOLDER = Path(__file__).resolve().parent
SCHEMAS = FOLDER.parent.parent / "schemas"
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCAB_SIZE = 320
MAX_POSITIONS = 8192
CHAT_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3_SCALING = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 1024,
}


@dataclass(frozen=True)
class TinyModel:
    """One model: its configuration, and how its two forms are written."""

    name: str
    config_class: type[PreTrainedConfig]
    settings: dict[str, Any]
    dtype: torch.dtype  # of the folder's tensors
    architecture: str  # in GGUF
    quantized: dict[str, str] = field(default_factory=dict)  # GGUF type by the tensor's name in GGUF, without ".weight"
    shard_size: str | None = None
    old_config: bool = False  # `rope_theta` and `rope_scaling` instead of `rope_parameters`


MODELS = [
    TinyModel(
        "llama-llama3-scaling", LlamaConfig, {"rope_parameters": LLAMA3_SCALING}, torch.float16, "llama",
        shard_size="100KB",
    ),
    TinyModel(
        "llama-bias-linear", LlamaConfig,
        {
            "attention_bias": True,
            "tie_word_embeddings": True,
            "rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
            "num_key_value_heads": 4,
        },
        torch.float16, "llama", old_config=True,
    ),
    TinyModel(
        "mistral", MistralConfig, {"head_dim": 32, "sliding_window": None, "num_key_value_heads": 1}, torch.bfloat16,
        "llama",
    ),
    TinyModel(
        "qwen2", Qwen2Config,
        {"tie_word_embeddings": True, "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}},
        torch.float16, "qwen2",
    ),
    TinyModel(
        "qwen3", Qwen3Config,
        {"head_dim": 32, "num_attention_heads": 8, "intermediate_size": 256, "tie_word_embeddings": True},
        torch.float32, "qwen3",
        quantized={
            "token_embd": "Q8_0",
            "blk.0.attn_q": "Q5_0", "blk.0.attn_k": "Q5_1", "blk.0.attn_v": "Q4_0", "blk.0.attn_output": "Q4_1",
            "blk.0.ffn_gate": "Q8_0", "blk.0.ffn_up": "BF16", "blk.0.ffn_down": "Q4_K",
            "blk.1.attn_q": "Q8_0", "blk.1.attn_k": "Q8_0", "blk.1.attn_v": "Q5_0", "blk.1.attn_output": "Q5_K",
            "blk.1.ffn_gate": "F16", "blk.1.ffn_up": "Q5_1", "blk.1.ffn_down": "Q6_K",
        },
    ),
]  # fmt: skip


# --- tokenizer


def train_tokenizer() -> Tokenizer:
    """A byte-level BPE, as GPT-2's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train([str(path) for path in sorted(SCHEMAS.glob("*.pml"))], trainer)
    return tokenizer


# --- weights


def random_k_quants(shape: tuple[int, ...], type: gguf.GGMLQuantizationType, random: np.random.Generator) -> np.ndarray:
    """Random blocks of a type that the `gguf` package reads but does not write, of the other weights' size."""
    elements, size_bytes = gguf.GGML_QUANT_SIZES[type]
    count = int(np.prod(shape)) // elements
    blocks = random.integers(0, 256, (count, size_bytes), dtype=np.uint8)

    def put(offset: int, mean: float) -> None:
        halves = np.float16(mean * random.uniform(0.7, 1.3, count))
        blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(count, 2)

    if type == gguf.GGMLQuantizationType.Q6_K:
        put(size_bytes - 2, 0.0002)  # times a scale up to 128 and a quant up to 32
    else:
        quants = 15 if type == gguf.GGMLQuantizationType.Q4_K else 31
        put(0, 0.6 / 31 / quants)  # times scales around 31, less minima of half the range
        put(2, 0.3 / 31)
    return blocks.reshape(*shape[:-1], -1)


def random_model(spec: TinyModel, seed: int) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The model in f32 with weights that `spec` can store, and those of them that GGUF stores as blocks."""
    settings = {
        "vocab_size": VOCAB_SIZE,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": MAX_POSITIONS,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": 0,
        "pad_token_id": None,
    } | spec.settings
    model = AutoModelForCausalLM.from_config(spec.config_class(**settings), dtype=torch.float32)
    random = np.random.default_rng(seed)
    blocks = {}
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        if name.endswith(("q_norm.weight", "k_norm.weight")):
            values = 2 + 0.3 * random.standard_normal(shape)
        elif name.endswith("norm.weight"):
            values = 1 + 0.2 * random.standard_normal(shape)
        elif name.endswith(".bias"):
            values = 0.5 * random.standard_normal(shape)
        else:
            values = random.standard_normal(shape) * (0.15 if "lm_head" in name or "embed" in name else 0.3)
        values = torch.tensor(values, dtype=torch.float32).to(spec.dtype).float().numpy()
        kind = spec.quantized.get(gguf_name(name).removesuffix(".weight"))
        if kind is not None:
            type = gguf.GGMLQuantizationType[kind]
            if kind.endswith("_K"):
                blocks[name] = random_k_quants(shape, type, random)
            else:
                blocks[name] = gguf.quantize(np.ascontiguousarray(values), type)
            values = gguf.dequantize(blocks[name], type).reshape(shape)
        parameter.data = torch.tensor(values, dtype=torch.float32)
    return model.eval(), blocks


# --- Hugging Face


def write_folder(spec: TinyModel, model: torch.nn.Module, tokenizer: Tokenizer) -> None:
    folder = FOLDER / spec.name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(spec.dtype).save_pretrained(folder, **({"max_shard_size": spec.shard_size} if spec.shard_size else {}))
    model.float()
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 2]}) + "\n")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    template = folder / "chat_template.jinja"  # in one folder beside the configuration, in the others inside
    if spec.old_config:
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        settings["chat_template"] = template.read_text()
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
        template.unlink()
        config = json.loads((folder / "config.json").read_text())
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = {"type": rope.pop("rope_type"), **rope}
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


# --- GGUF

GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def gguf_name(name: str) -> str:
    """"model.layers.1.mlp.up_proj.weight" -> "blk.1.ffn_up.weight"."""
    stem, kind = name.rsplit(".", 1)
    if stem.startswith("model.layers."):
        number, stem = stem.removeprefix("model.layers.").split(".", 1)
        return f"blk.{number}.{GGUF_NAMES[stem]}.{kind}"
    return f"{GGUF_NAMES[stem]}.{kind}"


def interleave(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of Q or K (or of a bias) in the order that files of architecture `llama` have."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def llama3_divisors(config: PreTrainedConfig) -> np.ndarray:
    """What Llama 3.1's scaling divides each frequency by, as converters write it."""
    rope = config.rope_parameters
    head_dim = config.head_dim or config.hidden_size // config.num_attention_heads
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    divisors = []
    for exponent in np.arange(0, head_dim, 2) / head_dim:
        wavelength = 2 * np.pi * rope["rope_theta"] ** exponent
        if wavelength < high:
            divisors.append(1.0)
        elif wavelength > low:
            divisors.append(rope["factor"])
        else:
            smooth = rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]
            smooth /= rope["high_freq_factor"] - rope["low_freq_factor"]
            divisors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(divisors, dtype=np.float32)


def write_gguf(spec: TinyModel, model: torch.nn.Module, blocks: dict[str, Any], tokenizer: Tokenizer) -> None:
    config = model.config
    writer = gguf.GGUFWriter(FOLDER / f"{spec.name}.gguf", spec.architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if getattr(config, "head_dim", None):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if config.rope_parameters["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_parameters["factor"])
    if config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(config))

    vocabulary = json.loads(tokenizer.to_str())["model"]
    tokens = [tokenizer.id_to_token(id) for id in range(VOCAB_SIZE)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in SPECIAL_TOKENS else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in vocabulary["merges"]])
    writer.add_eos_token_id(0)
    writer.add_eot_token_id(2)
    writer.add_chat_template(CHAT_TEMPLATE)

    for name, parameter in model.named_parameters():
        values = blocks.get(name)
        kind = spec.quantized.get(gguf_name(name).removesuffix(".weight"), "F32")
        if values is None:
            values = parameter.detach().numpy()
            if values.ndim == 2 and spec.dtype == torch.float16:
                values = values.astype(np.float16)
                kind = "F16"
            elif values.ndim == 2 and spec.dtype == torch.bfloat16:
                values = gguf.quantize(values, gguf.GGMLQuantizationType.BF16)
                kind = "BF16"
        if spec.architecture == "llama" and ".q_proj." in name:
            values = interleave(values, config.num_attention_heads)
        if spec.architecture == "llama" and ".k_proj." in name:
            values = interleave(values, config.num_key_value_heads)
        writer.add_tensor(gguf_name(name), np.ascontiguousarray(values), raw_dtype=gguf.GGMLQuantizationType[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    torch.set_grad_enabled(False)
    tokenizer = train_tokenizer()
    for seed, spec in enumerate(MODELS):
        model, blocks = random_model(spec, seed)
        write_folder(spec, model, tokenizer)
        write_gguf(spec, model, blocks, tokenizer)
        print(f"{spec.name}: {sum(parameter.numel() for parameter in model.parameters())} parameters")


if __name__ == "__main__":
    main()
