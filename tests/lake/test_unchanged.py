"""Unchanged: a job of a night that is run again is left out where it would do the same again."""

from __future__ import annotations

import dataclasses
import os
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.lake import unchanged as module
from jobs.lake.decisions import release
from jobs.lake.job import Job, job
from jobs.lake.run import Record, Run
from jobs.lake.runner import run_job
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.silver import FEEDBACK
from jobs.lake.unchanged import unchanged
from tests.lake.reviews import review
from tests.rows import rows

NIGHT = date(2026, 3, 2)
KNOWN = {
    "identifier": "login:a",
    "type": "login",
    "person_id": "p",
    "shared": False,
} | dict.fromkeys(("first_seen", "last_seen"), "2026-03-01 10:00:00")


class Counted:
    """A job that counts how often it is called, on one lake."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.calls = lake, 0
        self.job = self._job()

    def _job(self) -> Job:
        @job(reads=[FEEDBACK], writes=IDENTIFIERS)
        def who(feedback: DataFrame, *, as_of: date) -> DataFrame:
            """Return one identifier."""
            del as_of
            self.calls += 1
            return rows(feedback.sparkSession, IDENTIFIERS, [KNOWN])

        return who

    def run(self, as_of: date = NIGHT, dag: str = "nightly", **settings: str) -> int:
        """Run it on a night; return how often it has been called so far."""
        environment = {"BESPOKE_SOURCE": "demo", **settings}
        run_job(self.job, Run(load_settings(environment=environment), self.lake, as_of, dag))
        return self.calls


@pytest.fixture
def counted(tmp_path: Path, spark: SparkSession) -> Counted:
    lake = Lake(tmp_path / "home" / "lake", spark)
    for day in (NIGHT, date(2026, 3, 3)):
        for rule in ("not_empty", "persons_exist"):
            release(lake, IDENTIFIERS.id, day, "for the test", rule)
    lake.merge(FEEDBACK, rows(spark, FEEDBACK, [review(NIGHT)]), unit="f")
    return Counted(lake)


def test_the_same_night_again_is_left_as_it_is_and_says_so(counted: Counted) -> None:
    assert [counted.run(), counted.run(), counted.run()] == [1, 1, 1]
    first, second, third = sorted(
        counted.lake.rows(RUNS).to_pylist(), key=lambda row: row["started_at"]
    )
    assert first["repeats"] is None
    assert second["repeats"] == third["repeats"] == first["started_at"]
    told = ("state", "inputs", "outputs", "rows_written", "basis")
    assert [third[name] for name in told] == [first[name] for name in told]


def test_another_night_is_not_taken_for_it(counted: Counted) -> None:
    assert [counted.run(), counted.run(date(2026, 3, 3))] == [1, 2]
    # The table is of the later night now.
    assert counted.run() == 3


def test_new_rows_make_it_run(counted: Counted, spark: SparkSession) -> None:
    counted.run()
    counted.lake.merge(FEEDBACK, rows(spark, FEEDBACK, [review(date(2026, 3, 1))]), unit="g")
    assert [counted.run(), counted.run()] == [2, 2]


def test_so_do_other_settings_and_other_code(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.run()
    assert counted.run(BESPOKE__IDENTITY__SINGLE_NODE_LINKS="7") == 2
    monkeypatch.setattr(module, "_code", lambda: "another release")
    assert counted.run(BESPOKE__IDENTITY__SINGLE_NODE_LINKS="7") == 3


def test_so_does_a_table_that_is_no_longer_what_it_wrote(counted: Counted) -> None:
    counted.run()
    (file,) = counted.lake.delta(IDENTIFIERS).file_uris()
    os.remove(file)
    assert counted.run() == 2
    counted.lake.delta(IDENTIFIERS).delete()
    assert counted.run() == 3
    assert counted.lake.rows(IDENTIFIERS).num_rows == 1


def test_who_asks_for_a_job_gets_it(counted: Counted) -> None:
    counted.run()
    assert counted.run(dag="manual") == 2
    assert counted.run(BESPOKE__NIGHTS__SKIP_UNCHANGED="false") == 3


def test_what_a_try_has_left_outside_the_lake_is_looked_at(counted: Counted) -> None:
    counted.run()
    run = Run(load_settings(environment={"BESPOKE_SOURCE": "demo"}), counted.lake, NIGHT)
    assert unchanged(run, Record("who"), still=lambda earlier: earlier.counts["rows_written"] == 1)
    assert not unchanged(run, Record("who"), still=lambda _: False)
    assert not unchanged(run, Record("who"), also="another model")
    assert not unchanged(dataclasses.replace(run, as_of=date(2026, 3, 4)), Record("who"))
