"""A Llama of two layers with random weights and one token a byte, as a GGUF file. For tests of everything around the
model: it loads at once, and what it says means nothing. Standard library only."""
from __future__ import annotations

import random
import struct
from pathlib import Path

WIDTH, HEADS, KV_HEADS, FFN, LAYERS, CONTEXT = 64, 4, 2, 128, 2, 32768
SPECIAL = ["<|im_start|>", "<|im_end|>"]
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
UINT32, FLOAT32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
NORMAL, CONTROL = 1, 3
F32 = 0


def byte_alphabet() -> list[str]:
    """GPT-2's: printable bytes stand for themselves, the others, in order, for U+0100 and on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def array(kind: int, items: list[bytes]) -> bytes:
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


def metadata() -> list[tuple[str, int, bytes]]:
    tokens = byte_alphabet() + SPECIAL
    kinds = [NORMAL] * 256 + [CONTROL] * len(SPECIAL)
    sizes = {
        "block_count": LAYERS,
        "embedding_length": WIDTH,
        "feed_forward_length": FFN,
        "context_length": CONTEXT,
        "attention.head_count": HEADS,
        "attention.head_count_kv": KV_HEADS,
    }
    return [
        ("general.architecture", STRING, text("llama")),
        *((f"llama.{name}", UINT32, struct.pack("<I", size)) for name, size in sizes.items()),
        ("llama.attention.layer_norm_rms_epsilon", FLOAT32, struct.pack("<f", 1e-5)),
        ("tokenizer.ggml.model", STRING, text("gpt2")),
        ("tokenizer.ggml.pre", STRING, text("gpt-2")),
        ("tokenizer.ggml.tokens", ARRAY, array(STRING, [text(token) for token in tokens])),
        ("tokenizer.ggml.token_type", ARRAY, array(UINT32 + 1, [struct.pack("<i", kind) for kind in kinds])),
        ("tokenizer.ggml.merges", ARRAY, array(STRING, [])),
        ("tokenizer.ggml.eos_token_id", UINT32, struct.pack("<I", 257)),
        ("tokenizer.ggml.add_bos_token", BOOL, b"\0"),
        ("tokenizer.chat_template", STRING, text(TEMPLATE)),
    ]


def shapes() -> dict[str, tuple[int, ...]]:
    """Of the tensors, in GGUF's order: the fastest dimension first."""
    head_dim = WIDTH // HEADS
    layer = {
        "attn_norm": (WIDTH,),
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH, KV_HEADS * head_dim),
        "attn_v": (WIDTH, KV_HEADS * head_dim),
        "attn_output": (WIDTH, WIDTH),
        "ffn_norm": (WIDTH,),
        "ffn_gate": (WIDTH, FFN),
        "ffn_up": (WIDTH, FFN),
        "ffn_down": (FFN, WIDTH),
    }
    result = {"token_embd.weight": (WIDTH, 256 + len(SPECIAL)), "output_norm.weight": (WIDTH,)}
    for number in range(LAYERS):
        result |= {f"blk.{number}.{name}.weight": shape for name, shape in layer.items()}
    return result


def write_tiny_model(path: Path, seed: int = 1) -> None:
    chance = random.Random(seed)
    entries = metadata()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes()), len(entries))
    for key, kind, value in entries:
        head += text(key) + struct.pack("<I", kind) + value
    data = b""
    for name, shape in shapes().items():
        count = 1
        for size in shape:
            count *= size
        values = [1.0] * count if len(shape) == 1 else [chance.gauss(0.0, 0.15) for _ in range(count)]
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, F32, len(data))
        data += struct.pack(f"<{count}f", *values)
        data += b"\0" * (-len(data) % 32)
    head += b"\0" * (-len(head) % 32)
    path.write_bytes(head + data)
