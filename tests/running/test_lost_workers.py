"""A worker that is lost costs its own trial alone, and that trial only if it is lost again."""

from __future__ import annotations

import dataclasses

import pytest
from records_factory import make_record
from scripted import QUICK, RUN, SLOW, Scripted, trials

from noisecore.running import engine as engines
from noisecore.running.store import Store, StoreError


def test_lost_worker_is_forgiven_once(scripted) -> None:
    """The trial is run again, its record is whole, and says that a worker was lost."""
    Scripted.script = {1: ["lost"]}
    records, events = scripted(trials(0, 1, 2))
    assert [record.status for record in records] == ["complete"] * 3
    assert records[1].cost["lost"] == ["the worker was ended by SIGKILL"]
    retried = [event for event in events if event.kind == "retried"]
    assert [(event.trial.seed, event.reason) for event in retried] == [
        (1, "the worker was ended by SIGKILL")
    ]


def test_lost_again(scripted) -> None:
    """A trial that loses every worker fails with the reason; the others are not touched."""
    Scripted.script = {1: ["lost"] * 5}
    records, _ = scripted(trials(0, 1, 2))
    assert [record.status for record in records] == ["complete", "failed", "complete"]
    assert records[1].reason == "the worker was ended by SIGKILL (2 attempts)"
    assert Scripted.order.count((QUICK, 1)) == 2


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (3, 4)])
def test_retries(scripted, retries, attempts) -> None:
    """A trial is run once, and again as often as was said."""
    Scripted.script = {0: ["lost"] * 9}
    (record,), _ = scripted(trials(0), retries=retries)
    assert record.status == "failed"
    assert len(Scripted.order) == attempts


def test_broken_trial_is_not_run_again(scripted) -> None:
    """An error of the trial's own would come again: it fails at once."""
    Scripted.script = {0: ["broken"]}
    (record,), _ = scripted(trials(0))
    assert (record.status, record.reason) == ("failed", "ValueError: it cannot be")
    assert len(Scripted.order) == 1


def test_longest_first(scripted) -> None:
    """Once each kind has been seen, the slow ones go first."""
    asked = trials(0, 1, 2) + trials(0, 1, 2, model=SLOW)
    scripted(asked)
    assert Scripted.order == [(QUICK, 0), (SLOW, 0), (SLOW, 1), (SLOW, 2), (QUICK, 1), (QUICK, 2)]


def test_a_failure_does_not_tell_how_long_a_trial_takes(scripted) -> None:
    """A slow kind whose first trial broke at once still goes before the quick ones."""
    Scripted.script = {1: ["broken"]}
    scripted(trials(0) + trials(1, 2, model=SLOW) + trials(3))
    assert Scripted.order == [(QUICK, 0), (SLOW, 1), (SLOW, 2), (QUICK, 3)]


def once(*seeds: int):
    """Return the trials of models that are trained clean once, and those at scale 0 of a curve."""
    matched = [make_record(QUICK, 0.0, seed, {0.0: 1, 1.0: 1}).trial for seed in seeds]
    kept = {"trained_with": "fog", "trained_with_source": "c" * 64}
    return matched, [dataclasses.replace(trial, **kept) for trial in matched]


def test_same_training_is_asked_for_once(scripted) -> None:
    """Trials of one training go to a worker together, and each has a record and an end."""
    matched, tested = once(0, 1)
    records, events = scripted([*matched, *tested])
    assert Scripted.calls == [2, 2]
    assert [record.trial for record in records] == [*matched, *tested]
    assert len([event for event in events if event.kind == "finished"]) == 4
    assert len([event for event in events if event.kind == "started"]) == 2


def test_same_training_is_lost_together(scripted) -> None:
    """Where its worker is lost for good, all trials of a training fail with the reason."""
    matched, tested = once(0)
    Scripted.script = {0: ["lost"] * 5}
    records, _ = scripted([*matched, *tested])
    assert [record.status for record in records] == ["failed"] * 2
    assert len({record.key for record in records}) == 1


def test_same_training_resumed(scripted, tmp_path) -> None:
    """A training that is there and lacks a cell is done again, for its weights were not kept.

    All its trials are made again then, and say so; what lacks nothing is taken over.
    """
    matched, tested = once(0, 1)
    scripted([*matched, tested[0]])
    Scripted.calls.clear()
    more = dataclasses.replace(tested[1], test_scales=(0.0, 1.0, 2.0))
    store = Store(tmp_path / "trials", "a later run", resume=True)
    records, events = scripted([*matched, *tested, more], store=store)
    assert Scripted.calls == [3]
    assert len([event for event in events if event.kind == "started"]) == 1
    assert [record.status for record in records] == ["complete"] * 5
    again = [record for record in records if "--noise-keep-models" in record.cost.get("note", "")]
    assert [record.trial for record in again] == [matched[1], tested[1], more]


def test_gpus_are_given_out(scripted) -> None:
    """Each worker has a GPU of its own, by the name that the caller gave it."""
    scripted(trials(*range(9)), workers=3, gpus=["5", "2"])
    assert [worker.gpu for worker in Scripted.made] == ["5", "2", "5"]


def test_full_disk(scripted, tmp_path, monkeypatch) -> None:
    """A disk that refuses ends the run with what to do; what was written before stays."""
    store = Store(tmp_path / "trials", RUN)
    written = []
    write = engines.Store.write

    def refuse(self, records):
        if written:
            raise StoreError("no space left: make room, and go on with --noise-resume")
        written.extend(records)
        write(self, records)

    monkeypatch.setattr(engines.Store, "write", refuse)
    with pytest.raises(StoreError, match="go on with --noise-resume"):
        scripted(trials(0, 1, 2), store=store)
    assert store.records() == written


def test_resume_takes_over(scripted, tmp_path) -> None:
    """Complete records of an earlier run are this run's own; what failed is run again."""
    Scripted.script = {1: ["broken"]}
    before, _ = scripted(trials(0, 1, 2))
    Scripted.order.clear()
    store = Store(tmp_path / "trials", "a later run", resume=True)
    records, events = scripted(trials(0, 1, 2, 3), store=store)
    assert [seed for _, seed in Scripted.order] == [1, 3]
    assert sorted(e.trial.seed for e in events if e.kind == "reused") == [0, 2]
    assert [record.status for record in records] == ["complete"] * 4
    assert {record.run for record in records} == {"a later run"}
    assert records[0].cost["resumed_from"] == RUN
    assert records[0].numbers() == before[0].numbers()
    assert len(store.records()) == 4


def test_without_resume_nothing_is_taken_over(scripted, tmp_path) -> None:
    """Only this run's trials count, unless resuming was asked for."""
    scripted(trials(0))
    scripted(trials(0), store=Store(tmp_path / "trials", "a later run"))
    assert Scripted.order == [(QUICK, 0)] * 2
