"""`floors`: floors to paste, which an unchanged model misses as seldom as is said."""

from __future__ import annotations

import json
import math
import re
from ast import literal_eval

import numpy as np
import pytest
from bands import X, Y, evaluate
from records_factory import make_record, make_sweep, old_schema, save
from scipy import stats
from scripts import load_script

from noisecore.cli import main
from noisecore.judging.curves import matched_curves
from noisecore.judging.floors import given_floor, propose_floors, seed_floor
from noisecore.judging.gates import judge_floor
from noisecore.judging.statistics import wilson_interval
from noisecore.records import pack_right

LEVEL = {0.0: 0.95, 0.5: 0.9, 4.0: 0.6}
CURVE = "cnn/gaussian/quick"


@pytest.fixture(scope="module")
def simulation():
    """The script whose figures docs/explanation/statistics.md has, as a module."""
    return load_script("floors")


def pasted(text: str) -> list[dict[float, float]]:
    """Return the dicts that were printed."""
    return [literal_eval(line) for line in text.splitlines() if line.startswith("{")]


def found_spread(records):
    """Return the standard deviation over seeds that the floors of one curve go by."""
    (curve,) = matched_curves(records).values()
    return seed_floor(curve.accuracy, seeds=3, rate=0.01)[1]


class TestRate:
    """How often an unchanged model misses a floor."""

    def test_by_hand(self) -> None:
        """The floor is the mean less t times s times the root of 1/N + 1/S."""
        floor, spread = seed_floor([0.9, 0.91, 0.92], seeds=3, rate=0.01 / 12)
        assert float(spread) == pytest.approx(0.01)
        reach = stats.t.ppf(1 - 0.01 / 12, 2) * 0.01 * math.sqrt(1 / 3 + 1 / 3)
        assert float(floor) == pytest.approx(0.91 - reach)

    @pytest.mark.parametrize("shared", [False, True])
    def test_trained(self, simulation, shared) -> None:
        """Twelve floors from ten seeds fail three normal seeds in 1 % of runs at most."""
        found = simulation.trained(10, 3, rate=0.01, cases=50_000, shared=shared)
        assert found < 0.0115  # three standard errors above
        assert shared or found > 0.0085

    @pytest.mark.parametrize(("deviations", "share"), [(1, 0.4), (2, 0.003)])
    def test_floors_by_deviations(self, simulation, deviations, share) -> None:
        """A floor one deviation below the truth fails two runs of five, one of two few."""
        assert simulation.fixed(deviations, 3) == pytest.approx(share, rel=0.1)

    @pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.99])
    def test_given(self, simulation, accuracy) -> None:
        """A given model's floor fails it in 1 % of other samples of images at most."""
        for weight in (0.5, 10):
            assert simulation.given(accuracy, 200, weight, rate=0.01, cases=50_000) < 0.0115

    def test_given_by_hand(self) -> None:
        """Of one draw it is Wilson's bound with half as many images, where all is right too."""
        for right in (400, 380):
            share = right / 400
            floor = given_floor(share, math.sqrt(share * (1 - share) / 400), 400, 0.001)
            assert float(floor) == pytest.approx(float(wilson_interval(right / 2, 200, 0.998).low))


class TestProposed:
    """What is proposed for records."""

    def test_trained(self) -> None:
        """Each scale has a floor, 0 too, rounded down to thousandths, which the baseline passes."""
        records = make_sweep(LEVEL, spread=0.004, seeds=range(6))
        (found,) = propose_floors(records, seeds=3, rate=0.01).floors
        (curve,) = matched_curves(records).values()
        assert found.scales.tolist() == [0.0, 0.5, 4.0]
        exact, _ = seed_floor(curve.accuracy, seeds=3, rate=0.01 / 3)
        assert np.all(found.floors <= exact)
        assert np.all(found.floors > exact - 0.001)
        floors = dict(zip(found.scales.tolist(), found.floors.tolist(), strict=True))
        assert all(judge_floor(curve, floors, scale=s).verdict == "pass" for s in LEVEL)

    def test_seeds_that_agree_by_luck(self) -> None:
        """Where the seeds agree by luck, what their answers differ by still counts."""
        rng = np.random.default_rng(0)
        records = []
        for seed in range(3):
            right = np.zeros(1000, bool)
            right[rng.permutation(1000)[:800]] = True  # 800 each, but other ones
            (record,) = make_sweep({1.0: 0.8}, seeds=[seed])
            (each,) = record.to_dict()["evaluations"]
            data = old_schema(record.to_dict()) | {
                "evaluations": [each | {"correct": pack_right(right)}]
            }
            records.append(type(record).from_dict(data))
        (found,) = propose_floors(records).floors
        assert found.mean[0] == pytest.approx(0.8)
        assert found.spread[0] == pytest.approx(math.sqrt(0.16 / 1000), rel=0.05)
        assert found.floors[0] < 0.73  # by the seeds' means alone it would be 0.8

    def test_all_floors_share_the_rate(self) -> None:
        """More curves make each floor lower: the rate is that of all together."""
        one = make_sweep(LEVEL, seeds=range(4))
        alone = propose_floors(one).floors[0]
        both = propose_floors([*one, *make_sweep(LEVEL, model="mlp", seeds=range(4))]).floors
        assert [each.curve for each in both] == [CURVE, "mlp/gaussian/quick"]
        assert np.all(both[0].floors < alone.floors)

    def test_one_image(self) -> None:
        """A single test image is no error."""
        records = make_sweep({1.0: 1.0}, spread=0, images=1)
        assert propose_floors(records).floors[0].floors.tolist() == [1.0]

    def test_floors_that_could_not_fail(self) -> None:
        """A curve of which no floor is above chance has none, and what would do is said."""
        records = make_sweep({0.5: 0.9, 1.0: 0.3}, spread=0.05, seeds=[0, 1])
        found = propose_floors(records)
        assert found.floors == ()
        (line,) = found.left_out
        assert line.startswith(f"{CURVE}: with 2 seeds, a floor at any scale would not be")
        assert "above 0, so it could never fail: give " in line
        enough = int(line.rpartition("--noise-seeds=")[2].rstrip(")"))
        spread, rate = found_spread(records), 0.01 / 2
        for seeds, wanted in ((enough, True), (enough - 1, False)):
            reach = stats.t.isf(rate, seeds - 1) * math.sqrt(1 / 3 + 1 / seeds)
            assert bool((np.array([0.9, 0.3]) - reach * spread > 0).all()) is wanted

    def test_chance_of_a_known_data_set(self) -> None:
        """A floor below one in so many classes is as good as none; that scale is named."""
        records = make_sweep({0.5: 0.9, 4.0: 0.15}, spread=0.01, seeds=range(3))
        name = records[0].trial.dataset
        assert propose_floors(records).idle == ()
        found = propose_floors(records, classes={name: 10, "other": 2})
        assert len(found.floors) == 1
        (line,) = found.idle
        assert "a floor at scale 4 would not be above chance (0.1)" in line
        at_chance = propose_floors(make_sweep({4.0: 0.1}), classes={name: 10})
        assert at_chance.floors == ()
        assert at_chance.left_out[0].endswith("more seeds would not help")

    def test_few_images(self) -> None:
        """Of a given model it is said how many images would do."""
        few = evaluate(x=X[:4], y=Y[:4], scales=[0.5], least_clean=0)
        found = propose_floors(few, classes={few[0].trial.dataset: 3}, rate=0.001)
        assert found.floors == ()
        assert "with 4 images" in found.left_out[0]
        assert re.search(r"give \d+ images or more$", found.left_out[0])

    def test_rate_of_a_call(self) -> None:
        """A rate that is none is an error."""
        with pytest.raises(ValueError, match="rate must lie between 0 and 1, got 1"):
            propose_floors([], rate=1)


class TestCommand:
    """What is printed, and exit codes."""

    def test_table(self, tmp_path, capsys) -> None:
        """The dict holds the floors of the table, and fewer seeds of a run make them lower."""
        folder = save(tmp_path / "r", make_sweep(LEVEL, seeds=range(5)))
        assert main(["floors", folder]) == 0
        shown = capsys.readouterr().out
        (floors,) = pasted(shown)
        assert list(floors) == list(LEVEL)
        rows = [
            line.split() for line in shown.splitlines() if line[:9].strip() in ("0", "0.5", "4")
        ]
        assert [float(row[-1]) for row in rows] == list(floors.values())
        assert shown.startswith("3 floors, which all together fail an unchanged model\nin at most ")
        assert "at most 1 % of runs of 3 seeds\n" in shown
        assert "Assumed: the accuracy of seeds is normally distributed" in shown
        assert max(map(len, shown.splitlines())) <= 80
        assert main(["floors", folder, "--seeds", "1", "--alpha=0.1"]) == 0
        shown = capsys.readouterr().out
        assert "at most 10 % of runs of 1 seed\n" in shown
        assert main(["floors", folder, "--seeds", "1"]) == 0
        (fewer,) = pasted(capsys.readouterr().out)
        assert all(fewer[scale] < floors[scale] for scale in floors)

    def test_given(self, tmp_path, capsys) -> None:
        """A given model has floors from its images, and what is assumed is said."""
        records = evaluate()
        assert main(["floors", save(tmp_path / "r", records)]) == 0
        shown = capsys.readouterr().out
        (floors,) = pasted(shown)
        (curve,) = matched_curves(records).values()
        assert "mine/gaussian, 3 draws" in shown
        assert "error over images" in shown
        assert "room for another sample" in " ".join(shown.split())
        assert "normally distributed" not in shown
        assert all(floors[s] < float(curve.at(s).interval.low) for s in floors)

    def test_no_spread(self, tmp_path, capsys) -> None:
        """One seed has no spread: that is said, and ends with 5."""
        assert main(["floors", save(tmp_path / "r", make_sweep(LEVEL, seeds=[0]))]) == 5
        shown = capsys.readouterr().out
        assert shown == f"{CURVE} has one seed: its spread cannot be estimated\n"

    def test_too_few_seeds(self, tmp_path, capsys) -> None:
        """From two seeds that differ no floor could fail: none is printed, and it ends with 5."""
        folder = save(tmp_path / "r", make_sweep(LEVEL, spread=0.05, seeds=[0, 1]))
        assert main(["floors", folder]) == 5
        shown = capsys.readouterr().out
        assert pasted(shown) == []
        assert "0.000" not in shown
        assert "--noise-seeds=" in shown

    def test_scale_without_a_floor(self, tmp_path, capsys) -> None:
        """A last scale whose floor could not fail is not among those to paste, and is named."""
        records = make_sweep({0.5: 0.9, 4.0: 0.15}, spread=0.02, seeds=range(3))
        assert main(["floors", save(tmp_path / "r", records)]) == 0
        shown = capsys.readouterr().out
        assert [list(each) for each in pasted(shown)] == [[0.5]]
        assert shown.startswith("1 floors, ")
        assert f"{CURVE}: with 3 seeds, a floor at scale 4 would not be above" in shown

    def test_one_curve_without_a_spread(self, tmp_path, capsys) -> None:
        """Beside a curve of one seed, the others have floors."""
        records = [*make_sweep(LEVEL), *make_sweep(LEVEL, model="mlp", seeds=[0])]
        assert main(["floors", save(tmp_path / "r", records)]) == 0
        shown = capsys.readouterr().out
        assert len(pasted(shown)) == 1
        assert "mlp/gaussian/quick has one seed" in shown

    def test_failed_trial(self, tmp_path, capsys) -> None:
        """A curve with a failed trial has no floors: that is said, and ends with 2."""
        records = make_sweep(LEVEL)
        records[-1] = make_record(scale=4.0, seed=2, status="failed")
        assert main(["floors", save(tmp_path / "r", records)]) == 2
        shown = capsys.readouterr().out
        assert pasted(shown) == []
        assert f"{CURVE} scale 4 seed 2: loss became NaN in epoch 2" in " ".join(shown.split())

    def test_control(self, tmp_path, capsys) -> None:
        """A control at chance has no floor."""
        records = make_sweep({6.0: 0.1}, blank=True)
        assert main(["floors", save(tmp_path / "r", records)]) == 5
        assert "needs no floor" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--seeds", "0"], "a whole number from 1 to 1000, got '0'"),
            (["--alpha", "1"], "expected a share of runs from 1e-9 to 0.5, such as 0.01, got '1'"),
            (["--alpha", "nan"], "got 'nan'"),
            (["--alpha", "1 %"], "got '1 %'"),
        ],
    )
    def test_bad_arguments(self, tmp_path, capsys, arguments, words) -> None:
        """What is no number of seeds and no rate is one line and exit code 4."""
        folder = save(tmp_path / "r", make_sweep(LEVEL))
        with pytest.raises(SystemExit) as end:
            main(["floors", folder, *arguments])
        assert end.value.code == 4
        assert words in capsys.readouterr().err

    def test_no_records(self, tmp_path, capsys) -> None:
        """A file that is no baseline is one line and exit code 4."""
        (tmp_path / "x.json").write_text(json.dumps({}))
        assert main(["floors", str(tmp_path / "x.json")]) == 4
        assert len(capsys.readouterr().err.splitlines()) == 1
