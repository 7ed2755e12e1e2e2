"""What a training depends on outside its key, as one hash: packages, settings, instruction set.

A record that is taken from a cache was made somewhere else. So more is compared than within one
artifact folder, and coarsely: any other version of any package is another hash.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import noisecore
from noisecore.memory import read_system
from noisecore.running import compat

# Whatever of noisecore could change a number; more than `source_sha256` covers.
_TRAINS = ("code", "data", "noise", "records", "running")
_ALONE = ("callables.py", "functions.py", "imports.py", "memory.py", "models.py", "recipes.py")

# The beginnings of variables that TensorFlow, the libraries below it, or Python read.
_VARIABLES = (
    "BLIS_", "CUBLAS_", "CUDA_", "CUDNN_", "DNNL_", "DYLD_", "EIGEN_", "GLIBC_", "GOMP_", "HIP_",
    "ITEX_", "KERAS_", "KMP_", "LD_", "MKL_", "NPY_", "NUMEXPR_", "NVIDIA_", "OMP_", "ONEDNN_",
    "OPENBLAS_", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "ROCM_", "ROCR_", "TF2_", "TF_", "TPU_",
    "XLA_",
)  # fmt: skip
_KERAS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


def surroundings() -> str:
    """Return the hash of what a training in a child of this process depends on, outside its key."""
    # A worker gets these from the run, whatever they are here.
    given = compat.settings(1)
    told = {
        "packages": _packages(tuple(map(_changed, sys.path))),
        "noisecore": _source(),
        "python": sys.version,
        "libc": platform.libc_ver(),
        "instructions": _instructions(),
        "variables": {
            name: value
            for name, value in os.environ.items()
            if name.startswith(_VARIABLES) and name not in given
        },
        "keras": _keras_settings(),
    }
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:20]


@lru_cache(maxsize=1)
def _packages(changed: tuple[int, ...]) -> list[str]:
    """Return each installed package with its version, and with its content if it has no release.

    changed: when each of the folders with packages was; they are not read again before.
    """
    return sorted({_package(each) for each in distributions()} - {""})


def _package(found: Distribution) -> str:
    name = re.sub(r"[-_.]+", "-", found.metadata["Name"] or "").lower()
    if name == "noisecore":  # its code is hashed
        return ""
    # A package from a folder or a repository may change without another version.
    own = found.read_text("RECORD") if found.read_text("direct_url.json") else None
    content = hashlib.sha256(own.encode()).hexdigest() if own else ""
    return f"{name} {found.version} {content}".strip()


def _changed(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except (OSError, ValueError):
        return 0


def _source() -> str:
    """Return the hash of noisecore's own code that takes part in a training, or may do so."""
    package = Path(noisecore.__file__).parent
    files = [package / name for name in _ALONE]
    files += [file for folder in _TRAINS for file in (package / folder).rglob("*.py")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _instructions() -> list[str]:
    """Return what the processor can calculate with, as far as Linux tells."""
    told = re.search(
        r"^(?:flags|Features)\s*:(.*)$", read_system(Path("/proc/cpuinfo")), re.MULTILINE
    )
    words = set(told[1].split()) if told else set()
    kinds = r"avx|amx|s?sse|fma|f16c|bf16|asimd|sve|sme|i8mm|fphp|xop"
    return sorted(word for word in words if re.match(kinds, word))


def _keras_settings() -> dict[str, Any]:
    """Return what `keras.json` says; Keras writes the usual values there if it has no such file."""
    home = os.path.expanduser("~")
    usual = os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")
    text = read_system(Path(os.environ.get("KERAS_HOME", usual)) / "keras.json")
    try:
        told = json.loads(text or "{}")
        return {name: told.get(name, value) for name, value in _KERAS.items()}
    except (ValueError, AttributeError):
        return {"unreadable": text}
