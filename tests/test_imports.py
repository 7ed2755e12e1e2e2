"""What one process imports, another that was told of it imports from the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TELL = """
import json, sys
from noisecore import imports
{code}
print(json.dumps(imports.note()))
"""

FOLLOW = """
import json, sys
from noisecore import imports
{before}
imports.follow(json.load(sys.stdin))
{code}
"""


def python(code: str, folder: Path, given: str = "") -> str:
    """Run code in a process of its own, and return what it prints."""
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.append({str(ROOT)!r})\n{code}"]
    ended = subprocess.run(
        command, cwd=folder, input=given, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def travel(tmp_path):
    """Return a function that runs code in a process, and other code in one that was told of it."""

    def travel(files, here, there, before=""):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        told = python(TELL.format(code=here), tmp_path)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        return json.loads(told), python(
            FOLLOW.format(before=before, code=there), elsewhere, told
        ).strip()

    return travel


def test_folders_in_their_order(travel) -> None:
    """The path is the same, from its start, wherever the process runs."""
    files = {"a/sizes.py": "UNITS = 1", "b/sizes.py": "UNITS = 2"}
    _, units = travel(files, "sys.path[:0] = ['b', 'a']", "import sizes; print(sizes.UNITS)")
    assert units == "2"


def test_path_of_another_type(travel) -> None:
    """A folder that is no string is passed over, as Python's own import does."""
    _, there = travel({}, "import pathlib; sys.path.append(pathlib.Path('a'))", "print('there')")
    assert there == "there"


def test_hides_an_installed_one(travel) -> None:
    """A module that is called like an installed one is the user's, even where that is imported."""
    here = "sys.path.insert(0, 'a')\nimport tabnanny"
    there = "import tabnanny; print(tabnanny.UNITS)"
    files = {"a/tabnanny.py": "UNITS = 1"}
    assert travel(files, here, there, "import tabnanny")[1] == "1"


def test_does_not_hide_what_was_imported_before(travel) -> None:
    """A module that was imported before a file could hide it is not hidden elsewhere either."""
    here = "import tabnanny\nsys.path.insert(0, 'a')"
    _, file = travel(
        {"a/tabnanny.py": "UNITS = 1"}, here, "import tabnanny; print(tabnanny.__file__)"
    )
    assert "elsewhere" not in file
    assert not file.endswith("a/tabnanny.py")


MADE_UP = """
import importlib.util
for name, file in (("my-tests", "my-tests/__init__.py"), ("my-tests.test_x", "my-tests/test_x.py")):
    spec = importlib.util.spec_from_file_location(name, file)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
"""


def test_package_that_no_path_leads_to(travel) -> None:
    """A package that was loaded from its files is one elsewhere, with its relative imports."""
    files = {
        "my-tests/__init__.py": "",
        "my-tests/sizes.py": "UNITS = 1",
        "my-tests/test_x.py": "from .sizes import UNITS",
    }
    there = "import importlib; print(importlib.import_module('my-tests.test_x').UNITS)"
    told, units = travel(files, MADE_UP, there)
    assert units == "1"
    # The package leads to its modules by itself.
    assert set(told["modules"]) == {"my-tests"}


EMPTY = """
import importlib.util, types
sys.modules["made.up"] = types.ModuleType("made.up")
spec = importlib.util.spec_from_file_location("made.up.test_x", "a/test_x.py")
sys.modules["made.up.test_x"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["made.up.test_x"])
"""


def test_empty_package(travel) -> None:
    """A file below a package that is an empty name is found below it."""
    there = "import importlib; print(importlib.import_module('made.up.test_x').UNITS)"
    assert travel({"a/test_x.py": "UNITS = 1"}, EMPTY, there)[1] == "1"


def test_namespace_stays_what_it_is(travel) -> None:
    """A package without a file has the folders that it has here."""
    files = {"a/org/one.py": "UNITS = 1", "b/org/two.py": "UNITS = 2"}
    here = "sys.path += ['a', 'b']\nimport org.one"
    told, units = travel(files, here, "from org import one, two; print(one.UNITS, two.UNITS)")
    assert units == "1 2"
    assert set(told["modules"]) == {"org"}


def test_file_that_is_not_there(travel) -> None:
    """A module whose file is not there is looked for on the path."""
    here = "sys.path[:0] = ['a']\nimport tabnanny\nimport os\nos.remove(tabnanny.__file__)"
    files = {"a/tabnanny.py": ""}
    assert travel(files, here, "import tabnanny; print(hasattr(tabnanny, 'check'))")[1] == "True"
