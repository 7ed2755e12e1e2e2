"""What a run advises works, and what it says of a file is of that file."""

from __future__ import annotations

import errno
import os
import shlex

import pytest
from own_bench import AUTO, ONE, TEST, UPDATE

from noisecore.judging.baselines import file as module

UNIFORM = ONE.replace("gaussian", "uniform")


def rename(own, what: str) -> str:
    """Rename the noise, the curve, the test or its file of the first test; return the new name."""
    if what == "noise":
        own.change("test_a.py", "scales=", "noise='uniform', scales=")
        return UNIFORM
    if what == "curve":
        own.change("test_a.py", "scales=", "name='small', scales=")
        return "small/gaussian"
    if what == "test":
        own.change("test_a.py", "test_one", "test_new")
        return ONE.replace("one", "new")
    (own.path / "test_a.py").rename(own.path / "test_c.py")
    return ONE.replace("test_a", "test_c")


def advised(result) -> list[str]:
    """Return the arguments of the command that a run says to go on with."""
    lines = result.stdout.str().splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("to renew the baseline:"))
    return shlex.split(lines[place + 1])[1:]


class TestRenamed:
    """A curve that is not in the baseline, where another one is that no test evaluates."""

    @pytest.mark.parametrize("what", ["noise", "curve", "test", "file"])
    def test_the_command_works(self, own, what) -> None:
        """The command that the run advises takes the old one out and puts the new one in."""
        own.make()
        (own.path / "test_b.py").unlink()
        new = rename(own, what)
        own.write("test_b.py", TEST.replace("NAME", "two"))
        result = own.run(AUTO)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        text = " ".join(result.stdout.str().split())
        assert f"and {ONE} vanished" in text
        assert "=missing" not in text
        renewed = own.run(*advised(result))
        assert renewed.ret == 0, renewed.stdout.str()
        assert new in own.curves
        assert ONE not in own.curves
        assert own.run(AUTO).ret == 0

    def test_added(self, own) -> None:
        """Where nothing vanished it is added, and the rest stays as it is."""
        own.make()
        own.write("test_c.py", TEST.replace("NAME", "three"))
        text = " ".join(own.run(AUTO).stdout.str().split())
        assert "add it with --noise-update-baseline=missing" in text
        assert own.run("test_c.py", AUTO, f"{UPDATE}=missing").ret == 0
        assert len(own.curves) == 3
        assert own.run(AUTO).ret == 0

    def test_one_of_two(self, own) -> None:
        """A curve that a test has, and does not judge, is not taken out by a renewal."""
        own.make()
        more = "scales=[0.2, 1])\n    robustness.evaluate(model, *images(), scales=[1], name='b')"
        own.change("test_a.py", "scales=[0.2, 1])", more)
        own.change("test_a.py", "robustness.curve,", "robustness.curves[1],")
        result = own.run(UPDATE)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert ONE in own.curves


@pytest.mark.parametrize(
    ("file", "options", "said"),
    [
        ("baseline.json", [AUTO], "the candidate of the baseline could not be written to {}: "),
        (
            "baseline.json",
            [UPDATE],
            "the baseline was not renewed: the candidate of the baseline could not be written to "
            "{}: ",
        ),
        ("quick.json", [UPDATE], "the baseline could not be written to {}: "),
    ],
)
def test_full_disk(own, monkeypatch, file, options, said) -> None:
    """The file that could not be written is the one that is named; the baseline stays."""
    own.make()
    own.change("test_a.py", "evaluate(model", "evaluate(lambda x: 2 * model(x)")
    before = own.baseline.read_bytes()
    write = module.write_atomically

    def full(path, content):
        if path.name == file:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)

    monkeypatch.setattr(module, "write_atomically", full)
    result = own.run(*options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    places = {"baseline.json": "noisecore-results/quick/baseline.json"}
    where = places.get(file, "benchmarks/baselines/quick.json")
    assert said.format(where) + os.strerror(errno.ENOSPC) in result.stdout.str().splitlines()
    assert own.baseline.read_bytes() == before
