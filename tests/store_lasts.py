#!/usr/bin/env python3
"""Does the store survive what happens to stores? The program is killed, interrupted, run twice at once, on a full disk,
on a read-only store and on damaged files; each time the answers and the artifacts' bytes must be those of an
undisturbed compile. Needs nothing but Python 3 (the model is a tiny one with random weights); what the machine does not permit is skipped, and says so.
Leaves with 1 if something is off.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store_format import read_store
from tiny_model import write_tiny_model

PROGRAM = Path(__file__).resolve().parent.parent / "build" / "pml"
NUM_KILLS = 50
FULL_DISK_BYTES = 100_000
MOST_FILE_BYTES = 4096  # less than an artifact's


class Failure(Exception):
    """Something is not as it must be."""


class Skipped(Exception):
    """The machine does not permit the test."""


def demand(condition: bool, what: object) -> None:
    if not condition:
        raise Failure(str(what))


def schema_text(num_members: int, name: str = "lasts", rules: str = "Answer briefly.") -> str:
    """Rules, two unions and a parameter with a stand-in, so that contexts hold what is not stored."""
    words = ["red", "green", "blue", "old", "new", "round", "flat", "warm", "cold", "loud"]
    members = "\n".join(
        f'<module name="m{i}">Item {i} is {words[i % 10]} and {words[i // 10 % 10]}.</module>' for i in range(num_members)
    )
    return (
        f'<schema name="{name}" context="guaranteed"><system>{rules}</system>\n'
        '<module name="who" required="true">The guest is <parameter name="guest" length="12" scaffold="somebody"/>.</module>\n'
        f'<union name="items">{members}</union>\n'
        '<union name="tone"><module name="kind">Be kind.</module><module name="terse">Be terse.</module></union>\n'
        '<module name="end">Say it in one sentence.</module></schema>\n'
    )


class Pml:
    """The program with one model, in one folder."""

    def __init__(self, binary: Path, model: Path, folder: Path) -> None:
        self.binary, self.model, self.folder = binary.resolve(), model.resolve(), folder

    def write_schema(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def line(self, command: str, store: Path, schema: Path | None = None, *options: str) -> list[str]:
        line = [str(self.binary), command]
        if schema is not None:
            line += [str(schema), "-m", str(self.model)]
        return [*line, "--store", str(store), *options]

    def call(self, line: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=600, **options)

    def json(self, command: str, store: Path, schema: Path | None = None, *options: str) -> dict[str, Any]:
        done = self.call(self.line(command, store, schema, "--json", *options))
        demand(done.returncode == 0, f"{command} left with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def answer(self, store: Path, schema: Path) -> tuple[Any, list[str], dict[str, int]]:
        """What must not change (tokens, log-probabilities), the warnings, and what served the rows."""
        prompt = self.folder / "prompt.pml"
        prompt.write_text('<prompt><who guest="Ada"/><m3/><kind/><end/></prompt>', encoding="utf-8")
        line = self.line("run", store, schema, "--prompt", str(prompt), "--kv", "f32", "--max-tokens", "4", "--logprobs", "5")
        done = self.call([*line, "--json", "--ignore", "text-outside-roles"])
        demand(done.returncode == 0, f"run left with {done.returncode}: {done.stderr}")
        result = json.loads(done.stdout)
        warnings = [text for text in done.stderr.splitlines() if "warning" in text]
        return (result["tokens"], result["logprobs"]), warnings, result["usage"]

    def verify(self, store: Path) -> None:
        done = self.call(self.line("inspect", store, None, "--verify"))
        demand(done.returncode == 0, f"inspect --verify: {done.stdout}{done.stderr}")


def objects(store: Path) -> dict[str, str]:
    """The SHA-256 of every artifact's file, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in store.glob("objects/*/*")}


def num_objects(store: Path) -> int:
    return sum(1 for _ in store.glob("objects/*/*"))


def num_bytes(store: Path) -> int:
    return sum(path.stat().st_size for path in store.glob("objects/*/*"))


def leftovers(store: Path) -> list[str]:
    return sorted(path.name for path in store.glob("tmp/*"))


def snapshot(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of everything below a folder."""
    files = sorted(path for path in folder.rglob("*"))
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def kills(pml: Pml, at: Path) -> str:
    """50 times the program is killed while it compiles; then a compile is as if nothing had been."""
    schema = pml.write_schema("kills.pml", schema_text(800))
    quiet, store = at / "quiet", at / "store"
    start = time.monotonic()
    pml.json("compile", quiet, schema)
    whole = time.monotonic() - start
    wanted = objects(quiet)
    chance = random.Random(4)
    killed, most_left = 0, 0
    while killed < NUM_KILLS:
        if num_objects(store) > len(wanted) / 2:  # no compile is to come to its end
            shutil.rmtree(store)
        process = subprocess.Popen(pml.line("compile", store, schema, "-q"), stderr=subprocess.DEVNULL)
        begun = num_objects(store)
        # While it starts; or after some artifacts, at any moment of the next; or while a file is being written.
        way, goal = chance.random(), begun + chance.randrange(1, 4)
        if way < 0.1:
            time.sleep(chance.uniform(0.0, 0.4 * whole))
        else:
            known = set(leftovers(store))
            while process.poll() is None and num_objects(store) < goal:
                time.sleep(0.001)
            while way < 0.5 and process.poll() is None and set(leftovers(store)) <= known:
                pass
            time.sleep(chance.uniform(0.0, 0.01) if way >= 0.5 else 0.0)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        most_left = max(most_left, len(leftovers(store)))
    demand(not list(store.glob("schemas/*")), "a compile that was killed writes no manifest")
    before = num_objects(store)
    report = pml.json("compile", store, schema)
    demand(report["reused"] >= before - 1, f"{before} artifacts were there, {report['reused']} were used")
    demand(objects(store) == wanted, "the artifacts are not those of an undisturbed compile")
    pml.verify(store)
    pml.json("gc", store, None, "--grace", "0")
    demand(leftovers(store) == [] and objects(store) == wanted, "gc takes what the killed left, and nothing else")
    return f"{killed} kills, {before} of {len(wanted)} artifacts survived them, {most_left} temporary files left"


def interrupt(pml: Pml, at: Path) -> str:
    """Ctrl-C ends a compile soon, with a sentence, and leaves a sound store."""
    schema = pml.write_schema("interrupt.pml", schema_text(400))
    store = at / "store"
    process = subprocess.Popen(
        pml.line("compile", store, schema), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and num_objects(store) < 3:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    demand(process.returncode == 130, f"left with {process.returncode}: {said}")
    demand("interrupted: " in said and "stay in the store" in said, said)
    demand(leftovers(store) == [] and not list(store.glob("schemas/*")), "files are left behind")
    pml.verify(store)
    return said.strip()


def two_at_once(pml: Pml, at: Path) -> str:
    """Two compilers on one store both succeed, with the bytes of one alone."""
    schema = pml.write_schema("two.pml", schema_text(60))
    pml.json("compile", at / "one", schema)
    processes = [subprocess.Popen(pml.line("compile", at / "both", schema, "-q")) for _ in range(2)]
    codes = [process.wait(timeout=600) for process in processes]
    demand(codes == [0, 0], f"they left with {codes}")
    demand(objects(at / "both") == objects(at / "one"), "the artifacts differ")
    demand(leftovers(at / "both") == [], "temporary files are left")
    return f"{num_objects(at / 'both')} artifacts"


def other_shape(content: bytes) -> bytes:
    """The same file, said to hold twice the heads of half the size."""
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size])
    for name in ("k", "v"):
        layers, heads, tokens, head_dim = header[name]["shape"]
        header[name]["shape"] = [layers, heads * 2, tokens, head_dim // 2]
    text = json.dumps(header, separators=(",", ":")).encode().ljust(size)
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


def flipped(content: bytes) -> bytes:
    middle = len(content) * 2 // 3
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def damage(pml: Pml, at: Path) -> str:
    """Cold = warm = on damaged files: the same tokens and log-probabilities to the bit, one warning a file."""
    schema = pml.write_schema("damage.pml", schema_text(6))
    store = at / "store"
    wanted, warnings, usage = pml.answer(store, schema)
    demand(warnings == [] and usage["encoded_tokens"] == usage["cached_tokens"] > 0, f"cold: {usage} {warnings}")
    files = sorted(store.glob("objects/*/*"))
    originals = {path: path.read_bytes() for path in files}
    answer, warnings, usage = pml.answer(store, schema)
    demand(answer == wanted, "warm: another answer than cold")
    demand(warnings == [] and usage["encoded_tokens"] == 0, f"warm: {usage} {warnings}")

    ways: list[Callable[[bytes], bytes]] = [
        flipped,
        other_shape,
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content[: 8 + 40],
        lambda content: originals[files[0]],  # another digest's file
    ]
    demand(len(files) > len(ways) - 1, f"only {len(files)} artifacts to damage")
    damaged = files[1:] if len(files) > len(ways) else files
    for start in range(0, len(ways), len(damaged)):
        chosen = dict(zip(damaged, ways[start:]))
        for path, way in chosen.items():
            path.write_bytes(way(originals[path]))
        demand(pml.call(pml.line("inspect", store, None, "--verify")).returncode == 1, "inspect --verify sees no damage")
        answer, warnings, _ = pml.answer(store, schema)
        demand(answer == wanted, "damaged: another answer")
        demand(len(warnings) == len(chosen), f"{len(chosen)} files are damaged, and there are {len(warnings)} warnings")
        demand({path: path.read_bytes() for path in files} == originals, "the files were not written anew")
    # `compile` names each of them once, and makes it anew.
    files[1].write_bytes(b"")
    done = pml.call(pml.line("compile", store, schema, "--kv", "f32"))
    demand(done.returncode == 0 and done.stderr.count("an artifact is not used") == 1, f"compile: {done.stderr}")
    # A folder in an artifact's place: an empty one gives way, another is named.
    files[1].unlink()
    files[1].mkdir()
    (files[1] / "kept").write_text("mine")
    done = pml.call(pml.line("compile", store, schema, "--kv", "f32"))
    demand(done.returncode == 3 and f"{files[1]}: a folder is in its place; remove that" in done.stderr, done.stderr)
    for line in (pml.line("inspect", store), [*pml.line("inspect", store, schema), "--kv", "f32"]):
        done = pml.call(line)
        demand(done.returncode == 1 and files[1].name in done.stderr, f"inspect: {done.stdout}{done.stderr}")
    (files[1] / "kept").unlink()
    pml.json("compile", store, schema, "--kv", "f32")
    demand(files[1].read_bytes() == originals[files[1]], "the artifact is not in its place")
    # Odd things where an artifact should be.
    files[1].unlink()
    files[1].mkdir()
    files[2].unlink()
    files[2].symlink_to(files[2])
    (store / "objects" / "notes.txt").write_text("hello")
    answer, warnings, _ = pml.answer(store, schema)
    demand(answer == wanted and len(warnings) >= 2, f"odd files: {warnings}")
    pml.json("gc", store, None, "--max-size", "1G")
    return f"{len(ways)} ways, {usage['cached_tokens']} cached tokens"


def reasons(pml: Pml, at: Path) -> str:
    """A compile does what is needed, says why, and says it beforehand."""
    schema = pml.write_schema("reasons.pml", schema_text(4))
    store = at / "store"
    empty = pml.json("compile", at / "none", schema, "--dry-run")
    demand(not (at / "none").exists(), "a dry run makes no store")
    first = pml.json("compile", store, schema)
    demand(first["bytes"] == num_bytes(store), f"{first['bytes']} bytes are reported, {num_bytes(store)} are there")
    demand({item["reason"] for item in first["encode"]} == {"new"}, first["encode"])
    demand(all(empty[key] == first[key] for key in ("encoded", "tokens_encoded", "bytes", "encode")), "dry run differs")
    read_store(store)  # docs/format.md

    alone = at / "alone"
    alone.mkdir()
    shutil.copy(pml.binary, alone / "pml")
    again = Pml(alone / "pml", pml.model, pml.folder).json("compile", store, schema)  # without the engine
    demand(again["encoded"] == 0 and again["reused"] == first["segments"], again)

    twin = pml.json("compile", store, pml.write_schema("twin.pml", schema_text(4, name="twin")))
    demand(twin["encoded"] == 0, "another schema with the same text has the same artifacts")

    pml.write_schema("reasons.pml", schema_text(4).replace("Item 2 is", "Item 2 was"))
    edited = compile_as_foretold(pml, store, schema)
    demand(edited == [("m2", "edited")], edited)
    pml.write_schema("reasons.pml", schema_text(4, rules="Answer at length.").replace("Item 2 is", "Item 2 was"))
    moved = compile_as_foretold(pml, store, schema)
    demand(moved[0] == ("", "edited") and len(moved) == first["segments"], moved)
    demand({reason for module, reason in moved if module} == {"context"}, moved)
    for kv_type in ("bf16", "f32"):
        recipe = compile_as_foretold(pml, store, schema, "--kv", kv_type)
        demand({reason for _, reason in recipe} == {"recipe"} and len(recipe) == first["segments"], recipe)
    gone = sorted(store.glob("objects/*/*"), key=lambda path: path.stat().st_mtime_ns)[-1]
    gone.write_bytes(b"")
    damaged = compile_as_foretold(pml, store, schema, "--kv", "f32")
    demand([reason for _, reason in damaged] == ["damaged"], damaged)
    os.utime(gone, (0, 0))
    pml.json("gc", store, None, "--older-than", "30d")
    demand(not gone.exists(), "gc takes what was not used for long")
    (again,) = pml.json("compile", store, schema, "--kv", "f32")["encode"]
    demand((again["reason"], again["detail"]) == ("new", "was removed from the store"), again)
    read_store_objects = read_store(store)
    pml.verify(store)
    return f"{len(read_store_objects)} artifacts read by the words of docs/format.md"


def compile_as_foretold(pml: Pml, store: Path, schema: Path, *options: str) -> list[tuple[str, str]]:
    """Modules and reasons of a compile, which a dry run must have said before without touching the store."""
    before = snapshot(store)
    foretold = pml.json("compile", store, schema, "--dry-run", *options)
    demand(snapshot(store) == before, "the dry run changed the store")
    done = pml.json("compile", store, schema, *options)
    for key in ("encoded", "reused", "tokens_encoded", "bytes", "encode"):
        demand(foretold[key] == done[key], f"{key}: foretold {foretold[key]}, then {done[key]}")
    return [(item["module"], item["reason"]) for item in done["encode"]]


def in_mount(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a shell script that mounts, where nobody else sees it."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    probe = subprocess.run(["unshare", *user, "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    if probe.returncode != 0:
        raise Skipped("no file systems can be mounted here")
    return subprocess.run(["unshare", *user, "-m", "sh", "-c", script], capture_output=True, text=True, timeout=600)


def read_only(pml: Pml, at: Path) -> str:
    """A read-only store serves; what is not in it is computed in memory, with one warning; compile says no."""
    schema = pml.write_schema("read_only.pml", schema_text(5))
    store = at / "store"
    wanted, _, _ = pml.answer(store, schema)
    pml.json("compile", store, schema)
    next(store.glob("objects/*/*")).unlink()
    complete = at / "complete"
    pml.json("compile", complete, schema)
    quoted = " ".join(map(shlex.quote, pml.line("compile", complete, schema)))
    missing = " ".join(map(shlex.quote, pml.line("compile", store, schema, "--kv", "bf16")))
    prompt = shlex.quote(str(pml.folder / "prompt.pml"))
    run = " ".join(map(shlex.quote, pml.line("run", store, schema, "--kv", "bf16", "--max-tokens", "2", "-q")))
    script = "\n".join(
        f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} || exit 9"
        for folder in (shlex.quote(str(store)), shlex.quote(str(complete)))
    )
    done = in_mount(f"{script}\n{quoted}; echo complete $?\n{missing}; echo missing $?\n{run} --prompt {prompt} >&2; echo run $?")
    demand("complete 0" in done.stdout, f"compile with nothing to do: {done.stdout}{done.stderr}")
    demand("missing 3" in done.stdout and "is read-only" in done.stderr, f"compile: {done.stdout}{done.stderr}")
    demand("run 0" in done.stdout and done.stderr.count("is not kept") == 1, f"run: {done.stdout}{done.stderr}")
    demand(wanted == pml.answer(store, schema)[0], "another answer")
    return "compile 0 (nothing to do) and 3, run 0 with one warning"


def full_disk(pml: Pml, at: Path) -> str:
    """A disk that fills up is an error that damages nothing."""
    schema = pml.write_schema("full.pml", schema_text(40))
    store = at / "store"

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE_BYTES, MOST_FILE_BYTES))

    done = pml.call(pml.line("compile", store, schema), preexec_fn=limit_files)
    demand(done.returncode == 3 and "cannot write" in done.stderr, f"file limit: {done.returncode} {done.stderr}")
    demand(leftovers(store) == [], "temporary files are left")
    pml.verify(store)
    compile_line = " ".join(map(shlex.quote, pml.line("compile", store, schema)))
    verify_line = " ".join(map(shlex.quote, pml.line("inspect", store, None, "--verify")))
    script = (
        f"mount -t tmpfs -o size={FULL_DISK_BYTES} none {shlex.quote(str(store))} || exit 9\n"
        f"{compile_line}; echo compile $?\n{verify_line}; echo verify $?\nls -A {shlex.quote(str(store))}/tmp | wc -l"
    )
    try:
        done = in_mount(script)
    except Skipped:
        said = "only with a limit on file sizes"
    else:
        said = "with a limit on file sizes and on a full tmpfs"
        demand("compile 3" in done.stdout and "No space left" in done.stderr, f"tmpfs: {done.stdout}{done.stderr}")
        demand("verify 0" in done.stdout and done.stdout.split()[-1] == "0", f"tmpfs: {done.stdout}{done.stderr}")
    pml.json("compile", store, schema)
    pml.verify(store)
    return said


def copies(pml: Pml, at: Path) -> str:
    """Copies of a schema share what was compiled; gc takes it when the last of them was compiled to something else."""
    store = at / "store"
    (at / "copy").mkdir()
    text = schema_text(4)
    one, other = pml.write_schema("one.pml", text), pml.write_schema("copy/one.pml", text)
    pml.json("compile", store, one)
    demand(pml.json("compile", store, other)["encoded"] == 0, "a copy is encoded again")
    shared = objects(store)
    (listed,) = pml.json("inspect", store)["schemas"]
    demand([listed["source"], *listed["other_sources"]] == [str(other), str(one)], listed)
    for edited in (one, other):
        demand(set(shared) <= set(objects(store)), f"gc took what {edited} needs")
        edited.write_text(text.replace("Item 2 is", "Item 2 was"), encoding="utf-8")
        pml.json("compile", store, edited)
        time.sleep(1.1)  # the grace period counts seconds
        taken = pml.json("gc", store, None, "--grace", "0")["removed"]
    demand({item["reason"] for item in taken} == {"superseded", "unnamed", "bare"}, taken)
    read_store(store)
    return f"{len(shared)} artifacts shared, {len(taken)} things removed in the end"


def collect(pml: Pml, at: Path) -> str:
    """A manifest that cannot be read protects everything; a gc that fails part-way says what it did."""
    schema = pml.write_schema("collect.pml", schema_text(4))
    store = at / "store"
    pml.json("compile", store, schema)
    held = objects(store)
    (manifest,) = store.glob("schemas/*.json")
    text = manifest.read_text(encoding="utf-8")
    torn = [text[: len(text) // 2], text.replace('"first": 0', '"first": -1'), ""]
    for content in torn:
        manifest.write_text(content, encoding="utf-8")
        done = pml.call(pml.line("gc", store, None, "--grace", "0"))
        demand(done.returncode == 0 and manifest.name in done.stderr, f"gc: {done.stdout}{done.stderr}")
        demand(objects(store) == held, "gc took what a manifest that it cannot read may name")
        seen = pml.call(pml.line("inspect", store, None))
        demand(seen.returncode == 1 and manifest.name in seen.stderr, f"inspect: {seen.stdout}{seen.stderr}")
        with_model = pml.line("inspect", store, schema, "--json")
        for line in (with_model, [part for part in with_model if part not in ("-m", str(pml.model))]):
            seen = pml.call(line)
            demand(seen.returncode == 1 and manifest.name in seen.stderr, f"inspect SCHEMA: {seen.stdout}{seen.stderr}")
            demand("unreadable" in json.loads(seen.stdout) or line is not with_model, seen.stdout)
        done = pml.call(pml.line("compile", store, schema, "--dry-run"))
        demand(done.returncode == 0 and "writes this manifest anew" in done.stderr, f"compile: {done.stderr}")
    done = pml.call(pml.line("compile", store, schema))
    demand(manifest.read_text(encoding="utf-8") == text, f"compile did not write the manifest anew: {done.stderr}")
    # What a link points to is neither counted nor removed.
    elsewhere = at / "elsewhere"
    first = next(path for path in sorted(store.glob("objects/*")))
    shutil.copytree(first, elsewhere)
    shutil.rmtree(first)
    first.symlink_to(elsewhere)
    manifest.unlink()
    taken = pml.json("gc", store, None, "--dry-run", "--grace", "0")["removed"]
    demand(not [item for item in taken if item["path"].startswith(str(first))], taken)
    first.unlink()
    shutil.copytree(elsewhere, first)
    stuck = sorted(store.glob("objects/*"))[0]
    gc = " ".join(map(shlex.quote, pml.line("gc", store, None, "--grace", "0", "--json")))
    done = in_mount(f"mount --bind {stuck} {stuck} && mount -o remount,ro,bind {stuck} || exit 9\n{gc}")
    demand(done.returncode == 3 and "cannot be removed" in done.stderr, f"{done.returncode} {done.stderr}")
    account = json.loads(done.stdout)
    artifacts = [item for item in account["removed"] if item["reason"] == "unnamed"]
    failed = [Path(item["path"]) for item in account["failed"]]
    demand(not account["ok"] and len(artifacts) == len(held) - num_objects(store), account)
    demand(set(stuck.glob("*")) <= set(failed) and account["kept"] == num_objects(store) > 0, account)
    return f"{len(torn)} torn manifests; {len(artifacts)} artifacts removed, {account['kept']} could not be"


TESTS = [reasons, copies, collect, damage, two_at_once, read_only, full_disk, interrupt, kills]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", metavar="TEST", nargs="*", help="tests to do (default: all)")
    parser.add_argument("--pml", type=Path, default=PROGRAM, help="the program")
    parser.add_argument("--model", type=Path, help="a model, a GGUF file (default: the tiny one)")
    arguments = parser.parse_args()
    failed = 0
    for test in TESTS:
        if arguments.names and test.__name__ not in arguments.names:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="pml-store-") as folder:
            model = arguments.model or Path(folder) / "tiny.gguf"
            if not arguments.model:
                write_tiny_model(model)
            try:
                verdict, said = "ok", test(Pml(arguments.pml, model, Path(folder)), Path(folder))
            except Skipped as reason:
                verdict, said = "skipped", str(reason)
            except Failure as reason:
                verdict, said = "WRONG", str(reason)
                failed += 1
        print(f"{verdict:8}{test.__name__:12} {time.monotonic() - start:5.1f} s  {said}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
