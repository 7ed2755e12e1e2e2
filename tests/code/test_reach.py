"""What a function's hash follows: its own code, and that of a user's which it reaches."""

from __future__ import annotations

import shutil
import sys

import pytest
from user_repository import change, load

from noisecore.code import function_sha256


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("noise.py", "* FACTOR + SHIFT", "* FACTOR - SHIFT"),
        ("noise.py", "FACTOR, SHIFT = 2, 0", "FACTOR, SHIFT = 2, 1"),
        ("noise.py", "LIMIT = 3", "LIMIT = 4"),
        ("noise.py", "TABLE.append(2)", "TABLE.append(3)"),
        ("noise.py", "TABLE.append(2)", "TABLE[0] = 2"),
        ("noise.py", "OTHERS = []", "for each in [0]:\n    TABLE[each] = 1"),
        ("noise.py", "OTHERS = []", "def fill():\n    global TABLE\n    TABLE = []"),
        ("noise.py", 'all="ignore"', 'all="raise"'),
        ("noise.py", "import numpy as np", "if True:\n    import numpy as np"),
        ("noise.py", "soften(some)", "soften(images)"),
        ("helpers.py", "k + DEEP", "k - DEEP"),
        ("helpers.py", "DEEP = 5", "DEEP = 6"),
        ("setup_all.py", "change(3)", "change(4)"),
        ("setup_all.py", "VALUE = 1", "import os\nos.environ['NOISE'] = '1'"),
        ("setup_all.py", "VALUE = 1", "numerics.LIMIT = 4"),
        ("numerics.py", "    return k\n", "    return -k\n"),
        ("pkg/deep.py", "other.g() + t", "other.g() - t"),
        ("pkg/sub.py", "thing = 1", "thing = 2"),
        ("pkg/other.py", "def g():\n    return 1", "def g():\n    return 2"),
        ("stars_of_stars.py", "star = 1\nother", "star = 2\nother"),
        ("late.py", "return 1", "return 2"),
    ],
)
def test_code_that_it_reaches(repository, file, old, new) -> None:
    """A changed line is found, wherever it is: beside the function, or in a module it uses."""
    before = function_sha256(load(repository / "noise.py").fog)
    change(repository, file, old, new)
    assert function_sha256(load(repository / "noise.py").fog) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("noise.py", '"""Noises."""', '"""Words."""\n# more\n'),
        ("noise.py", "Lay fog over images", "Spread fog"),
        ("noise.py", "  # only here", ""),
        ("noise.py", "  # at most", "\n# or fewer\n\n"),
        ("noise.py", "UNUSED = 1", "UNUSED = 2"),
        ("noise.py", "a fixture has this name", "changed"),
        ("noise.py", "OTHERS = []", "some = 3\nSPAN = 4\nOTHERS = [LIMIT]"),
        ("noise.py", "return images\n\nclass", "return images * 2\n\nclass"),
        ("noise.py", "fog(LIMIT, 1", "fog(LIMIT, 2"),
        ("noise.py", "import os\nimport sys, setup_all", "import setup_all, sys"),
        ("helpers.py", "def unused():\n    return 1", "def unused():\n    return 2"),
        ("helpers.py", "def weights", '"""Words."""\ndef weights'),
        ("setup_all.py", "VALUE = 1", "VALUE = 2"),
        ("noise.py", "UNUSED = 1", "import pytest\npytest.importorskip('numpy')"),
        ("noise.py", "UNUSED = 1", "import sys\nsys.path[:0] = []\nsys.path.append('/nowhere')"),
        ("numerics.py", "def unused():\n    return 1", "def unused():\n    return 2"),
        ("pkg/__init__.py", "NAME = 1", "NAME = 2"),
        ("pkg/giver.py", "given = 1", "given = 2"),
        ("pkg/sub.py", "else_ = 2", "else_ = 3"),
        ("pkg/other.py", "def not_g():\n    return 1", "def not_g():\n    return 2"),
        ("stars_of_stars.py", "other_star = 1", "other_star = 2"),
        ("typed.py", "size = 1", "size = 2"),
        ("apart.py", "nobody", "who"),
    ],
)
def test_what_it_does_not_reach(repository, file, old, new) -> None:
    """Words, and code that the function does not use, change nothing."""
    before = function_sha256(load(repository / "noise.py").fog)
    change(repository, file, old, new)
    assert function_sha256(load(repository / "noise.py").fog) == before


def test_the_same_on_every_python(repository) -> None:
    """What is reached, and its hash, are the same whatever Python reads it."""
    module = load(repository / "noise.py")
    found = [module.fog, module.Cloud, *module.make(1)]
    assert [function_sha256(each) for each in found] == GOLDEN


# As Python 3.11, 3.12 and 3.13 give them; so must any other.
GOLDEN = [
    "code1:b8dac7dd428c9768fc3b3deaa39d7441300a26d84ff0ac494599ebbd100cb6e3",
    "code1:b21e2197f93c11543d8c3f3ec2f03e152c6cc790fd1f3e2f9d3d83bacbd2e1e8",
    "code1:97bbdd1aacdb827f48dbcf88c22d99af7350a0c8c04e90fd0040b5204609d648",
    "code1:33275afe7e0208add23ee25c61e628560fc8c6f69851f25e569c0948e77f9c18",
]


def test_by_another_name_from_another_place(repository, tmp_path_factory) -> None:
    """The name of the module, its folder and what else is imported are no part of the hash."""
    here = function_sha256(load(repository / "noise.py").fog)
    assert function_sha256(load(repository / "noise.py", "tests.noise_own_1f").fog) == here
    other = tmp_path_factory.mktemp("other") / "deep/down"
    shutil.move(repository, other)
    sys.path.insert(0, str(other))
    assert function_sha256(load(other / "noise.py").fog) == here


def test_nothing_is_imported(repository) -> None:
    """Modules that are only named are read, and neither run nor kept."""
    module = load(repository / "noise.py")
    assert "late" not in sys.modules
    before = set(sys.modules)
    function_sha256(module.fog)
    assert set(sys.modules) == before


@pytest.mark.parametrize(("use", "differs"), [("fog.__doc__", True), ("LIMIT", False)])
def test_docstring_that_is_read(repository, use, differs) -> None:
    """A docstring counts where the code that is reached reads one."""
    change(repository, "noise.py", "return x * FACTOR", f"return {use} * FACTOR")
    before = function_sha256(load(repository / "noise.py").fog)
    change(repository, "noise.py", "Lay fog over images", "Spread fog")
    assert (function_sha256(load(repository / "noise.py").fog) != before) is differs


def test_decorator(repository) -> None:
    """What a helper is decorated with counts, and what that does."""
    change(repository, "noise.py", "def soften", "def keep(f):\n    return f\n\n@keep\ndef soften")
    before = function_sha256(load(repository / "noise.py").fog)
    change(repository, "noise.py", "def keep(f):\n    return f", "def keep(f):\n    return print")
    assert function_sha256(load(repository / "noise.py").fog) != before


@pytest.mark.parametrize("use", ["weights, helpers", "getattr(helpers, 'weights')", "helpers.lazy"])
def test_module_used_as_a_whole(repository, use) -> None:
    """Of a module that is handed on, or that makes what it gives, all counts."""
    change(repository, "noise.py", "def soften(x):", f"import helpers\ndef soften(x):\n    {use}")
    before = function_sha256(load(repository / "noise.py").fog)
    change(repository, "helpers.py", "def unused():\n    return 1", "def unused():\n    return 2")
    assert function_sha256(load(repository / "noise.py").fog) != before


def test_modules_in_a_circle(repository) -> None:
    """Modules that import each other, and take a name from each other, are read once."""
    change(repository, "helpers.py", "k + DEEP", "k + DEEP + gone")
    change(repository, "helpers.py", "DEEP = 5", "DEEP = 5\nfrom late import gone")
    taken = "try:\n    from helpers import gone\nexcept ImportError:\n    gone = 1\n\ndef h"
    change(repository, "late.py", "def h", taken)
    before = function_sha256(load(repository / "noise.py").fog)
    change(repository, "late.py", "gone = 1", "gone = 2")
    assert function_sha256(load(repository / "noise.py").fog) != before


def test_installed(repository) -> None:
    """What is installed does not count, but by the import: its version is another matter."""
    folder = repository / "venv/site-packages"
    folder.mkdir(parents=True)
    shutil.move(repository / "helpers.py", folder)
    sys.path.insert(0, str(folder))
    before = function_sha256(load(repository / "noise.py").fog)
    change(folder, "helpers.py", "DEEP = 5", "DEEP = 6")
    assert function_sha256(load(repository / "noise.py").fog) == before


def test_helper_that_is_no_python(repository) -> None:
    """A helper that this Python cannot read counts by its bytes."""
    change(repository, "noise.py", "    import late  # only here\n", "    import late, odd\n")
    (repository / "odd.py").write_text("print 1\n")
    before = function_sha256(load(repository / "noise.py").fog)
    (repository / "odd.py").write_text("print 2\n")
    assert function_sha256(load(repository / "noise.py").fog) != before
