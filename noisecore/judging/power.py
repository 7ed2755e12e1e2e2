"""What a gate would do, simulated from the spread of real seeds and images before paying for it.

A false alarm is an unchanged model that does not pass; a worse one that does not pass is caught.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from noisecore.judging.baselines import Answers, Comparison
from noisecore.judging.gates.case import Case, case_rows, judge_case
from noisecore.judging.gates.outlook import CHURN, without_stray
from noisecore.judging.gates.rows import WithinRow
from noisecore.judging.gates.rule import seeing_margin
from noisecore.judging.gates.suite_rows import FamilyRow
from noisecore.judging.gates.verdict import Verdict
from noisecore.judging.margins import Margins, Rule
from noisecore.judging.statistics import Floats
from noisecore.judging.suite_power import Families, suite_part


@dataclass(frozen=True, eq=False)
class Spread:
    """How a trained model's right answers vary: from image to image, and from seed to seed.

    scales: (k,). share: (k, images), how many of the seeds had each image right. skill: (k, k),
    the covariance over the scales of what moves a seed's whole accuracy, beyond the luck of its
    images. sample: (k,), the standard deviation of accuracy over the seeds that were measured.
    suite: for a suite, whose conditions count as scales, which of them are a family's.
    """

    scales: Floats
    share: Floats
    skill: Floats
    sample: Floats
    suite: Families | None = None

    @property
    def simulated(self) -> Floats:
        """Standard deviation of accuracy over the seeds that are drawn, (k,)."""
        return np.sqrt(np.diag(self.skill) + _luck(self.share))


def fit_spread(scales: Floats, answers: Answers) -> Spread:
    """Return the spread of (seeds, k, images) right answers, of at least two seeds.

    The covariance of the seeds' accuracies is split in two: what independent answers with each
    image's own share would give, and the rest, which is taken to be the seeds' skill. Negative
    eigenvalues of that rest are set to 0, and the variances are set back to what they were, because
    the cut alone would inflate them. The scales are then made more or less correlated, until the
    mean over the noisy scales has its own variance. With few seeds, all of this is as uncertain as
    a variance from few values.
    """
    if len(answers) < 2:
        raise ValueError(f"a spread needs at least 2 seeds, got {len(answers)}")
    share = answers.mean(axis=0)
    covariance = np.atleast_2d(np.cov(answers.mean(axis=2), rowvar=False))
    rest = covariance - np.diag(_luck(share))
    values, vectors = np.linalg.eigh(rest)
    skill = (vectors * np.maximum(values, 0.0)) @ vectors.T
    variances = np.diag(skill)
    wanted = np.maximum(np.diag(rest), 0.0)
    factor = np.sqrt(wanted / np.where(variances > 0, variances, 1.0))
    skill = _with_mean(skill * np.outer(factor, factor), rest, np.asarray(scales) > 0)
    return Spread(np.asarray(scales, np.float64), share, skill, np.sqrt(np.diag(covariance)))


def _with_mean(skill: Floats, rest: Floats, noisy: NDArray[np.bool_]) -> Floats:
    """Return a covariance with the same variances, and with the rest's sum over the noisy scales.

    Mixed with perfect correlation, or with none, it stays a covariance; the sum may fall short.
    """
    at = np.ix_(noisy, noisy)
    wanted, have = float(rest[at].sum()), float(skill[at].sum())
    sd = np.sqrt(np.diag(skill))
    other = np.outer(sd, sd) if wanted > have else np.diag(sd**2)
    reach = float(other[at].sum()) - have
    if reach == 0:
        return skill
    part = min(max((wanted - have) / reach, 0.0), 1.0)
    return np.asarray((1 - part) * skill + part * other)


def _luck(share: Floats) -> Floats:
    """Return the variance of accuracy that independent answers have at each scale, (k,)."""
    return np.asarray((share * (1 - share)).mean(axis=1) / share.shape[1])


def draw_answers(
    spread: Spread, seeds: int, rng: np.random.Generator, drop: float = 0.0
) -> Answers:
    """Return right answers of fresh seeds, (seeds, k, images), of a model that is `drop` worse.

    drop: in accuracy, at each scale but 0. Skill and drop move the images that some seeds have
    right and others wrong; if there are too few of these, the other images move too.
    """
    scales = len(spread.scales)
    vectors = np.linalg.cholesky(spread.skill + 1e-15 * np.eye(scales))
    moves = rng.standard_normal((seeds, scales)) @ vectors.T - np.where(spread.scales > 0, drop, 0)
    doubt = spread.share * (1 - spread.share)
    # A hundredth of doubt everywhere keeps the weight finite where all seeds agree on all images.
    weight = doubt + 0.01
    weight = weight / weight.mean(axis=1, keepdims=True)
    bound = moves
    for _ in range(4):  # what is cut off at 0 or 1 is added to the other images
        chance = np.clip(spread.share + bound[:, :, None] * weight, 0.0, 1.0)
        bound = bound + moves - (chance.mean(axis=2) - spread.share.mean(axis=1))
    return np.asarray(rng.random(chance.shape) < chance)


@dataclass(frozen=True, eq=False)
class Held:
    """A given model as its baseline holds it: scales (k,), answers (draws, k, images).

    suite: as in `Spread`.
    """

    scales: Floats
    answers: Answers
    suite: Families | None = None


def change_answers(
    held: Held, rng: np.random.Generator, drop: float = 0.0, churn: float = CHURN
) -> Answers:
    """Return the answers of a model that changed, (draws, k, images), and is `drop` worse.

    drop: in accuracy, at each scale but 0. churn: the share of the answers that turn wrong, and of
    those that turn right, apart from the drop. No more turn than can turn both ways, so that a
    model without wrong answers loses nothing by it. The same images turn at each draw and scale, as
    far as they can, because a model changes its mind about images.
    """
    answers = held.answers
    to_turn = rng.random((2, answers.shape[2]))
    found = answers.copy()
    for place, scale in enumerate(held.scales):
        right = answers[:, place].mean()
        turned = min(churn, right, 1 - right)
        lost = turned + (drop if scale > 0 else 0.0)
        to_wrong = to_turn[0] < min(lost / max(right, 1e-9), 1.0)
        to_right = to_turn[1] < turned / max(1 - right, 1e-9)
        now = found[:, place]
        found[:, place] = (now & ~to_wrong) | (~now & to_right)
    return found


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How many of the simulated runs had each verdict; a run has its worst curve's verdict."""

    passed: int
    failed: int
    inconclusive: int

    @property
    def pairs(self) -> int:
        """How many runs were simulated."""
        return self.passed + self.failed + self.inconclusive

    @property
    def not_passed(self) -> float:
        """The share that did not pass: an unchanged model's false alarms, a worse one's catches."""
        return (self.failed + self.inconclusive) / self.pairs


def simulate(
    spreads: Mapping[str, Spread | Held],
    *,
    seeds: int,
    baseline_seeds: int,
    rule: Rule,
    pairs: int,
    drops: Mapping[str, float] | None = None,
    also: Callable[[Comparison], Iterable[Verdict]] = lambda comparison: (),
    key: int = 0,
) -> Rates:
    """Return how the gate of all curves together ends, over pairs of a baseline and a run.

    drops: how much worse a curve is than the baseline's model, in accuracy, at each scale but 0;
    others are unchanged. rule: how they are judged; it counts at least as many curves as are
    simulated. also: the other checks of a curve, which count too. key: the seed of the random
    numbers; the same call gives the same rates.
    """
    rng = np.random.default_rng(key)
    rule = replace(rule, curves=max(rule.curves, _curves(spreads)))
    counts = {"pass": 0, "fail": 0, "inconclusive": 0}
    for _ in range(pairs):
        found = set()
        drawn = draw_pair(spreads, seeds, baseline_seeds, rng, drops or {})
        for name, comparison in drawn.items():
            found.add(judge_case(_case(comparison, spreads[name].suite, rule)).verdict)
            found.update(verdict.verdict for verdict in also(comparison))
        worst = next(word for word in ("fail", "inconclusive", "pass") if word in found)
        counts[worst] += 1
    return Rates(passed=counts["pass"], failed=counts["fail"], inconclusive=counts["inconclusive"])


def _curves(spreads: Mapping[str, Spread | Held]) -> int:
    """Return how many curves these are; a suite has one for each family."""
    return sum(len(each.suite.places) if each.suite else 1 for each in spreads.values())


def _case(comparison: Comparison, suite: Families | None, rule: Rule) -> Case:
    """Return a drawn comparison as the gate judges it."""
    if suite is not None:
        return suite_part(comparison, suite, rule)
    name = comparison.curve
    return Case(curve=name, comparison=comparison, rule=rule.of(name))


def draw_pair(
    spreads: Mapping[str, Spread | Held],
    seeds: int,
    baseline_seeds: int,
    rng: np.random.Generator,
    drops: Mapping[str, float],
) -> dict[str, Comparison]:
    """Return a comparison of each curve: a run of fresh seeds with a baseline of fresh seeds.

    For a given model, it compares the answers of a model that changed with the baseline's own.
    """
    pairs = {}
    for name, spread in spreads.items():
        drop = drops.get(name, 0.0)
        if isinstance(spread, Held):
            new, old = change_answers(spread, rng, drop), spread.answers
        else:
            new = draw_answers(spread, seeds, rng, drop)
            old = draw_answers(spread, baseline_seeds, rng)
        pairs[name] = Comparison(
            curve=name,
            scales=spread.scales,
            new=new,
            baseline=old,
            replicates="draws" if isinstance(spread, Held) else "seeds",
        )
    return pairs


def least_margins(
    comparisons: Mapping[str, Comparison],
    rule: Rule,
    suites: Mapping[str, Families | None] | None = None,
) -> tuple[float, float, float]:
    """Return the least margins, (mean, scale, clean) in points, with which the curves pass.

    suites: of each comparison that is a suite's, its families.
    """
    suites = suites or {}
    needed: dict[str, list[float]] = {"mean": [0.0], "scale": [0.0], "clean": [0.0]}
    curves = sum(len(each.places) if (each := suites.get(name)) else 1 for name in comparisons)
    everything = replace(rule, margins=Margins(), curves=curves)
    for name, comparison in comparisons.items():
        case = _case(comparison, suites.get(name), everything)
        for row in case_rows(case):
            shown_drop = row.bound_high is not None and row.bound_high < 0
            drop = -row.difference if shown_drop else 0.0
            if row.scale == 0:
                needed["clean"].append(drop)
            elif row.scale is not None or isinstance(row, FamilyRow):
                needed["scale"].append(drop)
            elif isinstance(row, WithinRow):
                needed["mean"].append(math.nan if row.bound_low is None else -row.bound_low)
            else:
                # A drop of twice the margin must be caught, too.
                calm = without_stray(case.comparison or comparison)
                needed["mean"].append(max(drop, seeing_margin(calm, case.rule.mean_alpha)))
    mean, scale, clean = (100 * max(each) for each in needed.values())
    return mean, scale, clean


def recommend_margins(
    spreads: Mapping[str, Spread | Held],
    *,
    seeds: int,
    baseline_seeds: int,
    rule: Rule,
    pairs: int,
    rate: float = 0.01,
    key: int = 0,
) -> Margins:
    """Return the least margins with which at most this rate of unchanged runs do not pass.

    Half of the rate is given to the mean and half to the scales; each margin is rounded up to a
    tenth of a point.
    """
    rng = np.random.default_rng(key)
    suites = {name: each.suite for name, each in spreads.items()}
    needed = [
        least_margins(draw_pair(spreads, seeds, baseline_seeds, rng, {}), rule, suites)
        for _ in range(pairs)
    ]
    shares: Sequence[float] = (rate / 2, rate / 4, rate / 4)
    mean, scale, clean = (
        _tenth_above(float(np.quantile(np.array(column), 1 - share, method="higher")))
        for column, share in zip(zip(*needed, strict=True), shares, strict=True)
    )
    return Margins(mean=mean, scale=scale, clean=clean)


def _tenth_above(points: float) -> float:
    return max(0.1, math.ceil(points * 10 - 1e-9) / 10)


def binomial_interval(count: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Clopper and Pearson's exact interval of a share. Source: Biometrika 26 (1934), 404."""
    from scipy import stats  # a run that judges needs none of it, and it is slow to import

    found = stats.binomtest(count, of).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)
