"""The table of the speed benchmarks, which `--speed` prints and saves with a picture."""

import json
import os

import pytest

collect_ignore = ["records", "studies"]  # they hold no tests


@pytest.fixture(scope="session")
def table(request):
    """The rows of all benchmarks of speed: what, one side, the other side, ratio."""
    if not request.config.getoption("speed"):
        pytest.skip("measures speed: add --speed, on a machine that does nothing else")
    rows: list[tuple[str, str, str, float]] = []
    yield rows
    if rows:
        write_table(rows, request.config)


@pytest.fixture
def row(table, benchmark):
    """Add a row to the table, and its ratio to pytest-benchmark's JSON."""

    def add(what: str, ours: str, other: str, ratio: float) -> None:
        table.append((what, ours, other, ratio))
        benchmark.extra_info[what] = ratio

    return add


def write_table(rows, config) -> None:
    """Print the table, and save it with a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder = config.rootpath / "noisecore-results" / "speed"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["| what | noisecore | other | ratio |", "| --- | --- | --- | --- |"]
    lines += [f"| {what} | {ours} | {other} | {ratio:.2f} |" for what, ours, other, ratio in rows]
    (folder / "speed.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "speed.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    figure, axes = pyplot.subplots(figsize=(8, 0.45 * len(rows) + 1), layout="constrained")
    bars = axes.barh([what for what, *_ in rows], [ratio for *_, ratio in rows], color="#4477aa")
    axes.bar_label(bars, fmt="%.2f", padding=3, bbox={"color": "white", "pad": 1}, zorder=3)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.set_xlabel("ratio")
    axes.margins(x=0.15)
    for kind in ("png", "svg"):
        figure.savefig(folder / f"speed.{kind}", dpi=150)
    pyplot.close(figure)
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        terminal.write("\n\n" + "\n".join(lines) + f"\n\nsaved in {os.path.relpath(folder)}\n")
