"""How often the gate over a suite does not pass an unchanged model, and what it catches.

    python benchmarks/studies/gate/suites.py [SEEDS] [--pairs 1000] [--pack FILE.npz]

Without SEEDS, of given models: answers are drawn, some images are harder than others, and a
hundredth of the answers turns each way, for no gain: the same images under every family, or others
under each. With SEEDS, of trained models: they are the records of many seeds of
`benchmarks/test_suites.py`, or the FILE.npz that `--pack` made of them. Runs of 3 and of 10 seeds
against 10 are drawn from the spread of the seeds, and from the seeds themselves. The gate itself
judges each pair.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))

from simulation.given import FOCUS
from simulation.text import percent, say

from noisecore.judging.baselines import Answers, Comparison, compare_records
from noisecore.judging.curves import Replicates, matched_curves
from noisecore.judging.gates.case import judge_case
from noisecore.judging.gates.outlook import fitting_margin
from noisecore.judging.gates.verdict import Verdict
from noisecore.judging.margins import Margins, Rule
from noisecore.judging.power import Held, Spread, change_answers, draw_answers, fit_spread
from noisecore.judging.results import read_any
from noisecore.judging.statistics import Floats
from noisecore.judging.suite_power import Families, joined_answers, suite_part
from noisecore.judging.suites import suites_of

FAMILIES = 15
DRAWS = 3
BASELINE_SEEDS, RUN_SEEDS = 10, (3, 10)
TIGHT = Margins(mean=0.01, scale=0.01, clean=0.01)  # so that the levels alone decide
Pair = tuple[Answers, Answers]  # of a run and of its baseline: (seeds or draws, conditions, images)


@dataclass(frozen=True)
class Shape:
    """The conditions of a suite: clean images, then each family at each of its severities."""

    families: int
    severities: int

    @property
    def scales(self) -> Floats:
        """The scale of each condition, (1 + families * severities,)."""
        return np.concatenate([[0.0], np.tile(np.arange(1.0, self.severities + 1), self.families)])

    def places(self, family: int) -> list[int]:
        """Return which conditions are a family's severities."""
        first = 1 + family * self.severities
        return list(range(first, first + self.severities))

    def judge(self, pair: Pair, replicates: Replicates, margins: Margins) -> Verdict:
        """Return the gate's verdict on a pair, in the mode that suits the model."""
        places = {f"family {number}": (0, *self.places(number)) for number in range(self.families)}
        new, old = pair
        whole = Comparison(
            curve="digits", scales=self.scales, new=new, baseline=old, replicates=replicates
        )
        rule = Rule(margins=margins, curves=self.families)
        return judge_case(suite_part(whole, Families(places, tuple(places), ()), rule))


@dataclass(frozen=True)
class Loss:
    """What a model loses: so many points of accuracy under every family, or under one of them."""

    points: float = 0.0
    everywhere: bool = True

    def __str__(self) -> str:
        if not self.points:
            return "unchanged"
        return f"{'all families' if self.everywhere else 'one family'} -{self.points:g}"


LOSSES = (
    Loss(), Loss(1), Loss(1.5), Loss(2), Loss(3),
    Loss(4, everywhere=False), Loss(8, everywhere=False), Loss(16, everywhere=False),
)  # fmt: skip


@lru_cache
def chances(shape: Shape) -> Floats:
    """Return how often images are right, from the hardest to the easiest: (conditions, 400).

    Accuracy falls from 0.97 in even steps, to between 0.95 and 0.35 by the last severity.
    """
    last = np.linspace(0.95, 0.35, shape.families)[:, None]
    steps = np.arange(1, shape.severities + 1) / shape.severities
    accuracy = np.concatenate([[0.97], (0.97 - (0.97 - last) * steps).ravel()])[:, None]
    ease = (np.arange(400) + 0.5) / 400
    return np.asarray(stats.beta.ppf(ease, FOCUS * accuracy, FOCUS * (1 - accuracy)))


def draw_held(shape: Shape, images: int, rng: np.random.Generator) -> Held:
    """Return a given model's answers; images that are hard for it are hard under every family."""
    chance = chances(shape)[:, rng.integers(0, 400, images)]
    answers = rng.random((DRAWS, *chance.shape)) < chance
    answers[:, 0] = answers[0, 0]  # clean images are the same in all draws
    return Held(shape.scales, answers)


def given_pairs(
    shape: Shape, images: int, loss: Loss, *, apart: bool, pairs: int
) -> Iterator[Pair]:
    """Yield the answers of changed models, each beside its former ones.

    apart: whether other images turn under each family.
    """
    rng = np.random.default_rng(images + shape.severities)
    whole = [list(range(len(shape.scales)))]
    parts = [[0], *map(shape.places, range(shape.families))] if apart else whole
    for _ in range(pairs):
        held = draw_held(shape, images, rng)
        new = held.answers.copy()
        for at in parts:
            part = Held(held.scales[at], new[:, at])
            new[:, at] = change_answers(part, rng, loss.points / 100 * loss.everywhere)
        if not loss.everywhere:
            at = shape.places(0)
            part = Held(held.scales[at], new[:, at])
            new[:, at] = change_answers(part, rng, loss.points / 100, churn=0.0)
        yield new, held.answers


def outcomes(shape: Shape, pairs: Iterable[Pair], replicates: Replicates, margins: Margins) -> str:
    """Return how many % of the pairs do not pass, and in brackets how many are inconclusive."""
    found = Counter(shape.judge(pair, replicates, margins).verdict for pair in pairs)
    return percent(1 - found["pass"] / found.total(), found["inconclusive"] / found.total())


def cases(usual: Margins) -> list[tuple[str, Loss, Margins]]:
    """Return what is simulated: in words, what the model loses, and the margins."""
    rows = [(str(loss), loss, usual) for loss in LOSSES]
    return [(f"{Loss()}, margins of 0.01", Loss(), TIGHT), *rows]


def print_given(pairs: int) -> None:
    """Print false alarms and power for given models."""
    say(f"""Given models, {DRAWS} draws, {FAMILIES} families, rigorous mode, {pairs} pairs a cell,
    a quarter with 10,000 images: % that do not pass (of these inconclusive).""")
    for severities, images, apart in product((1, 5), (1000, 10_000), (False, True)):
        shape = Shape(FAMILIES, severities)
        usual = Margins(mean=fitting_margin(images, 1.5))
        print(
            f"{severities} severities, {images} images, margin of the mean {usual.mean:g}; turned: "
            f"{'others in each family' if apart else 'the same in all'}"
        )
        count = pairs if images < 10_000 else pairs // 4
        for what, loss, margins in cases(usual):
            drawn = given_pairs(shape, images, loss, apart=apart, pairs=count)
            print(f"    {what:<28}{outcomes(shape, drawn, 'draws', margins)}", flush=True)


def read_seeds(source: Path) -> dict[str, Answers]:
    """Return the right answers of each suite's seeds, (seeds, conditions, images), by its name."""
    if source.suffix == ".npz":
        held = np.load(source)
        return {
            name: np.unpackbits(held[name], axis=-1, count=int(held["images"])).astype(bool)
            for name in held.files
            if name != "images"
        }
    found = {}
    for name, suite in suites_of(matched_curves(read_any(source)).values()).items():
        whole = joined_answers(suite, compare_records(suite.records, suite.records))
        if whole is None:
            sys.exit(f"{name}: its curves have different seeds")
        found[name] = whole[1]
    return found


def trained_pairs(
    answers: Answers, seeds: int, loss: Loss, *, spread: Spread | None, pairs: int
) -> Iterator[Pair]:
    """Yield the answers of a run's seeds and of a baseline's: fresh ones, or some of the given.

    What one family loses, `middle` of them loses.
    """
    rng = np.random.default_rng(len(answers))
    one = middle(answers)
    for _ in range(pairs):
        if spread is None:
            chosen = rng.permutation(answers)[: seeds + BASELINE_SEEDS]
            new, old = chosen[:seeds].copy(), chosen[seeds:]
        else:
            new = draw_answers(spread, seeds, rng)
            old = draw_answers(spread, BASELINE_SEEDS, rng)
        lost = new[:, 1:] if loss.everywhere else new[:, one : one + 1]
        share = loss.points / 100 / lost.mean(axis=(0, 2))
        lost &= rng.random(lost.shape) >= share[None, :, None]
        yield new, old


def middle(answers: Answers) -> int:
    """Return the condition whose spread over the seeds is the median one of all families."""
    spread = answers[:, 1:].mean(axis=2).std(axis=0)
    return 1 + int(np.argsort(spread)[len(spread) // 2])


def print_trained(name: str, answers: Answers, pairs: int) -> None:
    """Print false alarms and power for one trained model, from the answers of its seeds."""
    shape = Shape(answers.shape[1] - 1, 1)
    spread = fit_spread(shape.scales, answers)
    mean = answers[:, 1:].mean(axis=(1, 2)).std(ddof=1)
    say(f"""{name}: {len(answers)} seeds, {shape.families} families, simple mode, against
    {BASELINE_SEEDS} seeds, {pairs} pairs a cell: % that do not pass (of these inconclusive). sd
    over the seeds in points, clean images first:
    {", ".join(f"{100 * sd:.1f}" for sd in spread.sample)}; of the mean over the families:
    {100 * mean:.2f}. One family: the one at place {middle(answers)}.""")
    for seeds in RUN_SEEDS:
        print(f"    {f'{seeds} seeds':<28}{'from the spread':<18}from the seeds")
        for what, loss, margins in cases(Margins()):
            cells = []
            for law in (spread, None):
                drawn = trained_pairs(answers, seeds, loss, spread=law, pairs=pairs)
                cells.append(f"{outcomes(shape, drawn, 'seeds', margins):<18}")
            print(f"    {what:<28}{''.join(cells)}".rstrip(), flush=True)


def main() -> None:
    """Print the tables, or pack the seeds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seeds", type=Path, nargs="?")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--pack", type=Path)
    chosen = parser.parse_args()
    seeds = read_seeds(chosen.seeds) if chosen.seeds else {}
    if chosen.pack:
        images = {"images": np.array(next(iter(seeds.values())).shape[-1])}
        packed = {name: np.packbits(answers, axis=-1) for name, answers in seeds.items()}
        np.savez_compressed(chosen.pack, **images, **packed)
        return
    if not seeds:
        print_given(chosen.pairs)
    for name, answers in seeds.items():
        print_trained(name, answers, chosen.pairs)


if __name__ == "__main__":
    main()
