"""`compare` gives a whole suite one verdict, as a run does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_suites import images, nearest, two_models
from records_factory import make_record, save

from noisecore import compare, evaluate, judge_no_regression
from noisecore.cli import main
from noisecore.judging.gates import judge
from noisecore.judging.gates.rows import CostRow
from noisecore.judging.gates.suite_rows import FamilyRow
from noisecore.judging.margins import Margins
from noisecore.noise.corruptions import SUITES

NAME = "bars/mnist-c"


@pytest.fixture(scope="module")
def suites():
    """A model's whole suite, and that of a worse one."""
    return two_models(draws=1)


def without(suite, *families):
    """Return a suite without some of its families."""
    kept = {family: curve for family, curve in suite.items() if family not in families}
    return replace(suite, curves=kept)


@pytest.fixture(scope="module")
def files(suites, tmp_path_factory):
    """The files of the two suites."""
    folder = tmp_path_factory.mktemp("suites")
    for name, suite in zip(("old", "new"), suites, strict=True):
        suite.save(folder / f"{name}.json")
    return folder / "old.json", folder / "new.json"


def test_files_of_suites_get_the_verdict_of_the_suites(suites, files) -> None:
    """Two files get one verdict, with the same rows as the suites that were saved in them."""
    old, new = suites
    found = compare(files[1], files[0], mode="simple", margins="mean>1.5,scale>3")
    (verdict,) = found.values()
    wanted = judge_no_regression(new, old, mode="simple", margins="mean>1.5,scale>3")
    assert list(found) == [NAME]
    assert verdict.verdict == wanted.verdict
    assert [row.family for row in verdict.rows(FamilyRow)] == list(new)
    assert [row.difference for row in verdict.rows(FamilyRow)] == [
        row.difference for row in wanted.rows(FamilyRow)
    ]


def test_the_command_judges_the_suite(files, capsys) -> None:
    """An unchanged suite ends with 0 and one sentence; a worse one with 1, and names a family."""
    old, new = map(str, files)
    assert main(["compare", old, old]) == 0
    assert f"PASS: {NAME} is identical to its baseline" in " ".join(capsys.readouterr().out.split())
    assert main(["compare", old, new, "--gate", "simple", "--margins", "mean>1"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("FAIL:") == 1
    assert "canny_edges" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_family_that_is_gone_does_not_pass(suites, tmp_path, files, capsys) -> None:
    """A run that lost a family of its suite cannot be compared: exit code 3, and it is named."""
    old = suites[0]
    without(old, "fog").save(tmp_path / "new.json")
    assert main(["compare", str(files[0]), str(tmp_path / "new.json")]) == 3
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{NAME} cannot be judged: bars/mnist-c/fog of the baseline was not run" in shown
    found = compare(tmp_path / "new.json", files[0])
    assert [verdict.verdict for verdict in found.values()] == ["fail", "inconclusive"]


def test_some_families_are_judged_each_for_itself(suites) -> None:
    """Families that are no whole suite on either side are judged one by one."""
    old, new = (without(suite, "fog", "zigzag").records for suite in suites)
    found = judge(new, old)
    assert set(found) == {record.trial.curve for record in new}


def swept(**training):
    """Return the records of three trainings for each family of MNIST-C and each severity."""
    return [
        make_record(scale=scale, seed=seed, noise=f"mnist-c/{family}", **training)
        for family in SUITES["mnist-c"]
        for scale in ((0, 1) if not training else (0,))
        for seed in range(3)
    ]


def test_what_is_trained_at_each_severity_is_no_suite() -> None:
    """Families that a model was trained with, each at its severities, are judged one by one."""
    records = swept()
    assert len(judge(records, records, sequential=True)) == 15
    once = swept(trained_with="gaussian", trained_with_source="c" * 64, accuracies={0: 0.9, 1: 0.8})
    assert list(judge(once, once, sequential=True)) == ["cnn/mnist-c/quick/trained=clean"]


def trained(worse=None, *, seeds=range(3), without=(), failed=(), **overrides):
    """Return the records of a model trained once per seed; accuracies of the `worse` by family."""
    once = {"trained_with": "gaussian", "trained_with_source": "c" * 64, **overrides}
    return [
        make_record(
            scale=0,
            seed=seed,
            noise=f"mnist-c/{family}",
            accuracies={0: 0.9, 1: (worse or {}).get(family, 0.8) - 0.001 * seed},
            status="failed" if (family, seed) in failed else "complete",
            **once,
        )
        for family in SUITES["mnist-c"]
        for seed in seeds
        if (family, seed) not in without and family not in without
    ]


def test_a_suites_seeds_never_come_one_after_another() -> None:
    """A run that chose the seeds of its other curves judges its suites as any run."""
    old, new = trained(seeds=range(10)), trained({"fog": 0.78})
    one, other = (judge(new, old, sequential=each) for each in (False, True))
    assert [each.figures for each in one.values()] == [each.figures for each in other.values()]


@pytest.mark.parametrize(
    "odd",
    [
        {"failed": {("shot_noise", 0)}},
        {"without": {"zigzag"}},
        {"without": {("shot_noise", 1)}},
    ],
)
def test_a_fall_is_not_hidden_by_another_family(tmp_path, odd, capsys) -> None:
    """Where one family cannot be compared, a fall in another is still a regression: exit code 1."""
    old = save(tmp_path / "old", trained())
    new = save(tmp_path / "new", trained({"fog": 0.5}, **odd))
    assert main(["compare", old, new]) == 1
    assert "fog" in [line.split()[0] for line in capsys.readouterr().out.splitlines() if line][1:]


def test_the_costliest_family_counts() -> None:
    """Training time is judged by the family that became slower most."""
    old, new = trained(cost={"train_seconds": 1.0}), trained(cost={"train_seconds": 1.0})
    slow = [
        replace(record, cost={"train_seconds": 10.0})
        if record.trial.noise.endswith("fog")
        else replace(record, evaluations=record.evaluations)
        for record in new
    ]
    margins = Margins(seconds=1.5)
    (verdict,) = judge(slow, old, margins=margins).values()
    assert verdict.verdict == "fail"
    assert [row.ratio for row in verdict.rows(CostRow)] == [10.0]


def test_extras_and_frost_may_be_missing() -> None:
    """A suite without frost is whole, with its extras or without: one verdict."""
    x, y = images(60, channels=3)
    with pytest.warns(UserWarning, match="without frost"):
        suite = evaluate(nearest, x, y, suite="cifar-10-c", name="bars", draws=1, scales=[1])
    assert "frost" not in suite
    assert "saturate" in suite
    records = without(suite, "saturate").records
    assert list(judge(records, records)) == ["bars/cifar-10-c"]
    assert list(judge(records, suite.records)) == ["bars/cifar-10-c"]
