"""An independent reader of the store, written from docs/format.md alone. Standard library only; checksums are compared
where the package `xxhash` is installed."""
from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

try:
    import xxhash
except ImportError:
    xxhash = None

ELEMENT_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
KV_TYPES = {"F32": "f32", "F16": "f16", "BF16": "bf16"}


class FormatError(Exception):
    """A file is not what docs/format.md says."""


def demand(condition: bool, what: str) -> None:
    if not condition:
        raise FormatError(what)


def int32(number: int) -> bytes:
    return struct.pack("<i", number)


def chain_digest(recipe: str, origin: int, context: list[str], first: int, tokens: list[int]) -> str:
    """The digest of a segment, given the digests of its context."""
    if context:
        before = bytes.fromhex(context[-1])
    else:
        recipe_digest = hashlib.sha256(recipe.encode()).digest()
        before = hashlib.sha256(b"pml-chain-1" + recipe_digest + int32(origin)).digest()
    step = before + int32(first - origin) + int32(len(tokens)) + b"".join(map(int32, tokens))
    return hashlib.sha256(step).hexdigest()


def read_object(path: Path) -> dict[str, str]:
    """The metadata of an artifact's file, after everything about the file was checked."""
    content = path.read_bytes()
    (header_bytes,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + header_bytes])
    data = content[8 + header_bytes :]
    demand((8 + header_bytes) % 64 == 0, "the data begins at a multiple of 64 bytes")
    metadata = header["__metadata__"]
    k, v = header["k"], header["v"]
    layers, heads, num_tokens, head_dim = k["shape"]
    size = layers * heads * num_tokens * head_dim * ELEMENT_BYTES[k["dtype"]]
    demand(k["shape"] == v["shape"] and k["dtype"] == v["dtype"], "k and v are alike")
    demand(k["data_offsets"] == [0, size] and v["data_offsets"] == [size, 2 * size], "k, then v")
    demand(len(data) == 2 * size, "the file ends with v")

    tokens = json.loads(metadata["tokens"])
    first, last = json.loads(metadata["positions"])
    context = json.loads(metadata["context"])
    demand(len(tokens) == num_tokens == last - first + 1, "one position and one row a token")
    demand(json.loads(metadata["recipe"])["kv_type"] == KV_TYPES[k["dtype"]], "the recipe's KV type is the tensors'")
    digest = chain_digest(metadata["recipe"], int(metadata["origin"]), context, first, tokens)
    demand(metadata["digest"] == digest, "the digest follows from recipe, context, positions and tokens")
    demand(path.name == f"{digest}.safetensors" and path.parent.name == digest[:2], "the name is the digest")
    if xxhash is not None:
        demand(metadata["checksum"] == xxhash.xxh3_128_hexdigest(data), "the checksum is XXH3-128 of the data")
    return metadata


def read_store(store: Path) -> dict[str, dict[str, str]]:
    """The metadata of all artifacts, by digest; every manifest's digests follow from its own entries too."""
    objects = {path.stem: read_object(path) for path in sorted(store.glob("objects/??/*.safetensors"))}
    for path in store.glob("schemas/*.json"):
        segments = json.loads(path.read_text(encoding="utf-8"))["segments"]
        for segment in segments:
            if not segment["context"]:
                continue
            metadata = objects.get(segment["digest"])
            demand(metadata is not None, f"{segment['module']}: the manifest's artifact is stored")
            chain = []
            parent = segment["parent"]
            while parent >= 0:
                chain.insert(0, segments[parent]["digest"])
                parent = segments[parent]["parent"]
            demand(json.loads(metadata["context"]) == chain, f"{segment['module']}: parents give the context")
            packed = b"".join(map(int32, json.loads(metadata["tokens"])))
            demand(segment["text_digest"] == hashlib.sha256(packed).hexdigest(), "text_digest is of the token IDs")
    return objects
