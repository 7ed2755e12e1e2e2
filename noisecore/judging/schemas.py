"""The published JSON Schemas of what noisecore writes."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Literal


def load_schema(name: Literal["results", "record"]) -> dict[str, Any]:
    """Return a published JSON Schema (draft 2020-12), self-contained.

    "results" is that of results.json, "record" that of a training's record. The results' schema
    refers to the record's, which is added here.
    """
    schema = _schema_file(name)
    if name == "results":
        schema["$defs"] = schema.get("$defs", {}) | {"record": _schema_file("record")}
    return schema


def _schema_file(name: str) -> dict[str, Any]:
    file = resources.files("noisecore") / "schema" / f"{name}.schema.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
