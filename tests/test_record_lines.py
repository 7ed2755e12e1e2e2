"""A file with one record on each line is read as the folder of those records is."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from records_factory import make_record, make_sweep, old_schema, save

import noisecore
from noisecore.cli import main
from noisecore.judging.curves import matched_curves
from noisecore.judging.results import Results, read_results
from noisecore.records import Epoch, RecordError, in_lines, join_trials
from noisecore.records.checking import finite

LEVEL = {0.0: 0.95, 0.5: 0.9, 1.0: 0.85, 4.0: 0.6}


def lines_of(folder) -> list[str]:
    """Return each file of a folder of records as one line, in the order of their names."""
    paths = sorted(Path(folder).glob("*.json"))
    return [json.dumps(json.loads(path.read_text())) for path in paths]


def join(folder, goal):
    """Put the records of a folder into a file, one on each line; return its path."""
    goal.parent.mkdir(exist_ok=True)
    goal.write_text("\n".join(lines_of(folder)) + "\n")
    return goal


@pytest.fixture
def old(tmp_path) -> str:
    """Return a folder of records."""
    return save(tmp_path / "old", make_sweep(LEVEL))


@pytest.fixture
def lines(old) -> list[str]:
    """Return the same records, one on each line."""
    return lines_of(old)


def test_the_file_is_the_folder(tmp_path, old) -> None:
    """The file of any name, and the folders around a records.jsonl, hold what the folder holds."""
    records = noisecore.read_records(old)
    assert noisecore.read_records(join(old, tmp_path / "mine.jsonl")) == records
    file = join(old, tmp_path / "new" / "records.jsonl")
    (file.parent / "other.jsonl").write_text('{"no": "record"}\n')
    (tmp_path / "new" / "notes.txt").write_text("mine")
    assert noisecore.read_records(file.parent) == records
    assert noisecore.read_records(file) == records


def test_lines_of_the_first_schema(tmp_path) -> None:
    """Records without checksums are read from lines too, and empty lines are passed over."""
    sweep = make_sweep(LEVEL)
    file = tmp_path / "records.jsonl"
    file.write_text("\r\n\n".join(json.dumps(old_schema(each.to_dict())) for each in sweep))
    assert noisecore.read_records(file) == sweep


def test_figures_that_are_no_numbers(tmp_path) -> None:
    """A loss that was not finite is NaN again, whether JSON says NaN or null."""
    burst = Epoch(loss=math.nan, accuracy=0.1, test_loss=math.nan, test_accuracy=0.1)
    failed = replace(make_record(status="failed"), history=(burst,))
    (record,) = join_trials([failed])
    for data in (record.to_dict(), finite(record.to_dict())):
        (tmp_path / "records.jsonl").write_text(json.dumps(data))
        (read,) = noisecore.read_records(tmp_path)
        assert math.isnan(read.history[0].loss)


def altered(line: str) -> str:
    """Return a record's line with another loss."""
    data = json.loads(line)
    data["cells"][0]["loss"] += 1
    return json.dumps(data)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lines: [*lines[:-1], lines[-1][:-900]], "line 12: is cut off: Unterminated"),
        (lambda lines: [*lines[:-1], lines[-1][:1]], "line 12: is cut off: Expecting"),
        (lambda lines: [lines[0], "", lines[1] + lines[2]], "line 3: is not JSON: Extra data: col"),
        (lambda lines: [lines[0], altered(lines[1])], "line 2: not a record: its checksum does no"),
        (lambda lines: [lines[0], '{"schema": 9}'], "line 2: expected schema 1 to 2, got 9"),
        (lambda lines: [lines[0], "[]"], "line 2: expected a noisecore file of schema 1 to 2"),
        (lambda lines: [*lines, lines[2]], "line 13: line 3 holds cnn/gaussian/quick scale"),
        (lambda lines: ["", "  "], "expected one record on each line, found none"),
    ],
    ids=["cut", "torn", "glued", "altered", "schema", "list", "twice", "empty"],
)
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_line_that_cannot_be_read(tmp_path, lines, spoil, message, folder, capsys) -> None:
    """One line of text names the file, the line, what is wrong there and what to do."""
    file = tmp_path / "new" / "records.jsonl"
    file.parent.mkdir()
    file.write_text("\n".join(spoil(lines)))
    path = file.parent if folder else file
    with pytest.raises(RecordError) as refusal:
        noisecore.read_records(path)
    said = str(refusal.value)
    assert said.startswith(f"{file}: {message}")
    assert "\n" not in said
    assert said.endswith((": restore the file, or remove the line", "found none"))
    assert main(["compare", str(path), str(path)]) == 4
    assert said in " ".join(capsys.readouterr().err.split())


def test_bytes_that_are_no_text(tmp_path) -> None:
    """What is no text is named, and no traceback is shown."""
    (tmp_path / "records.jsonl").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(RecordError, match=r"records\.jsonl: cannot be read"):
        noisecore.read_records(tmp_path)


@pytest.mark.parametrize("indented", [False, True])
def test_what_a_curve_saved(tmp_path, indented) -> None:
    """A curve that was saved under such a name is read, also as earlier versions laid it out."""
    (curve,) = matched_curves(make_sweep(LEVEL)).values()
    path = tmp_path / "digits.jsonl"
    curve.save(path)
    if indented:
        path.write_text(json.dumps(json.loads(path.read_text()), indent=1) + "\n")
    assert noisecore.read_records(path) == list(curve.records)
    curve.save(path)


@pytest.mark.parametrize("shown", ["file", "folder"])
def test_commands(tmp_path, old, shown, capsys) -> None:
    """The commands take such a file, or its folder, for a run."""
    file = join(old, tmp_path / "new" / "records.jsonl")
    path = str(file if shown == "file" else file.parent)
    assert main(["compare", old, path]) == 0
    assert main(["compare", path, old]) == 0
    assert main(["power", path, "--pairs=5"]) == 0
    assert main(["floors", path, "--seeds=3"]) == 0
    assert "is identical to its baseline" in capsys.readouterr().out


def test_drift(tmp_path, old) -> None:
    """Drift takes a folder with a records.jsonl for an environment, or a folder of such folders."""
    for name in ("py311-tf215", "py311-tf221/quick"):
        (tmp_path / name).mkdir(parents=True)
        join(old, tmp_path / name / "records.jsonl")
    folders = [str(tmp_path / name) for name in ("py311-tf215", "py311-tf221")]
    assert main(["drift", *folders, "--out", str(tmp_path / "out")]) == 0
    kept = json.loads((tmp_path / "out/drift.json").read_text())
    assert {one["environment"] for one in kept} == {"py311-tf215", "py311-tf221"}


def test_a_run_is_one_line_for_each_record(tmp_path) -> None:
    """The text of results.json has each record, and each other value, on a line of its own."""
    content = Results(
        run={"id": "é\udce9"}, profile={}, planned=("a", "b"), records=tuple(make_sweep(LEVEL)),
        verdicts=(),
    ).to_dict()  # fmt: skip
    text = in_lines(content)
    assert json.loads(text) == content
    each = [json.dumps(one, ensure_ascii=False) for one in content["records"]]
    assert [line.strip().rstrip(",") for line in text.splitlines() if '"cells"' in line] == each
    assert ' "planned": ["a", "b"],' in text.splitlines()
    path = tmp_path / "results.json"
    path.write_text(json.dumps({**content, "run": {}}, indent=1))  # as earlier versions laid it out
    with pytest.raises(RecordError, match="checksum"):
        read_results(path)
    path.write_text(json.dumps(content, indent=1))
    assert read_results(path).to_dict() == content
