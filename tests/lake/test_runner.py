"""The runner: what a job returns is checked before any of it is written, and recorded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.decisions import release
from jobs.lake.errors import DataError
from jobs.lake.job import Job, increment, job
from jobs.lake.quality import QualityError
from jobs.lake.run import Run
from jobs.lake.runner import of_this_night, run_job
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.silver import FEEDBACK
from tests.lake.reviews import review
from tests.rows import rows

NIGHT = date(2026, 3, 2)
NEXT = date(2026, 3, 3)


@pytest.fixture
def lake(tmp_path: Path, spark: SparkSession) -> Lake:
    return Lake(tmp_path / "home" / "lake", spark)


def night(lake: Lake, as_of: date = NIGHT) -> Run:
    return Run(load_settings(environment={"BESPOKE_SOURCE": "demo"}), lake, as_of)


def returning(persons_kind: str) -> Job:
    """A job that writes two tables, the second of them empty, which its suite forbids."""
    person = {
        "person_id": "p",
        "as_of": NIGHT,
        "kind": persons_kind,
        "identifiers": 1,
        "records": 1,
        "first_seen": "2026-03-01 10:00",
        "last_seen": "2026-03-01 10:00",
    }

    @job(reads=[FEEDBACK], writes=[PERSONS, IDENTIFIERS])
    def who(feedback: DataFrame, *, as_of: date) -> tuple[DataFrame, DataFrame]:
        """Return one person and no identifier."""
        del as_of
        spark = feedback.sparkSession
        return rows(spark, PERSONS, [person]), rows(spark, IDENTIFIERS, [])

    return who


def states(lake: Lake) -> list[tuple[str, str]]:
    found = lake.rows(RUNS).to_pylist()
    return [(r["job"], r["state"]) for r in sorted(found, key=lambda r: r["started_at"])]


def test_nothing_is_written_when_one_table_is_wrong_until_somebody_releases_it(
    lake: Lake,
) -> None:
    with pytest.raises(QualityError, match=r"identity\.identifiers: not_empty: .*bespoke release"):
        run_job(returning("known"), night(lake))
    assert lake.is_new(PERSONS)
    assert states(lake) == [("who", "stopped")]
    release(lake, IDENTIFIERS.id, NIGHT, "a shop without customers yet")
    run_job(returning("known"), night(lake))
    assert lake.rows(PERSONS).num_rows == 1
    assert states(lake) == [("who", "stopped"), ("who", "succeeded")]


def test_a_job_is_given_what_came_since_its_last_night(lake: Lake, spark: SparkSession) -> None:
    seen: list[list[str]] = []

    @job(reads=[increment(FEEDBACK)], writes=IDENTIFIERS)
    def reader(feedback: DataFrame, *, as_of: date) -> DataFrame:
        """Note what it is given."""
        del as_of
        seen.append(sorted(row.feedback_id for row in feedback.collect()))
        return rows(feedback.sparkSession, IDENTIFIERS, [])

    for day in (NIGHT, NEXT):
        release(lake, IDENTIFIERS.id, day, "for the test")
        lake.merge(FEEDBACK, rows(spark, FEEDBACK, [review(day)]), unit=f"f{day}")
        run_job(reader, night(lake, day))
    # The first night again: what came later is not its.
    run_job(reader, night(lake, NIGHT))
    assert seen == [["f2"], ["f3"], ["f2"]]


def test_a_table_of_another_night_is_not_read(lake: Lake) -> None:
    @job(reads=[PERSONS], writes=IDENTIFIERS)
    def reader(persons: DataFrame, *, as_of: date) -> DataFrame:
        """Read the persons of a night."""
        del as_of
        return rows(persons.sparkSession, IDENTIFIERS, [])

    release(lake, IDENTIFIERS.id, NIGHT, "for the test")
    run_job(returning("known"), night(lake))
    with pytest.raises(DataError, match=f"identity.persons is of {NIGHT} and not of {NEXT}: .*run"):
        run_job(reader, night(lake, NEXT))


def test_nor_is_one_without_a_day_that_another_night_has_written(
    lake: Lake, spark: SparkSession
) -> None:
    of_this_night(night(lake, NEXT), IDENTIFIERS)
    known = {"identifier": "login:a", "type": "login", "person_id": "p", "shared": False}
    seen = dict.fromkeys(("first_seen", "last_seen"), "2026-03-01 10:00:00")
    frame = rows(spark, IDENTIFIERS, [known | seen])
    lake.replace(IDENTIFIERS, frame, dates=[], unit=f"nightly:{NIGHT}:persons:x")
    of_this_night(night(lake), IDENTIFIERS)
    with pytest.raises(DataError, match=f"identity.identifiers is of {NIGHT} and not of {NEXT}"):
        of_this_night(night(lake, NEXT), IDENTIFIERS)
