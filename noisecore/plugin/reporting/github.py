"""What a run leaves for GitHub Actions, and only there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from noisecore.paths import open_end
from noisecore.plugin.reporting.judged import Judged

if TYPE_CHECKING:
    from noisecore.judging.gates import Verdict


def annotate(found: Iterable[tuple[Judged, Verdict]], root: Path) -> list[str]:
    """Return the lines by which GitHub shows, at each test, the verdicts that are not a pass.

    root: the folder that the tests' files are relative to.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return []
    from noisecore.showing.github import Finding, make_annotations

    workspace = os.environ.get("GITHUB_WORKSPACE") or os.curdir
    return make_annotations(
        [
            Finding(
                file=os.path.relpath(root / judged.file, workspace),
                line=(judged.line or 0) + 1,
                verdict=verdict,
            )
            for judged, verdict in found
            if verdict.verdict != "pass"
        ]
    )


def write_step_summary(folder: Path) -> None:
    """Append the summary of the run in `folder` to the step's; raises `OSError`."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if os.environ.get("GITHUB_ACTIONS") != "true" or not path:
        return
    from noisecore.judging.results import read_results
    from noisecore.showing.github import SUMMARY_BYTES, cut_summary
    from noisecore.showing.summary import make_summary

    text = make_summary(read_results(folder / "results.json"), {})
    text = text.encode(errors="backslashreplace").decode()
    with open_end(path) as file:
        file.write(cut_summary(text, SUMMARY_BYTES - file.seek(0, os.SEEK_END)).encode())
