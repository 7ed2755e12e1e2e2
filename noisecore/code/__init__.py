"""Identify code by a hash that depends on what it does, and not on how it is written.

It needs only the standard library, and is the same on every Python.
"""

from noisecore.code.canonical import (
    canonical,
    code_sha256,
    comparable,
    kind_of,
    kinds,
    parse,
    shortened,
)
from noisecore.code.modules import take_for_script
from noisecore.code.outside import outside
from noisecore.code.reach import files_sha256, function_sha256

__all__ = [
    "canonical",
    "code_sha256",
    "comparable",
    "files_sha256",
    "function_sha256",
    "kind_of",
    "kinds",
    "outside",
    "parse",
    "shortened",
    "take_for_script",
]
