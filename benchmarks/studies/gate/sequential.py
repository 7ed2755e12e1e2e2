"""How often seeds that come one after another are wrong, and how many trainings they take.

    python benchmarks/studies/gate/sequential.py FILE.jsonl [--runs 40000]

FILE.jsonl gets one record a line. `part` says what a record is of:
simulated: pairs of a run and a baseline, both curves of the quick profile together, as `design.py`
draws them; one curve, or none, is worse by so many points, everywhere or at one scale. two: an
unchanged model, if two seeds could decide. alpha: margins of 0.01 points, so that the level alone
decides. caught: a drop of the size that the columns of the table say. drawn: pairs drawn without
replacement from sixty real seeds. a/a: runs of real seeds against the committed baseline, judged by
the package itself. regression: the regressions that were put in, with the three seeds that are kept
of each; one that is open asks for so many. Rates are in %, with their 95 % intervals. trainings:
the mean number at each scale, of the worse curve if there is one. A model that is identical to its
baseline takes one training, and is left out.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from simulation.models import WORLDS, Model, measured, read_answers
from simulation.sequential import LEAST, Ended, by_the_gate, columns, run_stages
from simulation.trained import NO_MARGINS

from noisecore.judging.baselines import Comparison
from noisecore.judging.gates.case import judge_comparison
from noisecore.judging.gates.rows import MeanRow
from noisecore.judging.margins import Rule
from noisecore.judging.power import binomial_interval
from noisecore.judging.statistics import Floats
from noisecore.judging.stopping import luck_of

ROOT = Path(__file__).parents[2]
BASELINE, RECORDS = ROOT / "baselines" / "quick.json", ROOT / "records" / "gate"
SEEDS = 10
DROPS = (1.0, 1.5, 2.0, 3.0)
Line = dict[str, Any]


def rate(found: Floats) -> list[float]:
    """Return a share and its 95 % interval, in %."""
    low, high = binomial_interval(int(found.sum()), len(found))
    return [round(100 * each, 3) for each in (found.mean(), low, high)]


def summed(ended: dict[str, Ended], worse: str = "") -> Line:
    """Return how often runs of all curves do not pass, in stages and with ten seeds from the start.

    worse: the curve whose trainings are counted; all of them if none is worse.
    """
    stages = np.any([each.not_passed for each in ended.values()], axis=0)
    fixed = np.any([~each.fixed.passed for each in ended.values()], axis=0)
    counted = [each.counts for name, each in ended.items() if worse in ("", name)]
    return {
        "not_passed": rate(stages),
        "failed": rate(np.any([each.failed for each in ended.values()], axis=0)),
        "not_passed_of_ten": rate(fixed),
        "failed_of_ten": rate(np.any([each.fixed.failed for each in ended.values()], axis=0)),
        "passed_by_stages_alone": round(100 * float((fixed & ~stages).mean()), 3),
        "not_passed_by_stages_alone": round(100 * float((stages & ~fixed).mean()), 3),
        "trainings": round(float(np.mean(counted)), 3),
        "by_scale": np.mean(counted, axis=(0, 1)).round(2).tolist(),
    }


def places(model: Model) -> dict[str, Floats]:
    """Return where a model may be worse: at all noisy scales, or at one of them."""
    each = {f"{scale:g}": model.scales == scale for scale in model.scales[model.noisy]}
    return {"all": model.noisy, **each}


def simulated(runs: int) -> Iterator[Line]:
    """Yield the rates of unchanged and of worse models."""
    answers = read_answers(BASELINE)
    rule = Rule(mode="simple", curves=len(answers))
    for world in WORLDS:
        models = {name: measured(*each, world) for name, each in answers.items()}
        rng = np.random.default_rng(0)
        drawn = {
            name: (model.draw(runs, SEEDS, rng), model.draw(runs, SEEDS, rng))
            for name, model in models.items()
        }

        def ends(name: str, lost: Floats, rule: Rule = rule, models=models, drawn=drawn) -> Ended:
            new, old = drawn[name]
            model = models[name]
            return run_stages(new - lost / 100, old, model.noisy, np.diag(model.luck), rule)

        about = {"part": "simulated", "world": world, "runs": runs}
        same = {name: ends(name, np.zeros(len(models[name].scales))) for name in models}
        yield {**about, "worse": "", "drop": 0, **summed(same)}
        for name, each in same.items():
            alone = summed({name: each})
            yield {**about, "worse": "", "drop": 0, "curve": name, **alone}
        for name, model in models.items():
            for where, at in places(model).items():
                for drop in DROPS if where == "all" else (*DROPS, 4.0, 5.0):
                    found = {**same, name: ends(name, at * drop)}
                    rest = summed(found, worse=name)
                    yield {**about, "worse": name, "where": where, "drop": drop, **rest}
        two = {
            name: run_stages(*drawn[name], model.noisy, np.diag(model.luck), rule, least=2)
            for name, model in models.items()
        }
        yield {**about, "part": "two", **summed(two)}
        narrow = replace(rule, margins=NO_MARGINS)
        zeros = {name: ends(name, np.zeros(len(models[name].scales)), narrow) for name in models}
        yield {**about, "part": "alpha", **summed(zeros)}


def caught(runs: int) -> Iterator[Line]:
    """Yield how often a drop is caught that the table says, on average, is caught so often."""
    answers = read_answers(BASELINE)
    rule = Rule(mode="simple", curves=len(answers))
    for world in WORLDS:
        for name, each in answers.items():
            model, rng = measured(*each, world), np.random.default_rng(5)
            new, old = model.draw(runs, SEEDS, rng), model.draw(runs, SEEDS, rng)
            luck, noisy = np.diag(model.luck), model.noisy
            line = {"part": "caught", "world": world, "curve": name, "runs": runs}
            said = columns(new, old, noisy, luck, rule).mean(axis=0)
            for what, drop in zip(("half", "most"), said.tolist(), strict=True):
                found = run_stages(new - noisy * drop, old, noisy, luck, rule).not_passed
                line |= {f"{what}_drop": round(100 * drop, 2), f"{what}_caught": rate(found)}
            yield line


def drawn(runs: int) -> Iterator[Line]:
    """Yield the rates of pairs that are drawn from sixty real seeds, without replacement."""
    answers = read_answers(RECORDS / "seeds.npz")
    rule, rng = Rule(mode="simple", curves=len(answers)), np.random.default_rng(0)
    count = len(next(iter(answers.values()))[1])
    order = rng.permuted(np.tile(np.arange(count), (runs, 1)), axis=1)[:, : 2 * SEEDS]
    for worse, drop in (("", 0.0), *((name, drop) for name in answers for drop in DROPS)):
        found = {}
        for name, (scales, right) in answers.items():
            sides = right.mean(axis=2)[order]
            lost = (scales > 0) * (drop / 100 if name == worse else 0.0)
            found[name] = run_stages(
                sides[:, :SEEDS] - lost, sides[:, SEEDS:], scales > 0, luck_of(right), rule
            )
        yield {"part": "drawn", "runs": runs, "worse": worse, "drop": drop, **summed(found, worse)}


def against_baseline() -> Iterator[Line]:
    """Yield what the package says of runs of ten real seeds each, against the baseline."""
    answers, old = read_answers(RECORDS / "seeds.npz"), read_answers(BASELINE)
    rule = Rule(mode="simple", curves=len(answers))
    for name, (scales, right) in answers.items():
        for first in range(0, len(right) - SEEDS + 1, SEEDS):
            new = right[first : first + SEEDS]
            ten = Comparison(curve=name, scales=scales, new=new, baseline=old[name][1])
            stopped = by_the_gate(ten, rule)
            verdict = judge_comparison(stopped, rule)
            (mean,) = verdict.rows(MeanRow)
            yield {
                "part": "a/a",
                "curve": name,
                "seeds": [1000 + first, 1000 + first + SEEDS - 1],
                "verdict": verdict.verdict,
                "verdict_of_ten": judge_comparison(ten, rule).verdict,
                "trainings": stopped.counts.tolist(),
                "half_and_most": [round(100 * (each or 0), 2) for each in _said(mean)],
            }


def _said(row: MeanRow) -> tuple[float | None, float | None]:
    return row.caught_half, row.caught_most


def regressions() -> Iterator[Line]:
    """Yield what the kept seeds of each regression decide: three of them, or five are asked for."""
    answers = read_answers(BASELINE)
    rule = Rule(mode="simple", curves=len(answers))
    for file in sorted((RECORDS / "regressions").glob("*.txt")):
        text = file.read_text()
        for name, (scales, right) in answers.items():
            about = {"part": "regression", "name": file.stem, "curve": name}
            part = text.partition(f"\n{name}/gaussian/quick on")[2].partition("\nAccuracy falls")[0]
            if f"FAIL: {name}/gaussian/quick cannot be compared" in text:
                yield {
                    **about,
                    "verdict": "fail: cannot be compared",
                    "trainings": [1] * len(scales),
                }
                continue
            rows = [re.findall(r"\d\.\d{4}", line)[2:5] for line in part.splitlines()[2:]]
            new = np.zeros((1, SEEDS, len(scales)))  # seeds beyond the kept ones are not looked at
            new[0, :LEAST] = np.array(rows, np.float64).T
            old = right.mean(axis=2)[None]
            ended = run_stages(new, old, scales > 0, luck_of(right), rule, once=True)
            (verdict,), asked = ended.verdicts, ended.counts[0].tolist()
            if verdict != "fail" and max(asked) > LEAST:
                verdict = "open"
            yield {**about, "verdict": verdict, "trainings": asked}


def main() -> None:
    """Write all records."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=40_000)
    chosen = parser.parse_args()
    parts = (
        simulated(chosen.runs),
        caught(chosen.runs),
        drawn(chosen.runs),
        against_baseline(),
        regressions(),
    )
    with open(chosen.file, "w") as file:
        for part in parts:
            for line in part:
                print(json.dumps(line), file=file, flush=True)


if __name__ == "__main__":
    main()
