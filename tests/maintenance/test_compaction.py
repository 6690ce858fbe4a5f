from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.lake.contract import Privacy
from jobs.lake.store import Lake
from jobs.lake.tables.gold import INTERACTIONS
from jobs.lake.tables.ops import DECISIONS, QUARANTINE
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.maintenance.compaction import clustered, compact, due
from jobs.maintenance.settings import MaintenanceSettings
from jobs.maintenance.sizes import File, measured, small
from jobs.maintenance.upkeep import Upkeep, maintain
from tests.maintenance.lists import listed
from tests.rows import rows

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
WANTED = MaintenanceSettings()


def refused(number: int) -> dict[str, object]:
    return {
        "row_id": f"f:{number}",
        "source": "demo.orders",
        "file_id": "f",
        "line": number,
        "reasons": ["quantity: not a number"],
        "raw": [("order_id", f"o{number}"), ("note", None)],
        "loaded_on": FIRST,
    }


def interaction(person: str) -> dict[str, object]:
    return {
        "person_id": person,
        "product_id": "cup",
        "kind": "purchase",
        "occurred_on": FIRST,
        "quantity": 1.0,
    }


def test_small_files_are_joined_and_the_rows_are_the_same(
    lake: Lake, upkeep: Upkeep, spark: SparkSession
) -> None:
    for number in range(5):
        lake.append_rows(QUARANTINE, [refused(number)])
    before = lake.rows(QUARANTINE).sort_by("line").to_pylist()
    (row,) = maintain(upkeep, [QUARANTINE], folders=False)
    assert (row["files_before"], row["small_files_before"]) == (5, 5)
    assert (row["files_after"], row["small_files_after"]) == (1, 0)
    assert lake.rows(QUARANTINE).sort_by("line").to_pylist() == before
    # As jobs read it, and as Delta's own reader does.
    ours = Lake(lake.root, spark).read(QUARANTINE)
    theirs = spark.read.format("delta").load(lake.path(QUARANTINE))
    for frame in (ours, theirs):
        found = [row.asDict() for row in frame.orderBy("line").collect()]
        assert [row["raw"] for row in found] == [dict(row["raw"]) for row in before]
        assert [row["reasons"] for row in found] == [row["reasons"] for row in before]


def test_what_spark_appends_twice_is_still_there_once(lake: Lake, spark: SparkSession) -> None:
    """The units of work that Delta itself remembers outlive compaction and a checkpoint."""
    own = Lake(lake.root, spark)
    for number in range(3):
        own.append(QUARANTINE, rows(spark, QUARANTINE, [refused(number)]), unit=f"unit {number}")
    compact(own.delta(QUARANTINE), QUARANTINE, WANTED)
    own.delta(QUARANTINE).create_checkpoint()
    for commit in Path(own.path(QUARANTINE), "_delta_log").glob("*.json"):
        if int(commit.stem) < own.version(QUARANTINE):
            commit.unlink()
    assert not own.committed(QUARANTINE, "unit 1")
    own.append(QUARANTINE, rows(spark, QUARANTINE, [refused(1)]), unit="unit 1")
    assert sorted(own.rows(QUARANTINE).column("line").to_pylist()) == [0, 1, 2]


def test_only_partitions_with_small_files_are_due(lake: Lake) -> None:
    lake.append_rows(RECOMMENDATIONS, [listed("p1", FIRST)])
    for person in ("p1", "p2"):
        lake.append_rows(RECOMMENDATIONS, [listed(person, SECOND)])
    assert due(lake.delta(RECOMMENDATIONS), RECOMMENDATIONS, WANTED) == [(("as_of", SECOND),)]
    untouched = [u for u in lake.delta(RECOMMENDATIONS).file_uris() if str(FIRST) in u]
    compact(lake.delta(RECOMMENDATIONS), RECOMMENDATIONS, WANTED)
    left = lake.delta(RECOMMENDATIONS).file_uris()
    assert len(left) == 2
    assert set(untouched) < set(left)
    assert due(lake.delta(RECOMMENDATIONS), RECOMMENDATIONS, WANTED) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([File(5)], 0),
        ([File(5), File(200)], 0),
        ([File(5), File(7)], 2),
        ([File(5), File(200), File(300, counted=False)], 2),
        ([File(100), File(100)], 0),
    ],
)
def test_a_file_is_small_beside_another_that_it_can_be_joined_with(
    files: list[File], expected: int
) -> None:
    assert len(small(files, 100)) == expected


def test_rows_that_are_read_together_are_laid_together_once(lake: Lake) -> None:
    for person in ("p3", "p1", "p2"):
        lake.append_rows(INTERACTIONS, [interaction(person)])
    compact(lake.delta(INTERACTIONS), INTERACTIONS, WANTED)
    assert lake.rows(INTERACTIONS).column("person_id").to_pylist() == ["p1", "p2", "p3"]
    assert clustered(lake.delta(INTERACTIONS))
    version = lake.version(INTERACTIONS)
    compact(lake.delta(INTERACTIONS), INTERACTIONS, WANTED)
    assert lake.version(INTERACTIONS) == version
    lake.append_rows(INTERACTIONS, [interaction("p0")])
    assert not clustered(lake.delta(INTERACTIONS))


def test_statistics_are_of_what_is_not_about_people(lake: Lake, upkeep: Upkeep) -> None:
    for person in ("p1", "p2"):
        lake.append_rows(INTERACTIONS, [interaction(person)])
    # A table of before the contract said which columns are public.
    lake.delta(INTERACTIONS).alter.set_table_properties(
        {"delta.dataSkippingStatsColumns": "product_id,person_id"}
    )
    maintain(upkeep, [INTERACTIONS], folders=False)
    actions = pa.table(lake.delta(INTERACTIONS).get_add_actions(flatten=True))
    kept = {name.partition(".")[2] for name in actions.column_names if name.startswith("min.")}
    assert kept == {c for c in kept if INTERACTIONS.column(c).privacy is Privacy.PUBLIC}
    assert "product_id" in kept
    assert actions.column("num_records").to_pylist() == [2]


def test_a_table_is_measured_by_its_latest_version(lake: Lake) -> None:
    for number in range(3):
        lake.append_rows(QUARANTINE, [refused(number)])
    folder = Path(lake.path(QUARANTINE))
    lake.delta(QUARANTINE).optimize.compact()
    found = measured(lake.delta(QUARANTINE), folder, WANTED.small_bytes)
    (file,) = lake.delta(QUARANTINE).file_uris()
    assert (found.files, found.small_files, found.version) == (1, 0, 4)
    assert found.bytes == Path(file).stat().st_size
    assert found.log_files == 5


def test_a_table_that_nothing_was_written_into_is_left_new(lake: Lake, upkeep: Upkeep) -> None:
    lake.ensure(DECISIONS)
    assert maintain(upkeep, [DECISIONS], folders=False) == []
    assert lake.is_new(DECISIONS)
