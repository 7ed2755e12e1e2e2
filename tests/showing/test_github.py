"""What GitHub shows: annotations it can parse, ten at most, and a summary that it takes."""

from __future__ import annotations

from noisecore.judging.gates import Verdict
from noisecore.showing.github import Finding, cut_summary, make_annotations


def finding(
    outcome="fail", sentence="it fell", file="benchmarks/test_a.py", line=7, gate="floor"
) -> Finding:
    """Return a finding at a test."""
    verdict = Verdict(gate=gate, curve="cnn", verdict=outcome, sentence=sentence)
    return Finding(file=file, line=line, verdict=verdict)


def test_command() -> None:
    """A finding is one workflow command, with what would end it early escaped."""
    (line,) = make_annotations([finding(sentence="100 %: a, b\nc", file="a,b:c.py")])
    assert line == (
        "::error file=a%2Cb%3Ac.py,line=7,title=noisecore%3A floor%3A fail::100 %25: a, b%0Ac"
    )


def test_failures_come_first() -> None:
    """Undecided findings are warnings, behind the failures."""
    lines = make_annotations([finding("inconclusive", "who knows"), finding()])
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning"]


def test_what_says_most_comes_first() -> None:
    """A dozen floors do not crowd out the comparison with the baseline, nor a failed trial."""
    found = [finding()] * 12 + [finding(gate="no regression"), finding(gate="trials")]
    titles = [
        line.partition("::it")[0].partition("noisecore")[2] for line in make_annotations(found)
    ]
    assert titles[:3] == ["%3A trials%3A fail", "%3A no regression%3A fail", "%3A floor%3A fail"]


def test_ten_at_most() -> None:
    """Of many findings nine are shown, and the tenth line says how many more there are."""
    assert len(make_annotations([finding()] * 10)) == 10
    lines = make_annotations([finding()] * 25)
    assert len(lines) == 10
    assert lines[-1] == "::error title=noisecore::and 16 more: see the step summary"


def test_nothing_to_show() -> None:
    """Without findings there are no lines."""
    assert make_annotations([]) == []


def test_short_summary_stays() -> None:
    """What fits is not touched."""
    assert cut_summary("# all\nwell\n") == "# all\nwell\n"


def test_long_summary_is_cut() -> None:
    """A long one ends at a line, in the room there is, and says that it was cut."""
    text = "".join(f"line {i} \N{EN DASH}\n" for i in range(1000))
    cut = cut_summary(text, 2000)
    assert len(cut.encode()) <= 2000
    kept, _, note = cut.partition("\n\n(shortened: ")
    assert text.startswith(kept + "\n") or text.startswith(kept)
    assert "summary.md" in note


def test_no_room() -> None:
    """Where nothing fits, nothing is written."""
    assert cut_summary("# all\nwell\n" * 10, 5) == ""
