from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.lake import small
from jobs.lake.contract import Privacy
from jobs.lake.store import Lake
from jobs.lake.tables.gold import RFM
from jobs.lake.tables.silver import EVENTS, FEEDBACK
from tests.lake.shelf import BOOKS, FIRST, SECOND, book
from tests.rows import rows

NIGHT = date(2026, 3, 2)


class Way(NamedTuple):
    """How rows are written: not counted before, or known to be few."""

    few: bool


@pytest.fixture(params=["by Spark", "by Spark, if more than few change", "without Spark"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each way in which rows are written; the tables are to be the same."""
    if request.param == "by Spark":
        monkeypatch.setattr(small, "FEW", -1)
    return Way(few=request.param == "without Spark")


@pytest.fixture
def lake(tmp_path: Path, spark: SparkSession) -> Lake:
    return Lake(tmp_path / "lake", spark)


def review(key: str, version: str, rating: int) -> dict[str, object]:
    return {
        "source": "shop.reviews",
        "feedback_id": key,
        "rating": rating,
        "written_at": "2026-03-02 10:00:00",
        "version": version,
        "row_hash": rating,
        "file_id": "f",
        "line": 2,
        "loaded_on": "2026-03-02",
    }


def ratings(lake: Lake) -> dict[str, int]:
    found = lake.rows(FEEDBACK).to_pylist()
    return {row["feedback_id"]: row["rating"] for row in found}


def test_a_merge_takes_newer_versions_only_and_each_unit_once(
    lake: Lake, spark: SparkSession, way: Way
) -> None:
    first = rows(spark, FEEDBACK, [review("a", "2", 3), review("b", "2", 3)])
    done = lake.merge(FEEDBACK, first, unit="one", few=way.few)
    assert (done.inserted, done.updated, done.skipped) == (2, 0, False)
    mixed = rows(spark, FEEDBACK, [review("a", "1", 1), review("b", "3", 5), review("c", "1", 4)])
    done = lake.merge(FEEDBACK, mixed, unit="two", few=way.few)
    assert (done.inserted, done.updated) == (1, 1)
    assert ratings(lake) == {"a": 3, "b": 5, "c": 4}
    again = lake.merge(FEEDBACK, mixed, unit="two", few=way.few)
    assert (again.inserted, again.updated, again.skipped) == (1, 1, True)
    assert again.version == lake.version(FEEDBACK)


def test_rows_that_are_there_already_rewrite_no_file(
    lake: Lake, spark: SparkSession, way: Way
) -> None:
    first = rows(spark, FEEDBACK, [review("a", "2", 3), review("b", "2", 3)])
    before = lake.merge(FEEDBACK, first, unit="one", few=way.few).version
    files = set(lake.delta(FEEDBACK).file_uris())
    done = lake.merge(FEEDBACK, first, unit="two", few=way.few)
    assert (done.version, done.inserted, done.updated) == (before, 0, 0)
    more = rows(spark, FEEDBACK, [review("a", "2", 3), review("c", "1", 4)])
    done = lake.merge(FEEDBACK, more, unit="three", few=way.few)
    assert (done.inserted, done.updated) == (1, 0)
    assert files < set(lake.delta(FEEDBACK).file_uris())
    assert ratings(lake) == {"a": 3, "b": 3, "c": 4}


def seen(key: str, day: str, file: str = "f", product: str | None = None) -> dict[str, object]:
    return {
        "source": "shop.events",
        "event_id": key,
        "type": "search",
        "product_id": product,
        "occurred_at": f"{day} 10:00:00",
        "event_date": day,
        "version": "1",
        "row_hash": 1,
        "file_id": file,
        "line": 2,
        "loaded_on": "2026-03-02",
    }


def test_an_event_that_moved_over_midnight_is_not_another_one(
    lake: Lake, spark: SparkSession, way: Way
) -> None:
    for unit, day in (("one", "2026-03-01"), ("two", "2026-03-02")):
        lake.merge(EVENTS, rows(spark, EVENTS, [seen("e1", day)]), unit=unit, few=way.few)
    assert lake.rows(EVENTS).column("event_date").to_pylist() == [date(2026, 3, 1)]


def test_a_corrected_file_takes_the_place_of_its_events_and_of_no_others(
    lake: Lake, spark: SparkSession
) -> None:
    first = [seen("e1", "2026-03-01"), seen("e2", "2026-03-01"), seen("e3", "2026-03-01", "other")]
    lake.merge(EVENTS, rows(spark, EVENTS, first), unit="one")
    second = [seen(e, "2026-03-01", "g", "P1") for e in ("e1", "e3", "e4")]
    done = lake.merge(EVENTS, rows(spark, EVENTS, second), unit="two", delete="t.file_id IN ('f')")
    found = {row["event_id"]: row["product_id"] for row in lake.rows(EVENTS).to_pylist()}
    assert found == {"e1": "P1", "e3": None, "e4": "P1"}
    assert (done.inserted, done.updated) == (1, 1)


def test_a_date_is_replaced_alone(lake: Lake, spark: SparkSession, way: Way) -> None:
    def scored(person: str, day: str) -> dict[str, object]:
        numbers = dict.fromkeys(("recency_days", "frequency", "r_score", "f_score", "m_score"), 1)
        return {"person_id": person, "as_of": day, "monetary": 1, "segment": "s", **numbers}

    def replaced(night: date, *persons: str) -> int:
        frame = rows(spark, RFM, [scored(p, night.isoformat()) for p in persons])
        unit = f"{night}:{len(persons)}"
        return lake.replace(RFM, frame, dates=[night], unit=unit, few=way.few).inserted

    assert replaced(date(2026, 3, 1), "p1") == 1
    assert replaced(NIGHT, "p2", "p4") == 2
    assert replaced(NIGHT, "p3") == 1
    assert sorted(lake.rows(RFM).column("person_id").to_pylist()) == ["p1", "p3"]
    assert replaced(NIGHT) == 0
    assert lake.rows(RFM).column("person_id").to_pylist() == ["p1"]


def test_a_frame_is_appended_once(lake: Lake, spark: SparkSession, way: Way) -> None:
    frame = rows(spark, FEEDBACK, [review("a", "2", 3)])
    done = lake.append(FEEDBACK, frame, unit="one", few=way.few)
    again = lake.append(FEEDBACK, frame, unit="one", few=way.few)
    assert (done.inserted, done.skipped) == (1, False)
    assert (again.inserted, again.skipped, again.version) == (1, True, done.version)
    assert ratings(lake) == {"a": 3}


def test_what_is_about_people_has_no_statistics(lake: Lake, spark: SparkSession, way: Way) -> None:
    for unit, rating in (("one", 3), ("two", 4)):
        frame = rows(spark, FEEDBACK, [review("a", unit, rating) | {"text": "Lovely, Ada Wong"}])
        lake.merge(FEEDBACK, frame, unit=unit, few=way.few)
    actions = pa.table(lake.delta(FEEDBACK).get_add_actions(flatten=True))
    counted = {n.split(".")[1] for n in actions.column_names if n.startswith(("min.", "max."))}
    assert {"rating", "version"} <= counted <= set(FEEDBACK.of_privacy(Privacy.PUBLIC))
    log = Path(lake.path(FEEDBACK)) / "_delta_log"
    assert not any("Ada" in entry.read_text() for entry in log.glob("*.json"))


def test_a_row_that_lacks_what_it_may_not_lack_is_refused(
    lake: Lake, spark: SparkSession, way: Way
) -> None:
    lacking = rows(spark, FEEDBACK, [review("a", "1", 4)]).withColumn(
        "rating", F.lit(None).cast("int")
    )
    with pytest.raises(Exception, match=r"(?i)rating.*null|null.*rating"):
        lake.merge(FEEDBACK, lacking, unit="one", few=way.few)
    assert ratings(lake) == {}


def test_any_delta_reader_opens_a_table(lake: Lake, spark: SparkSession) -> None:
    import duckdb
    from deltalake import DeltaTable

    lake.merge(FEEDBACK, rows(spark, FEEDBACK, [review("a", "1", 4)]), unit="one")
    reviews = DeltaTable(lake.path(FEEDBACK)).to_pyarrow_dataset()
    assert reviews.count_rows() == 1
    connection = duckdb.connect()
    connection.register("reviews", reviews)
    assert connection.sql("SELECT rating FROM reviews").fetchall() == [(4,)]


def test_text_of_changed_rows_can_be_filtered_by(lake: Lake, spark: SparkSession, way: Way) -> None:
    for version in ("1", "2"):
        frame = rows(spark, FEEDBACK, [review("a", version, 4), review(f"b{version}", "1", 3)])
        lake.merge(FEEDBACK, frame, unit=version, few=way.few)
    changed = lake.update_rows(FEEDBACK, "feedback_id = 'b2'", {"text": "'fine'"})
    assert changed == 1
    small.delete(lake.delta(FEEDBACK), FEEDBACK, "feedback_id = 'b1'")
    for key, text in (("a", None), ("b2", "fine")):
        (found,) = lake.rows(FEEDBACK, [("feedback_id", "=", key)]).to_pylist()
        assert found["text"] == text
    assert lake.rows(FEEDBACK).num_rows == 2


def test_a_version_is_held_while_its_files_are(lake: Lake, spark: SparkSession) -> None:
    for rating in (3, 4):
        newer = rows(spark, FEEDBACK, [review("f1", str(rating), rating)])
        lake.merge(FEEDBACK, newer, unit=str(rating))
    (then,) = lake.rows(FEEDBACK, version=1).to_pylist()
    assert then["rating"] == 3
    assert lake.holds(FEEDBACK, 1)
    assert not lake.holds(FEEDBACK, 9)
    lake.delta(FEEDBACK).vacuum(0, enforce_retention_duration=False, dry_run=False)
    assert not lake.holds(FEEDBACK, 1)
    assert lake.holds(FEEDBACK, 2)


def test_values_of_a_column_come_from_the_log_or_else_from_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path / "lake")
    assert lake.values(BOOKS, "pages") == set()
    lake.append_rows(BOOKS, [book("A"), book("B")])
    lake.append_rows(BOOKS, [book("C", "90", SECOND)])
    with monkeypatch.context() as never:
        never.setattr(lake, "rows", lambda *_, **__: pytest.fail("it was read"))
        assert lake.values(BOOKS, "pages") == {"120", "90"}
        assert lake.values(BOOKS, "bought_on") == {FIRST, SECOND}
    lake.append_rows(BOOKS, [book("D", None), book("E", "90")])
    assert lake.values(BOOKS, "pages") == {"120", "90", None}
    assert lake.values(BOOKS, "title") == {"A", "B", "C", "D", "E"}
