"""All artifacts of a run except the records: results.json, tables, plots, summary."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisecore.escaping import visible
from noisecore.judging.curves import Curve, class_frame, curve_frame, matrix_frame
from noisecore.judging.gates import Verdict
from noisecore.judging.results import Results, assemble, read_results
from noisecore.judging.suites import suites_of
from noisecore.judging.suites.trainings import trainings_of
from noisecore.noise import Samples
from noisecore.paths import check_folder
from noisecore.records import TrialRecord, in_lines, write_atomically
from noisecore.showing.parts import Parts
from noisecore.showing.plots import (
    plain_model,
    plain_noise,
    plot_classes,
    plot_curve,
    plot_learning,
    plot_matrix,
    plot_noise,
    plot_notebook,
    plot_suite,
    plot_trainings,
    render,
)
from noisecore.showing.summary import make_summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The names that plots get here: nothing else in the folder is ever removed.
_OURS = re.compile(
    r"(.+-curve|.+-suite|.+-trainings|.+-matrix|.+-classes|.+-noise|all-learning)\.(png|svg)"
)
_NOISE = "all-noise"


@dataclass(frozen=True, eq=False, kw_only=True)
class FromData:
    """What cannot be made from records alone, because it needs the data set.

    labels: the class numbers of the test images, (n,), for accuracy by class, None if they are not
    known. samples: images to show by the name of their curve, "" for those of the profile.
    """

    labels: NDArray[np.int64] | None
    samples: Mapping[str, Samples]


def write_report(
    folder: Path,
    *,
    run: Mapping[str, Any],
    profile: Mapping[str, Any],
    records: Sequence[TrialRecord],
    verdicts: Sequence[Verdict],
    planned: Sequence[str],
    from_data: FromData | Callable[[], FromData | None] | None = None,
) -> Parts:
    """Write everything but the trials' own files into `folder`; return what was made.

    run: id, started, command, versions and anything else worth knowing about it. planned: the
    labels of all trials that were requested; if one has no record, the run is incomplete. Each file
    is replaced in one step, so that a reader finds the old one or the new one. Plots of an earlier
    run that this one does not make are removed. If a part cannot be made, because the disk refuses
    it or for any other reason, the problems of the returned parts say so.
    """
    parts = Parts()
    results = Results(
        run=run,
        profile=profile,
        planned=tuple(planned),
        records=tuple(records),
        verdicts=tuple(verdicts),
    )
    # First what cannot be made again, then what can.
    with parts.making("results.json"):
        _write(parts, folder / "results.json", in_lines(results.to_dict()))
    data = None
    with parts.making("what needs the data set"):
        data = from_data() if callable(from_data) else from_data
    _draw(parts, folder, results, data, keep=False)
    return parts


def clear_report(folder: Path) -> None:
    """Remove what `write_report` writes, so that no run is taken to have another run's report."""
    for name in (
        "results.json",
        "curve.csv",
        "matrix.csv",
        "classes.csv",
        "trainings.csv",
        "summary.md",
    ):
        (folder / name).unlink(missing_ok=True)
    check_folder(folder / "plots")
    for path in (folder / "plots").glob("*"):
        if _OURS.fullmatch(path.name):
            path.unlink(missing_ok=True)


def redraw(folder: Path) -> Parts:
    """Write all that follows from `folder`'s results.json again, and return what was made.

    What needs the data set stays as it is: results hold neither images nor labels. Raises
    `RecordError` if results.json cannot be used.
    """
    parts = Parts()
    _draw(parts, folder, read_results(folder / "results.json"), None, keep=True)
    return parts


def _draw(
    parts: Parts, folder: Path, results: Results, data: FromData | None, *, keep: bool
) -> None:
    for name, frame in (("curve.csv", curve_frame), ("matrix.csv", matrix_frame)):
        with parts.making(name):
            _write(parts, folder / name, _table(frame(results.records)))
    classes = None
    with parts.making("classes.csv"):
        if data is not None and data.labels is not None:
            classes = class_frame(results.records, data.labels)
        if classes is not None:
            _write(parts, folder / "classes.csv", _table(classes))
        elif not keep:
            (folder / "classes.csv").unlink(missing_ok=True)
    with parts.making("trainings.csv"):
        suites = suites_of(assemble(results.records, results.planned)[0].values())
        if several := trainings_of(suites.values()):
            together = pd.concat([each.to_frame() for each in several.values()])
            _write(parts, folder / "trainings.csv", _table(together))
        else:
            (folder / "trainings.csv").unlink(missing_ok=True)
    plots: dict[str, list[str]] = {}
    with parts.making("plots"):
        for curve, stem, draw in _pictures(results, data, classes):
            with parts.making(f"plots/{stem}"):
                for kind, content in render(draw()).items():
                    _write(parts, folder / "plots" / f"{stem}.{kind}", content)
                plots.setdefault(curve, []).append(f"plots/{stem}")
        if keep:
            kept = {_NOISE: ""}
            for name, stem in _names(results):
                kept |= {f"{stem}-classes": name, f"{stem}-noise": name}
            for stem, curve in kept.items():
                if (folder / "plots" / f"{stem}.png").is_file():
                    plots.setdefault(curve, []).append(f"plots/{stem}")
        made = {stem for stems in plots.values() for stem in stems}
        for path in sorted((folder / "plots").glob("*")):
            if _OURS.fullmatch(path.name) and f"plots/{path.stem}" not in made:
                path.unlink()
    with parts.making("summary.md"):
        _write(parts, folder / "summary.md", make_summary(results, plots))


def _pictures(
    results: Results, data: FromData | None, classes: pd.DataFrame | None
) -> Iterator[tuple[str, str, Callable[[], Figure]]]:
    """Yield each picture: its curve ("" for all of them), its file's name, and what draws it."""
    curves, matrices, _ = assemble(results.records, results.planned)
    suites = suites_of(curves.values())
    several = trainings_of(suites.values())
    names = _file_names([*curves, *suites, *several])
    shown = {each.name for suite in suites.values() for each in suite.values() if _is_short(each)}
    for name, suite in suites.items():
        yield name, f"{names[name]}-suite", partial(plot_suite, suite)
    for name, trainings in several.items():
        draw_all = partial(plot_trainings, list(trainings.suites.values()))
        yield name, f"{names[name]}-trainings", draw_all
    samples = {} if data is None else data.samples
    notebook = results.profile.get("name") == "notebook"
    for name, curve in curves.items():
        if np.isfinite(curve.accuracy).any() and name not in shown:
            draw = plot_notebook if notebook else plot_curve
            yield name, f"{names[name]}-curve", partial(draw, curve, _compared(results, name))
        matrix = matrices.get(name)
        # A single cell is the curve's point again.
        if (
            matrix is not None
            and matrix.accuracy[0].size > 1
            and np.isfinite(matrix.accuracy).any()
        ):
            yield name, f"{names[name]}-matrix", partial(plot_matrix, matrix, curve.id)
        mine = None if classes is None or name in shown else classes[classes["curve"] == name]
        if mine is not None and mine.size:
            yield name, f"{names[name]}-classes", partial(plot_classes, mine, name, curve.id)
        if name in samples:
            title = f"{plain_noise(curve.noise)} noise: {plain_model(curve.id, name)}"
            yield name, f"{names[name]}-noise", partial(plot_noise, samples[name], title)
    if any(record.history for record in results.records):
        yield "", "all-learning", partial(plot_learning, results.records)
    if "" in samples:
        title = f"{plain_noise(str(results.profile.get('noise', '')))} noise"
        yield "", _NOISE, partial(plot_noise, samples[""], title)


def _is_short(curve: Curve) -> bool:
    """Return whether a curve has one severity: its suite's picture shows all of it."""
    return int((curve.scales > 0).sum()) <= 1


def _compared(results: Results, curve: str) -> Verdict | None:
    """Return the comparison of a curve with the baseline, the worst one of several."""
    found = [v for v in results.verdicts if v.gate == "no regression" and v.curve == curve]
    return min(found, key=lambda verdict: verdict.urgency, default=None)


def _names(results: Results) -> Iterable[tuple[str, str]]:
    return _file_names(assemble(results.records)[0]).items()


def _file_names(curves: Iterable[str]) -> dict[str, str]:
    """Return a file name for each curve that every file system takes, unique even without case."""
    names: dict[str, str] = {}
    for curve in curves:
        safe = re.sub(r"[^A-Za-z0-9.-]+", "_", curve).strip("._-") or "curve"
        if len(safe) > 100 or safe.lower() in map(str.lower, names.values()):
            content = curve.encode("utf-8", "surrogatepass")
            safe = f"{safe[:100]}-{hashlib.sha256(content).hexdigest()[:8]}"
        names[curve] = safe
    return names


# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@")


def _table(frame: pd.DataFrame) -> str:
    """Return a table as CSV: one line per row, whatever it contains, and no formula in any cell."""
    shown = {
        name: column if pd.api.types.is_numeric_dtype(column) else column.map(_cell)
        for name, column in frame.items()
    }
    return pd.DataFrame(shown, columns=frame.columns).to_csv(index=False)


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write(parts: Parts, path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    parts.written.append(path)
