"""What the report reads: nights, durations, feeds, rules, segments, exports, storage."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.lake.decisions import ABANDON, decide
from jobs.lake.decisions import NIGHT as GIVEN_UP
from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.report.page import page
from tests.report.conftest import Gather
from tests.report.shop import NIGHT, clock, export, night, publication, rows, rule, run

BEFORE = NIGHT - timedelta(days=1)


def test_an_empty_home_has_no_nights(facts: Gather) -> None:
    found = facts()
    assert found.nights == []
    assert found.storage == []
    assert found.verdict.headline == "No night has run yet."


def test_a_night_is_timed_and_counted(lake: Lake, facts: Gather) -> None:
    night(lake)
    (only,) = facts().nights
    assert only.state == "published"
    assert only.seconds == 25
    assert only.rows == {"read": 100, "accepted": 95, "quarantined": 2, "duplicate": 3}
    assert only.persons == 40
    assert (only.started_at, only.ended_at) == (clock(NIGHT, 0), clock(NIGHT, 25))


def test_jobs_side_by_side_count_once_and_pauses_do_not(lake: Lake, facts: Gather) -> None:
    lake.append_rows(
        TABLES["ops.runs"],
        [
            run(NIGHT, "interactions", 0, 10),
            run(NIGHT, "profiles", 2, 12),
            run(NIGHT, "publish", 3600, 3603),
        ],
    )
    found = facts()
    assert found.nights[0].seconds == 15
    assert {(d.stage, d.job): d.last for d in found.durations} == {
        ("profiles", None): 12,
        ("profiles", "interactions"): 10,
        ("profiles", "profiles"): 10,
        ("publish", None): 3,
    }


def test_a_job_that_was_tried_again_counts_with_its_last_try(lake: Lake, facts: Gather) -> None:
    lake.append_rows(
        TABLES["ops.runs"], [run(NIGHT, "links", 0, 9, state="failed", error="Py4JError: gone")]
    )
    assert facts().nights[0].state == "failed"
    lake.append_rows(TABLES["ops.runs"], [run(NIGHT, "links", 60, 64)])
    night(lake, until="publish")
    only = facts().nights[0]
    assert only.state == "published"
    assert only.troubles == ()


@pytest.mark.parametrize("job", ["data_docs", "report"])
def test_a_job_that_fails_after_the_lists_are_published_is_a_remark(
    lake: Lake, facts: Gather, job: str
) -> None:
    night(lake)
    failed = run(NIGHT, job, 30, 31, state="failed", error="OSError: no room")
    lake.append_rows(TABLES["ops.runs"], [failed])
    found = facts()
    assert found.nights[0].state == "published"
    assert found.verdict.tone == "warn"
    assert found.verdict.headline.endswith("is published, with 1 warning.")
    assert found.verdict.warnings == (f"{job} failed: OSError: no room",)
    assert [command for _, command in found.verdict.commands][:2] == [
        "bespoke runs --failed",
        f"bespoke job {job} --date {NIGHT}",
    ]


def test_a_stopped_night_whose_pages_fail_was_stopped(lake: Lake, facts: Gather) -> None:
    stopped = run(NIGHT, "rfm", 0, 9, state="stopped", error="QualityError: gold.rfm: not_empty")
    failed = run(NIGHT, "data_docs", 9, 10, state="failed", error="OSError: no room")
    lake.append_rows(TABLES["ops.runs"], [stopped, failed])
    assert facts().verdict.headline.endswith("was stopped by its checks, at rfm.")


def test_a_publish_that_failed_last_is_no_published_night(lake: Lake, facts: Gather) -> None:
    night(lake)
    failed = run(NIGHT, "publish", 30, 31, state="failed", error="OSError: no room")
    lake.append_rows(TABLES["ops.runs"], [failed])
    assert facts().nights[0].state == "failed"


def test_where_mlflow_is_away_all_else_is_read(
    lake: Lake, facts: Gather, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BESPOKE__MODELS__TRACKING_URI", "http://ann:secret@127.0.0.1:1")
    settings.cache_clear()
    night(lake)
    found = facts()
    assert found.trainings is None
    assert found.nights[0].state == "published"
    assert "MLflow does not answer" in page(found, own_home)


def test_rows_of_all_tries_of_a_feed_add_up(lake: Lake, facts: Gather) -> None:
    failed = {"state": "failed", "error": "Py4JError: gone"}
    lake.append_rows(
        TABLES["ops.runs"],
        [
            run(NIGHT, "ingest", 0, 5, source="demo.orders", **rows(60, 1), **failed),
            run(NIGHT, "ingest", 9, 12, source="demo.orders", **rows(40, 2, 1)),
        ],
    )
    (feed,) = facts().feeds
    assert feed.rows == {
        "read": (100,),
        "accepted": (96,),
        "quarantined": (3,),
        "duplicate": (1,),
    }
    assert feed.bad == 0.03


def test_a_replay_or_a_rollback_is_no_night(lake: Lake, facts: Gather) -> None:
    night(lake)
    lake.append_rows(
        TABLES["ops.runs"],
        [run(NIGHT, "rollback", 9000, 9900), run(BEFORE, "replay", 0, 5, source="demo.orders")],
    )
    (only,) = facts().nights
    assert (only.night, only.seconds) == (NIGHT, 25)


def test_what_is_usual_is_the_median_of_the_nights_before(lake: Lake, facts: Gather) -> None:
    for back, slow in ((3, 1), (2, 2), (1, 4), (0, 8)):
        night(lake, NIGHT - timedelta(days=back), slow=slow)
    links = next(d for d in facts().durations if d.stage == "identity")
    assert (links.seconds, links.usual, links.last) == ((4, 8, 16, 32), 8, 32)


def test_rules_are_counted_by_what_came_of_them(lake: Lake, facts: Gather) -> None:
    night(lake)
    failed = rule(NIGHT, "gold.rfm", "not_empty", False)
    lake.append_rows(
        TABLES["ops.quality"],
        [
            rule(NIGHT, "gold.rfm", "unique_key", True),
            failed,
            rule(NIGHT, "silver.events", "fresh", False, severity="warn"),
        ],
    )
    assert facts().quality.nights[0].failed == 1
    # Checked again, after somebody let it pass.
    again = {**failed, "released": True, "recorded_at": clock(NIGHT, 90)}
    lake.append_rows(TABLES["ops.quality"], [again])
    lake.append_rows(
        TABLES["ops.decisions"],
        [
            {
                "decision_id": "d",
                "kind": "release",
                "as_of": NIGHT,
                "subject": "gold.rfm",
                "rule": None,
                "decided_by": "ada",
                "why": "a feast day",
                "recorded_at": clock(NIGHT, 60),
            }
        ],
    )
    found = facts().quality
    (checked,) = found.nights
    assert (checked.rules, checked.held, checked.warned) == (3, 1, 1)
    assert (checked.released, checked.failed) == (1, 0)
    assert [(b.table, b.outcome, b.why) for b in found.broken] == [
        ("gold.rfm", "released", "a feast day"),
        ("silver.events", "warned", None),
    ]


def test_segments_are_counted_by_half_open_spans(lake: Lake, facts: Gather) -> None:
    for back in (2, 1, 0):
        night(lake, NIGHT - timedelta(days=back))
    spans = [("p1", "loyal", 28, None), ("p2", "lost", 28, 29), ("p2", "loyal", 29, None)]
    lake.append_rows(
        TABLES["gold.segments"],
        [
            {
                "person_id": person,
                "family": "rfm",
                "segment": name,
                "valid_from": date(2026, 8, start),
                "valid_to": None if end is None else date(2026, 8, end),
            }
            for person, name, start, end in spans
        ],
    )
    assert [(s.name, s.sizes) for s in facts().segments] == [
        ("loyal", (None, 1, 2)),
        ("lost", (None, 1, 0)),
    ]


def test_exports_are_read_from_their_manifests(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake, BEFORE)
    night(lake)
    export(own_home, BEFORE, 10)
    export(own_home, NIGHT, 12)
    (own_home / "exports" / "email" / str(BEFORE) / "manifest.json").write_text("{")
    assert [(e.night, e.rows, e.bytes, e.whole, e.latest) for e in facts().exports] == [
        (BEFORE, None, None, False, False),
        (NIGHT, 12, 3000, True, True),
    ]


def test_storage_grows_by_what_the_log_says(lake: Lake, facts: Gather, own_home: Path) -> None:
    table = TABLES["ops.publications"]
    lake.append_rows(table, [publication(BEFORE)])
    # The log is of today; these nights are before and after it.
    night(lake, BEFORE)
    night(lake, date(2200, 1, 1))
    lake.append_rows(table, [publication(NIGHT, 2)])
    stored = next(s for s in facts().storage if s.table == table.id)
    size = sum(p.stat().st_size for p in Path(lake.path(table)).glob("*.parquet"))
    assert (stored.bytes, stored.files, stored.small, stored.spare) == (size, 2, 2, 1)
    assert stored.versions == 3
    assert stored.history[-1] == (size, 2)
    assert stored.on_disk > size


def test_files_that_were_rewritten_are_not_counted_twice(lake: Lake, facts: Gather) -> None:
    table = TABLES["ops.publications"]
    lake.append_rows(table, [publication(BEFORE)])
    lake.append_rows(table, [publication(NIGHT, 2)])
    lake.delta(table).optimize.compact()
    night(lake, date(2200, 1, 1))
    stored = next(s for s in facts().storage if s.table == table.id)
    assert (stored.files, stored.spare) == (1, 0)
    assert stored.history == ((stored.bytes, 1),)


def test_the_night_before_a_table_was_made_it_had_nothing(lake: Lake, facts: Gather) -> None:
    night(lake, date(2000, 1, 1))
    stored = next(s for s in facts().storage if s.table == "ops.runs")
    assert stored.history == ((0, 0),)
    assert stored.files == 1


def test_a_night_that_was_given_up_says_why_and_how_to_take_that_back(
    lake: Lake, facts: Gather
) -> None:
    night(lake, BEFORE)
    stopped = run(NIGHT, "ingest", 0, 9, source="demo.orders", state="stopped", error="too many")
    lake.append_rows(TABLES["ops.runs"], [stopped])
    assert [c for _, c in facts().verdict.commands][
        -1
    ] == f'bespoke abandon --date {NIGHT} --why "…"'
    decide(lake, ABANDON, GIVEN_UP, NIGHT, "the till was down")
    found = facts()
    assert [n.state for n in found.nights] == ["published", "given up"]
    assert found.verdict.tone == "warn"
    assert found.verdict.headline.endswith("was given up: the till was down.")
    assert [c for _, c in found.verdict.commands] == [
        f'bespoke abandon --date {NIGHT} --take-back --why "…"'
    ]
