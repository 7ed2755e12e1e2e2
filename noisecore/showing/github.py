"""What GitHub Actions shows of a run: a step summary, and annotations at the tests' lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from noisecore.escaping import visible
from noisecore.judging.gates import Verdict

# GitHub refuses a longer step summary, and shows about ten annotations of a step.
SUMMARY_BYTES = 2**20
ANNOTATIONS = 10


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A verdict that is not a pass, and the file and line, counted from 1, of its test."""

    file: str
    line: int
    verdict: Verdict


def make_annotations(findings: Sequence[Finding]) -> list[str]:
    """Return commands that show each finding at its test, the most urgent first, ten at most.

    Source: GitHub, "Workflow commands for GitHub Actions", setting an error or warning message.
    """
    ordered = sorted(findings, key=lambda finding: finding.verdict.urgency)
    shown = ordered if len(ordered) <= ANNOTATIONS else ordered[: ANNOTATIONS - 1]
    lines = [
        f"::{'error' if finding.verdict.verdict == 'fail' else 'warning'} "
        f"file={_property(finding.file)},line={finding.line},"
        f"title={_property(f'noisecore: {finding.verdict.gate}: {finding.verdict.verdict}')}"
        f"::{_data(finding.verdict.sentence)}"
        for finding in shown
    ]
    if rest := len(ordered) - len(shown):
        lines.append(f"::error title=noisecore::and {rest} more: see the step summary")
    return lines


def cut_summary(text: str, room: int = SUMMARY_BYTES) -> str:
    """Return a step summary of at most `room` bytes, cut at the end of a line; a note says so."""
    if len(text.encode()) <= room:
        return text
    note = "\n\n(shortened: summary.md in the artifacts has the rest)\n"
    kept: list[str] = []
    left = room - len(note.encode())
    for line in text.splitlines(keepends=True):
        left -= len(line.encode())
        if left < 0:
            break
        kept.append(line)
    return "".join(kept) + note if kept or left >= 0 else ""


def _data(text: str) -> str:
    lines = map(visible, text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
