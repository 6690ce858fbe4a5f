"""Files of a table: those that a version has, and those only that a span of days wants."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.lake import files
from jobs.lake.files import Span
from jobs.lake.store import Lake
from jobs.lake.tables.gold import RFM
from jobs.lake.tables.silver import FEEDBACK
from tests.lake.reviews import review
from tests.rows import rows

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))


@pytest.fixture
def lake(tmp_path: Path, spark: SparkSession) -> Lake:
    """Reviews that came on three nights, a file each, below a path with every odd letter."""
    made = Lake(tmp_path / "a lake {of}*? 100%" / "lake", spark)
    for day in (FIRST, SECOND, THIRD):
        made.merge(FEEDBACK, rows(spark, FEEDBACK, [review(day)]), unit=str(day))
    return made


def names(lake: Lake, version: int | None = None, span: Span | None = None) -> list[str]:
    return sorted(row.feedback_id for row in lake.read(FEEDBACK, version, span=span).collect())


def test_a_version_has_the_rows_that_it_had(lake: Lake) -> None:
    assert names(lake) == ["f1", "f2", "f3"]
    assert names(lake, version=2) == ["f1", "f2"]
    assert names(lake, version=0) == []


@pytest.mark.parametrize(
    ("span", "held"),
    [
        (Span("loaded_on", after=FIRST, until=SECOND), ["f2"]),
        (Span("loaded_on", after=SECOND), ["f3"]),
        (Span("loaded_on", until=SECOND), ["f1", "f2"]),
        (Span("loaded_on", after=THIRD), []),
        (Span("loaded_on"), ["f1", "f2", "f3"]),
    ],
)
def test_a_span_reads_its_rows_and_only_files_that_have_some(
    lake: Lake, span: Span, held: list[str]
) -> None:
    assert names(lake, span=span) == held
    delta = lake.delta(FEEDBACK)
    assert len(files.paths(lake.path(FEEDBACK), delta, span)) == len(held)


def test_a_table_in_folders_is_read_as_one(tmp_path: Path, spark: SparkSession) -> None:
    lake = Lake(tmp_path / "lake", spark)
    for day in (FIRST, SECOND):
        numbers = dict.fromkeys(("recency_days", "frequency", "r_score", "f_score", "m_score"), 1)
        score = {"person_id": f"p{day.day}", "as_of": day, "segment": "new", **numbers}
        score["monetary"] = Decimal("9.95")
        lake.replace(RFM, rows(spark, RFM, [score]), dates=[day], unit=str(day))
    read = lake.read(RFM, span=Span("as_of", after=FIRST))
    assert [(row.person_id, row.as_of) for row in read.collect()] == [("p2", SECOND)]
    assert read.columns == list(RFM.names)
    delta = lake.delta(RFM)
    assert len(files.paths(lake.path(RFM), delta, Span("as_of", until=FIRST))) == 1


def test_a_table_with_deletion_vectors_is_left_to_delta(lake: Lake, spark: SparkSession) -> None:
    path = lake.path(FEEDBACK).replace("`", "``")
    spark.sql(
        f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
    )
    spark.sql(f"DELETE FROM delta.`{path}` WHERE feedback_id = 'f2'")
    assert not files.readable(lake.delta(FEEDBACK))
    assert names(lake) == ["f1", "f3"]
    assert names(lake, span=Span("loaded_on", after=FIRST)) == ["f3"]


def test_a_table_whose_columns_have_other_names_in_its_files_is_left_to_delta(
    lake: Lake, spark: SparkSession
) -> None:
    path = lake.path(FEEDBACK).replace("`", "``")
    mapped = "'delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2'"
    spark.sql(
        f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({mapped}, 'delta.minWriterVersion' = '5')"
    )
    spark.sql(f"ALTER TABLE delta.`{path}` DROP COLUMN text")
    spark.sql(f"ALTER TABLE delta.`{path}` ADD COLUMN text string")
    assert not files.readable(lake.delta(FEEDBACK))
    assert [row.text for row in lake.read(FEEDBACK).collect()] == [None, None, None]
