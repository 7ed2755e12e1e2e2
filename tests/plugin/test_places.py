"""What stands at a path that a run was given, or writes to: one line, no wait, nothing trained."""

from __future__ import annotations

import os
import shutil
import sys
from types import SimpleNamespace

import pytest
from odd_places import KINDS, put

from noisecore.plugin.reporting import github
from noisecore.showing.parts import Parts

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary"}


def locks(bench) -> list[str]:
    """Return the names of the locks that a run left."""
    return [path.name for path in bench.path.glob("noisecore-results/**/.lock*")]


@pytest.mark.parametrize(("more", "made"), [((), True), (("--noise-artifacts=mine",), False)])
def test_gitignore(bench, given, more, made) -> None:
    """A run's own folder is left out by git, and none that somebody chose."""
    assert bench.runpytest_inprocess(*given, *more, "-k", "curve").ret == 0
    found = [path.parent.name for path in bench.path.rglob(".gitignore")]
    assert found == ["noisecore-results"] * made


@pytest.mark.parametrize("kind", KINDS)
def test_record(bench, given, usage_line, kind) -> None:
    """A record that is no file ends the run before it begins, and leaves no lock."""
    put(kind, bench.path / "records/one.json")
    line = usage_line(bench.runpytest_inprocess(*given))
    assert "records/one.json: cannot be read: " in line
    assert KINDS[kind] in line
    assert locks(bench) == []


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"folder"}))
@pytest.mark.parametrize("place", ["records", "results.json"])
def test_records(bench, given, usage_line, place, kind) -> None:
    """So does what is no file in the place of all records."""
    shutil.rmtree(bench.path / "records")
    put(kind, bench.path / ("records" if place == "records" else "records/results.json"))
    assert KINDS[kind] in usage_line(bench.runpytest_inprocess(*given))


@pytest.mark.parametrize("update", [[], ["--noise-update-baseline"]])
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"folder"}))
def test_baseline(gate, given, usage_line, kind, update) -> None:
    """A baseline that cannot be used is told as such, never as one that is not there."""
    put(kind, gate.path / "base.json")
    line = usage_line(gate.runpytest_inprocess(*given, "--noise-baseline=base.json", *update))
    assert "base.json" in line
    assert KINDS[kind] in line
    assert locks(gate) == []
    assert os.path.lexists(gate.path / "base.json")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (
            "test_gate.py/base.json",
            "no baseline can be at test_gate.py/base.json: test_gate.py is no",
        ),
        ("test_gate.py", "test_gate.py is not a folder: name a .json file, or a folder for it"),
        ("link.json", "a link to nowhere, which does not exist"),
        ("x" * 300 + ".json", "File name too long"),
    ],
)
def test_unusable_baseline_path(gate, given, usage_line, path, why) -> None:
    """So is a path at which no baseline can be, and no lock stays."""
    (gate.path / "link.json").symlink_to("nowhere")
    line = usage_line(gate.runpytest_inprocess(*given, f"--noise-baseline={path}"))
    assert why in line
    assert "vanished" not in line
    assert locks(gate) == []


def test_unusable_baseline_under_xdist(gate, given, usage_line) -> None:
    """Under xdist it is said before the workers start, and no lock stays."""
    put("fifo", gate.path / "base.json")
    line = usage_line(gate.runpytest_subprocess(*given, "--noise-baseline=base.json", "-n1"))
    assert "a FIFO, not a file" in line
    assert locks(gate) == []


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "loop"])
def test_artifacts(bench, given, usage_line, kind) -> None:
    """What stands in the place of the artifact folder is one line."""
    put(kind, bench.path / "noisecore-results")
    line = usage_line(bench.runpytest_inprocess(*given))
    assert "artifacts" in line


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "folder"])
@pytest.mark.parametrize("name", [".lock", ".lock-workers"])
def test_lock(bench, given, usage_line, name, kind) -> None:
    """What stands in the place of a lock is one line; nothing is written through it."""
    put(kind, bench.path / "noisecore-results/quick" / name)
    line = usage_line(bench.runpytest_inprocess(*given))
    assert "choose another folder with --noise-artifacts" in line


def test_lock_that_is_a_link(bench, given, usage_line) -> None:
    """A lock that is a link to a file leaves that file as it is."""
    folder = bench.path / "noisecore-results/quick"
    folder.mkdir(parents=True)
    (bench.path / "kept").write_text("kept")
    (folder / ".lock").symlink_to(bench.path / "kept")
    assert "a link, not a file" in usage_line(bench.runpytest_inprocess(*given))
    assert (bench.path / "kept").read_text() == "kept"


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "loop"])
@pytest.mark.parametrize("name", [".plan", "results.json", "summary.md"])
def test_output(bench, given, monkeypatch, name, kind) -> None:
    """What has the name of an output and is no folder is replaced by it."""
    monkeypatch.setattr("noisecore.showing.report._pictures", lambda *given: ())
    path = bench.path / "noisecore-results/quick" / name
    put(kind, path)
    assert bench.runpytest_inprocess(*given).ret == 0
    assert path.is_file()
    assert not path.is_symlink()


@pytest.mark.parametrize("name", ["results.json", "baseline.json", "summary.md"])
def test_folder_for_an_output(bench, given, usage_line, name) -> None:
    """A folder in the place of an output is never removed: it ends the run before it begins."""
    (bench.path / "noisecore-results/quick" / name).mkdir(parents=True)
    line = usage_line(bench.runpytest_inprocess(*given))
    assert "cannot be removed" in line
    assert locks(bench) == []


@pytest.mark.parametrize("kind", ["fifo", "loop"])
def test_plots(bench, given, usage_line, kind) -> None:
    """What stands in the place of the folder of plots ends the run before it begins, too."""
    put(kind, bench.path / "noisecore-results/quick/plots")
    assert "plots is not a folder" in usage_line(bench.runpytest_inprocess(*given))


def test_place_of_a_new_baseline(gate, given, usage_line) -> None:
    """So does a folder that cannot be made for the baseline that is asked for."""
    (gate.path / "dangling").symlink_to("nowhere")
    options = ["--noise-update-baseline", "--noise-baseline=dangling/inside/base.json"]
    line = usage_line(gate.runpytest_inprocess(*given, *options))
    assert "no baseline can be at dangling/inside/base.json: dangling is not a folder" in line
    assert locks(gate) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--noise-baseline=test_it.py"],
        ["--noise-baseline-dir=test_it.py", "--noise-update-baseline"],
        ["--noise-artifacts=test_it.py"],
        ["--noise-records=nowhere"],
        ["--noise-dataset=nowhere.npz"],
        ["--noise-dataset=nowhere.py:load"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("body", ["pytest.skip('not today')", "pass"])
def test_nothing_is_measured(pytester, usage_line, monkeypatch, body, options) -> None:
    """A bad path of the command line is told of though no test measures."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(
        test_it=f"import pytest\n@pytest.mark.skip\ndef test_skipped(robustness):\n    pass\n"
        f"def test_plain():\n    {body}\n"
    )
    line = usage_line(pytester.runpytest_inprocess(*options))
    assert "not a folder" in line or "nowhere" in line
    assert not (pytester.path / "noisecore-results").exists()


def test_places_of_a_configuration(pytester) -> None:
    """What the configuration names may be missing where no test needs it."""
    pytester.makeini("[pytest]\nnoise_dataset = nowhere.npz\nnoise_artifacts = test_it.py\n")
    pytester.makepyfile(test_it="def test_plain():\n    pass\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "loop", "folder"])
def test_step_summary(monkeypatch, tmp_path, kind) -> None:
    """GitHub's step summary is written to a file alone: anything else is one line."""
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("noisecore.judging.results.read_results", lambda path: None)
    monkeypatch.setattr("noisecore.showing.summary.make_summary", lambda *given: "text")
    put(kind, tmp_path / "summary")
    parts = Parts()
    with parts.making("the step summary"):
        github.write_step_summary(tmp_path)
    (line,) = parts.problems
    assert line.startswith("the step summary could not be made: ")
    os.rename("summary", "aside")
    github.write_step_summary(tmp_path)
    github.write_step_summary(tmp_path)
    assert (tmp_path / "summary").read_text() == "texttext"


def test_step_summary_of_nothing(monkeypatch, tmp_path) -> None:
    """Where the run's own results cannot be read any more, that is said in one line."""
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    put("fifo", tmp_path / "results.json")
    with pytest.raises(ValueError, match="a FIFO, not a file"):
        github.write_step_summary(tmp_path)


def test_resume(bench, tiny, run_in) -> None:
    """What is no record is set aside, and the run trains, with and without resuming."""
    trials = bench.path / "noisecore-results/quick/trials"
    options = [*tiny, "--noise-scales=1", "--noise-seeds=1", "-k", "test_point"]
    for more in ([], ["--noise-resume"]):
        for kind in ("fifo", "loop", "folder", "huge"):
            put(kind, trials / f"{kind}.json")
        ended = run_in(bench.path, *options, *more)
        assert ended.code == 0, ended.output
        assert ended.output.count("not a valid record, renamed to") == 4
        assert len(ended.records) == 2


def test_usage_error_unlocks(gate, given, usage_line, monkeypatch) -> None:
    """A usage error that comes when the folder is held lets go of it in the same process."""
    from noisecore.running.store import StoreError

    def refuse(self):
        raise StoreError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("noisecore.plugin.sources.saved.SavedSource.prepare", refuse)
        options = [*given, "--noise-update-baseline"]
        assert "no room" in usage_line(gate.runpytest_inprocess(*options))
    assert locks(gate) == []
    assert gate.runpytest_inprocess(*options).ret == 0


class TestNetwork:
    """Records that are given are judged by themselves."""

    @pytest.fixture
    def asked(self, monkeypatch, tmp_path):
        """Return the list of what was asked of the network."""
        asked: list[str] = []

        def load_data():
            asked.append("mnist")
            raise OSError("no network")

        module = SimpleNamespace(load_data=load_data)
        datasets = SimpleNamespace(mnist=module, fashion_mnist=module)
        monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(datasets=datasets))
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "nowhere"))
        monkeypatch.delenv("NOISECORE_DATA_DIR", raising=False)
        return asked

    def test_absent_dataset(self, bench, given, save_records, asked) -> None:
        """A data set that is not on this machine is not fetched to judge given records."""
        shutil.rmtree(bench.path / "records")
        save_records(bench.path / "records", dataset="mnist")
        result = bench.runpytest_inprocess(*given, "--noise-dataset=mnist", "-k", "test_curve")
        result.assert_outcomes(passed=1)
        assert asked == []

    def test_data_that_exits(self, bench, given) -> None:
        """A function of the data that exits takes nothing along: the records are judged."""
        (bench.path / "mine.py").write_text("def load():\n    raise SystemExit(7)\n")
        result = bench.runpytest_inprocess(*given, "--noise-dataset=mine.py:load")
        assert "are not in" in result.stdout.str()
        assert result.ret == pytest.ExitCode.TESTS_FAILED
