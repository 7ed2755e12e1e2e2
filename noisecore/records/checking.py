"""Checks of what was read: its types, its values, its checksum."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from noisecore.errors import NoisecoreError
from noisecore.escaping import one_line, shown

SCHEMA = 2
_OLDEST = 1  # a file of the first schema has no checksums, and is the same in all else

_LONG = re.compile(r"(\S{60})\S{40,}")  # a word that is too long to be shown

# What a number in a file may be. Seeds and draws are keys of random generators.
Count = Annotated[int, Meta(ge=1, le=10**9)]
Key = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0, le=1.7976931348623157e308)]


class RecordError(NoisecoreError, ValueError):
    """A record cannot be read; the message says which part, what was expected, what was found."""


def check_schema(data: Any, *, source: str) -> int:
    """Return the schema of what was read; raise `RecordError` unless this noisecore can read it."""
    version = data.get("schema") if isinstance(data, Mapping) else None
    if type(version) is not int:
        raise RecordError(
            f"{source}: expected a noisecore file of schema {_OLDEST} to {SCHEMA}, got no schema"
        )
    if _OLDEST <= version <= SCHEMA:
        return version
    newer = version > SCHEMA
    remedy = "update noisecore to read it" if newer else "make it again with this noisecore"
    raise RecordError(
        f"{source}: expected schema {_OLDEST} to {SCHEMA}, got {shown(version)}: {remedy}"
    )


def as_type(data: Any, kind: Any, *, part: str = "") -> Any:
    """Return JSON values as a type: a dataclass, or a type that `typing` can express.

    Raises `RecordError` in one line that names the place, unless the values are of that type and
    have no unknown name.
    """
    try:
        found = msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        text = str(error) if "`$" in str(error) else f"{error} - at `$`"
        text = text.replace("`$", f"`{part}").replace("`.", "`").replace(" - at ``", "")
        text = text.replace(" - at", " at").replace("Invalid enum value", "unknown word")
        raise RecordError(one_line(_LONG.sub(r"\1...", text))) from None
    except UnicodeEncodeError:  # one that no file can hold, instead of the expected text
        raise RecordError(f"text that is not valid Unicode at `{part}`") from None
    except RecursionError:
        raise RecordError("nested too deeply") from None
    strange = _strange(data, msgspec.to_builtins(found), part)
    if strange:
        raise RecordError(f"unknown name {shown(strange)}")
    return found


def _strange(data: Any, known: Any, part: str) -> str | None:
    """Return the first name in `data` that is not among those that were read, or None."""
    if isinstance(data, Mapping) and isinstance(known, Mapping):
        for name, value in data.items():
            where = f"{part}.{name}" if part else name
            if name not in known:
                return where
            if found := _strange(value, known[name], where):
                return found
    elif isinstance(data, list) and isinstance(known, Sequence):
        for n, pair in enumerate(zip(data, known, strict=False)):
            if found := _strange(*pair, f"{part}[{n}]"):
                return found
    return None


def with_checksum(plain: dict[str, Any]) -> dict[str, Any]:
    """Return JSON values with a checksum of them all."""
    return {**plain, "checksum": _checksum(plain)}


def check_checksum(data: Mapping[str, Any]) -> None:
    """Raise `RecordError` unless JSON values have the checksum that `with_checksum` gave them."""
    if data.get("checksum") != _checksum(data):
        raise RecordError(
            "its checksum does not match: it was damaged, or changed after it was written"
        )


def _checksum(plain: Mapping[str, Any]) -> str:
    """Return the SHA-256 of JSON values, without their own checksum.

    A number that is not finite counts as null, as in a strict JSON file.
    """
    content = {name: value for name, value in plain.items() if name != "checksum"}
    for name, value in content.items():
        if isinstance(value, list) and value and all(map(_has_checksum, value)):
            content[name] = [each["checksum"] for each in value]
    text = json.dumps(finite(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _has_checksum(value: Any) -> bool:
    return isinstance(value, Mapping) and "checksum" in value


def finite(value: Any) -> Any:
    """Return JSON values with null in place of numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return value
