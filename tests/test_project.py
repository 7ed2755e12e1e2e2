"""What GitHub, PyPI and pre-commit read of this repository agrees with the rest of it."""

import ast
import configparser
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import noisecore

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = {path.name: path for path in sorted((GITHUB / "workflows").glob("*.yml"))}
FORMS = sorted(path.name for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
TOX = configparser.RawConfigParser()
TOX.read(ROOT / "tox.ini", encoding="utf-8")
each_workflow = pytest.mark.parametrize("name", list(WORKFLOWS))


def load(path: Path) -> Any:
    """Return what a YAML file says."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def environments() -> set[str]:
    """Return the names of tox's environments, one for each choice of a list in braces."""
    names = [section.removeprefix("testenv:") for section in TOX.sections()]
    while listed := [name for name in names if "{" in name]:
        names = [name for name in names if name not in listed]
        for name in listed:
            head, choices, tail = re.fullmatch(r"(.*?)\{(.*?)\}(.*)", name).groups()
            names += [f"{head}{choice.strip()}{tail}" for choice in choices.split(",")]
    return set(names) - {"tox", "testenv", "matrix"}


def test_what_tests_share_is_found() -> None:
    """What a test imports from a folder of tests is found in tox too, where pytest adds none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = [ROOT / each for each in project["tool"]["pytest"]["ini_options"]["pythonpath"]]
    files = sorted((ROOT / "tests").rglob("*.py"))
    own = {file.stem for file in files}
    lost = set()
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        shared = names & own
        lost |= {n for n in shared if not any((each / f"{n}.py").exists() for each in folders)}
    assert lost == set()


@each_workflow
def test_tox_environments(name) -> None:
    """A workflow gives only environments to tox that there are, in commands and in matrices."""
    text = WORKFLOWS[name].read_text(encoding="utf-8")
    named = set(re.findall(r"tox -e ([\w-]+)", text))
    for job in load(WORKFLOWS[name])["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        named.update(matrix.get("environment", []))
        named.update(row["environment"] for row in matrix.get("include", []))
    assert named <= environments()
    assert named or "tox" not in text


@each_workflow
def test_paths(name) -> None:
    """The files and folders that a workflow names are in the repository, or tox makes them."""
    text = re.sub(r"(https?|git)://\S+", "", WORKFLOWS[name].read_text(encoding="utf-8"))
    folder = r"(?:\./)?(?:\.ci|\.github|benchmarks|docs|tests)(?:/[\w./-]+)?"
    paths = set(re.findall(rf"(?<![\w./-])({folder}|\w+\.(?:md|cff|toml|ini|py))\b", text))
    made = {path for path in paths if path.startswith("docs/_build/")}
    assert [path for path in sorted(paths - made) if not (ROOT / path).exists()] == []
    for path in made:
        assert path in TOX["testenv:docs"]["commands"].replace("{/}", "/")


@each_workflow
def test_least_rights(name) -> None:
    """A workflow may read, a job of it no more than it says; each job of its own has a timeout."""
    workflow = load(WORKFLOWS[name])
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job or "uses" in job
        for step in job.get("steps", []):
            assert re.search(r"@(v\d+|release/v\d+)$", step.get("uses", "@v1"))
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", [name for name in FORMS if name != "config.yml"])
def test_issue_forms(name) -> None:
    """A form has what GitHub needs to show it: a name, a description, and fields with labels."""
    form = load(GITHUB / "ISSUE_TEMPLATE" / name)
    assert form["name"]
    assert form["description"]
    fields = {field["id"]: field["attributes"]["label"] for field in form["body"]}
    assert len(fields) == len(form["body"])


def test_addresses() -> None:
    """PyPI shows the project's addresses, and the files that speak of them say the same."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert list(urls) == ["Homepage", "Documentation", "Repository", "Changelog", "Issues"]
    repository = urls["Repository"]
    assert urls["Changelog"].startswith(f"{repository}/blob/main/")
    assert (ROOT / urls["Changelog"].removeprefix(f"{repository}/blob/main/")).exists()
    citation = load(ROOT / "CITATION.cff")
    assert citation["repository-code"] == repository
    assert citation["url"] == urls["Documentation"]
    config = load(GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    links = [each["url"] for each in config["contact_links"]]
    assert links == [urls["Documentation"], f"{repository}/security/advisories/new"]
    assert links[1] in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    owner = repository.removeprefix("https://github.com/")
    assert f"github.repository == '{owner}'" in WORKFLOWS["docs.yml"].read_text(encoding="utf-8")


def test_citation() -> None:
    """CITATION.cff has the version of the package."""
    assert str(load(ROOT / "CITATION.cff")["version"]) == noisecore.__version__


def test_pre_commit() -> None:
    """The hooks run what `tox -e lint` runs."""
    hooks = load(ROOT / ".pre-commit-config.yaml")["repos"][-1]["hooks"]
    commands = [re.sub(r" --(fix|force-exclude)", "", hook["entry"]) for hook in hooks]
    linted = TOX["testenv:lint"]["commands"].replace(" --check", "").split("\n")
    assert commands == [command for command in linted if command]


def test_manifest() -> None:
    """What MANIFEST.in puts into the sdist is there; the committed records stay out."""
    lines = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    named = [each for line in lines if re.match("graft|include", line) for each in line.split()[1:]]
    assert {"tests", "docs", "benchmarks"} < set(named)
    assert "prune benchmarks/records" in lines
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_changelog() -> None:
    """Each version of CHANGELOG.md has its kinds of change once, in order, in unbroken lists."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    for section in text.split("\n## ")[1:]:
        title, *parts = section.split("\n### ")
        found = {part.partition("\n\n")[0]: part.partition("\n\n")[2] for part in parts}
        assert list(found) == [kind for kind in kinds if kind in found], title
        assert len(found) == len(parts), title
        assert [kind for kind, changes in found.items() if "\n\n- " in changes] == [], title
        for version in re.findall(r"^\[(.+?)\]", title):
            assert f"\n[{version}]: https://" in text
