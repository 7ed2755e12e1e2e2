"""How many images, or seeds, the gate against a baseline needs to see a drop: simulated.

    python benchmarks/studies/how_many.py

Prints the tables of docs/explanation/how-many.md and draws docs/pictures/how-many.png, by the rule
that gate/simulation/ checks against the gate's own, in its default mode for each kind of model. A
given model is drawn: most of its images are nearly always right or nearly always wrong. A trained
model has the spread of the ten seeds of the committed baseline, and 1,000 test images.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import NullLocator
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent / "gate"))

from simulation.given import Change, draw, judge_given, rule_for
from simulation.models import read_answers
from simulation.trained import judge_drop, measured, rates_of_run

from noisecore.judging.margins import Rule

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "benchmarks" / "baselines" / "quick.json"
PICTURE = ROOT / "docs" / "pictures" / "how-many.png"

# Test images, and how many pairs are drawn for each drop.
IMAGES = {100: 4000, 200: 4000, 500: 4000, 1000: 4000, 2000: 2000, 5000: 1000, 10_000: 1000}
PARTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)  # of the margin

# Seeds of the run, and of the baseline.
SEEDS = ((2, 10), (3, 10), (5, 10), (10, 10), (20, 10), (3, 3), (5, 5))
DROPS = (0.0, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 4.0, 6.0)  # points
PAIRS = 20_000


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a table: the drops that are caught half and 95 % of the time, in points.

    alarms, undecided: the shares of unchanged models that do not pass, and that are inconclusive.
    """

    images: int = 0
    margin: float = 1.5
    curve: str = ""
    seeds: int = 0
    baseline: int = 0
    half: float
    most: float
    alarms: float
    undecided: float


def given_line(images: int, pairs: int) -> Line:
    """Return what is seen with so many images; in the false alarms 1 % of answers turn each way."""
    rule = rule_for(images, "rigorous")
    margin = rule.margins.mean or 0.0
    found = {
        part * margin: judge_given(
            *draw(images, part * margin / 100, Change(), pairs), images, rule
        )
        for part in PARTS
    }
    shares = {drop: float((~each.passed).mean()) for drop, each in found.items()}
    half, most = (caught(shares, sure, pairs) for sure in (0.5, 0.95))
    undecided = float(found[0.0].undecided.mean())
    return Line(
        images=images, margin=margin, half=half, most=most, alarms=shares[0.0], undecided=undecided
    )


def trained_line(curve: str, seeds: int, old: int) -> Line:
    """Return what is seen with so many seeds where this curve is worse and the others are not."""
    rng = np.random.default_rng(seeds)
    answers = read_answers(BASELINE)
    rule = Rule(mode="simple", curves=len(answers))
    found = {}
    for name, each in answers.items():
        model = measured(*each)
        sides = model.draw(PAIRS, seeds, rng), model.draw(PAIRS, old, rng)
        for drop in DROPS if name == curve else (0.0,):
            found[name, drop] = judge_drop(model, *sides, rule, drop, rng)
    rates = {
        drop: rates_of_run([found[name, drop if name == curve else 0.0] for name in answers])
        for drop in DROPS
    }
    shares = {drop: rate for drop, (rate, _) in rates.items()}
    half, most = (caught(shares, sure, PAIRS) for sure in (0.5, 0.95))
    alarms, undecided = rates[0.0]
    return Line(
        curve=curve,
        seeds=seeds,
        baseline=old,
        half=half,
        most=most,
        alarms=alarms,
        undecided=undecided,
    )


def caught(shares: dict[float, float], sure: float, pairs: int) -> float:
    """Return the drop that does not pass so often, between those that were simulated.

    Straight between normal quantiles: the share rises with the drop as a normal distribution does.
    """
    drops = np.array(sorted(shares))
    found = np.maximum.accumulate([shares[drop] for drop in drops])
    rising = stats.norm.ppf(np.clip(found, 0.5 / pairs, 1 - 0.5 / pairs))
    return float(np.interp(stats.norm.ppf(sure), rising, drops))


def print_tables(given: list[Line], trained: list[Line]) -> None:
    """Print the tables of the page, in Markdown."""
    print("| test images | margin | half of the time | 95 % of the time | unchanged |")
    print("| --- | --- | --- | --- | --- |")
    for line in given:
        print(
            f"| {line.images:,} | {line.margin:.1f} | {line.half:.1f} | {line.most:.1f} | "
            f"{100 * line.alarms:.1f} ({100 * line.undecided:.1f}) % |"
        )
    print(
        "\n| seeds of the run | of the baseline | CNN: half | 95 % | MLP: half | 95 % | unchanged |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for seeds, old in SEEDS:
        lines = [line for line in trained if (line.seeds, line.baseline) == (seeds, old)]
        cells = " | ".join(f"{line.half:.1f} | {line.most:.1f}" for line in lines)
        one = lines[0]  # where nothing changed, the lines say the same
        alarms = f"{100 * one.alarms:.2f} ({100 * one.undecided:.2f}) %"
        print(f"| {seeds} | {old} | {cells} | {alarms} |")


# Okabe and Ito's colours, which colour-blind readers tell apart.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"


def draw_picture(given: list[Line], trained: list[Line]) -> None:
    """Draw the picture of the page."""
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), dpi=150)
    images = [line.images for line in given]
    left.plot(images, [line.most for line in given], "o-", color=BLUE, label="95 % of the time")
    left.plot(images, [line.half for line in given], "s--", color=ORANGE, label="half of the time")
    left.plot(images, [line.margin for line in given], ":", color="black", label="margin")
    left.set(xscale="log", xlabel="test images", ylabel="drop of the mean, in points")
    left.set_xticks(images, [f"{n:,}" for n in images], rotation=35)
    left.set_title("A model that you give", loc="left")
    for curve, colour, marker in (("cnn", BLUE, "o"), ("mlp", GREEN, "^")):
        lines = [line for line in trained if line.curve == curve and line.baseline == 10]
        seeds, most = [line.seeds for line in lines], [line.most for line in lines]
        label = f"{curve.upper()}, 95 % of the time"
        right.plot(seeds, most, f"{marker}-", color=colour, label=label)
    half = [line.half for line in lines]
    right.plot(seeds, half, "s--", color=ORANGE, label="both, half of the time")
    right.plot(seeds, [line.margin for line in lines], ":", color="black", label="margin")
    right.set(xscale="log", xlabel="seeds of the run; the baseline has 10")
    right.set_xticks(seeds, map(str, seeds))
    right.set_title("A model that noisecore trains", loc="left")
    for panel, top in ((left, 7), (right, 2.5)):
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_ylim(0, top)
        panel.grid(axis="y", alpha=0.3)
        panel.legend(frameon=False, title="a drop of this size does not pass")
    figure.tight_layout()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, metadata={"Software": None})


def main() -> None:
    """Simulate, print the tables and draw the picture."""
    given = [given_line(images, pairs) for images, pairs in IMAGES.items()]
    trained = [trained_line(curve, *seeds) for curve in ("cnn", "mlp") for seeds in SEEDS]
    print_tables(given, trained)
    draw_picture(given, trained)


if __name__ == "__main__":
    main()
