"""All artifacts of a run but the records: results.json, tables, plots, summary."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisecore.judging.curves import class_frame, curve_frame, matrix_frame
from noisecore.judging.gates import Verdict
from noisecore.paths import check_folder
from noisecore.records import TrialRecord, write_atomically
from noisecore.showing.plots import (
    plot_classes,
    plot_curve,
    plot_learning,
    plot_matrix,
    plot_noise,
    render,
)
from noisecore.showing.results import Results, assemble, read_results
from noisecore.showing.summary import make_summary

Floats = NDArray[np.floating[Any]]

# The names that plots get here: nothing else in the folder is ever removed.
_OURS = re.compile(r"(.+-curve|.+-matrix|.+-classes|all-learning|all-noise)\.(png|svg)")
_NOISE = "all-noise"


@dataclass(frozen=True, eq=False, kw_only=True)
class FromData:
    """What records do not hold: the data set is needed to make it.

    labels: the class numbers of the test images, (n,), for accuracy by class. The picture of the
    noise shows the rest: clean, frames (what the noise changed, twice) and noisy (scale and image)
    are float images (height, width, channels), 1 or 3 channels, in the `unit` named beside them.
    """

    labels: NDArray[np.int64]
    clean: Floats
    frames: Sequence[Floats]
    noisy: Sequence[tuple[float, Floats]]
    unit: str


def write_report(
    folder: Path,
    *,
    run: Mapping[str, Any],
    profile: Mapping[str, Any],
    records: Sequence[TrialRecord],
    verdicts: Sequence[Verdict],
    planned: Sequence[str],
    from_data: FromData | Callable[[], FromData | None] | None = None,
) -> list[Path]:
    """Write everything but the trials' own files into `folder`, and return the paths.

    run: id, started, command, versions and whatever else is to be known of it. planned: the labels
    of all trials that were asked for; those without a record make the run an incomplete one. Each
    file is replaced in one step, so that a reader finds the old one or the new one. Plots of an
    earlier run that this one does not make are removed. Raises `OSError` if the disk refuses.
    """
    results = Results(
        run=run,
        profile=profile,
        planned=tuple(planned),
        records=tuple(records),
        verdicts=tuple(verdicts),
    )
    document = json.dumps(results.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    # First what cannot be made again, then what can.
    written = [_write(folder / "results.json", document + "\n")]
    data = from_data() if callable(from_data) else from_data
    return written + _draw(folder, results, data, keep=False)


def clear_report(folder: Path) -> None:
    """Remove what `write_report` writes, so that no run finds another's report in its place."""
    for name in ("results.json", "curve.csv", "matrix.csv", "classes.csv", "summary.md"):
        (folder / name).unlink(missing_ok=True)
    check_folder(folder / "plots")
    for path in (folder / "plots").glob("*"):
        if _OURS.fullmatch(path.name):
            path.unlink(missing_ok=True)


def redraw(folder: Path) -> list[Path]:
    """Write all that follows from `folder`'s results.json again, and return the paths.

    What needs the data set stays as it is: results hold neither images nor labels. Raises
    `RecordError` if results.json cannot be used.
    """
    return _draw(folder, read_results(folder / "results.json"), None, keep=True)


def _draw(folder: Path, results: Results, data: FromData | None, *, keep: bool) -> list[Path]:
    written = [
        _write(folder / "curve.csv", curve_frame(results.records).to_csv(index=False)),
        _write(folder / "matrix.csv", matrix_frame(results.records).to_csv(index=False)),
    ]
    plots: dict[str, list[str]] = {}
    classes = None if data is None else class_frame(results.records, data.labels)
    if classes is not None:
        written.append(_write(folder / "classes.csv", classes.to_csv(index=False)))
    elif not keep:
        (folder / "classes.csv").unlink(missing_ok=True)
    for curve, stem, files in _pictures(results.records, data, classes):
        plots.setdefault(curve, []).append(f"plots/{stem}")
        written += [
            _write(folder / "plots" / f"{stem}.{kind}", content) for kind, content in files.items()
        ]
    if keep:
        kept = {_NOISE: ""} | {f"{stem}-classes": name for name, stem in _names(results).items()}
        for stem, curve in kept.items():
            if (folder / "plots" / f"{stem}.png").is_file():
                plots.setdefault(curve, []).append(f"plots/{stem}")
    made = {stem for stems in plots.values() for stem in stems}
    for path in sorted((folder / "plots").glob("*")):
        if _OURS.fullmatch(path.name) and f"plots/{path.stem}" not in made:
            path.unlink()
    return [*written, _write(folder / "summary.md", make_summary(results, plots))]


def _pictures(
    records: Sequence[TrialRecord], data: FromData | None, classes: pd.DataFrame | None
) -> Iterator[tuple[str, str, dict[str, bytes]]]:
    """Yield each picture: its curve ("" for all of them), its file's name, and its files."""
    curves, matrices, _ = assemble(records)
    names = _file_names(curves)
    for name, curve in curves.items():
        if np.isfinite(curve.accuracy).any():
            yield name, f"{names[name]}-curve", render(plot_curve(curve))
        matrix = matrices.get(name)
        # A single cell is the curve's point again.
        if (
            matrix is not None
            and matrix.accuracy[0].size > 1
            and np.isfinite(matrix.accuracy).any()
        ):
            yield name, f"{names[name]}-matrix", render(plot_matrix(matrix))
        if classes is not None and (mine := classes[classes["curve"] == name]).size:
            yield name, f"{names[name]}-classes", render(plot_classes(mine, name))
    if any(record.history for record in records):
        yield "", "all-learning", render(plot_learning(records))
    if data is not None:
        figure = plot_noise(data.clean, data.frames, data.noisy, data.unit)
        yield "", _NOISE, render(figure)


def _names(results: Results) -> dict[str, str]:
    return _file_names(assemble(results.records)[0])


def _file_names(curves: Mapping[str, object]) -> dict[str, str]:
    """Return each curve's name as every file system takes it, no two alike where case is lost."""
    names: dict[str, str] = {}
    for curve in curves:
        safe = re.sub(r"[^A-Za-z0-9.-]+", "_", curve).strip("._-") or "curve"
        if len(safe) > 100 or safe.lower() in map(str.lower, names.values()):
            safe = f"{safe[:100]}-{hashlib.sha256(curve.encode()).hexdigest()[:8]}"
        names[curve] = safe
    return names


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return path
