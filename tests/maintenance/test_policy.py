"""What is kept and what goes: rows, versions, log entries, exports, logs."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deltalake.exceptions import DeltaError
from pydantic import ValidationError

from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.maintenance import leftovers, retention
from jobs.maintenance.settings import MaintenanceSettings
from jobs.maintenance.upkeep import Upkeep, foreseen, maintain
from tests.maintenance.ages import age
from tests.maintenance.lists import Show, listed

SHOWN = date(2026, 3, 20)
KEPT = RECOMMENDATIONS.retention_days or 0


def people(lake: Lake, version: int | None = None) -> list[str]:
    delta = lake.delta(RECOMMENDATIONS)
    if version is not None:
        delta.load_as_version(version)
    return sorted(delta.to_pyarrow_dataset().to_table().column("person_id").to_pylist())


def test_exactly_the_rows_beyond_the_retention_go(lake: Lake, upkeep: Upkeep, show: Show) -> None:
    nights = [SHOWN - timedelta(days=d) for d in (0, KEPT - 1, KEPT, KEPT + 1)]
    lake.append_rows(
        RECOMMENDATIONS, [listed(f"p{i}", night) for i, night in enumerate(nights) for _ in "ab"]
    )
    show(SHOWN)
    (row,) = maintain(upkeep, [RECOMMENDATIONS], folders=False)
    assert row["rows_expired"] == 4
    assert people(lake) == ["p0", "p0", "p1", "p1"]


def test_ages_count_from_the_night_that_is_shown(lake: Lake, show: Show) -> None:
    today = date(2026, 4, 1)
    assert retention.counted_from(lake, today) is None
    lake.append_rows(RECOMMENDATIONS, [listed("p1", SHOWN)])
    show(SHOWN)
    assert retention.counted_from(lake, today) == SHOWN
    show(date(2099, 1, 1))
    assert retention.counted_from(lake, today) == date(2026, 3, 31)


def test_nothing_expires_before_a_night_was_published(lake: Lake, upkeep: Upkeep) -> None:
    lake.append_rows(RECOMMENDATIONS, [listed("p1", date(2011, 1, 1))])
    maintain(upkeep, [RECOMMENDATIONS], folders=False)
    assert people(lake) == ["p1"]


def test_files_of_former_versions_go_when_they_are_old(
    lake: Lake, upkeep: Upkeep, show: Show
) -> None:
    for person in ("p1", "p2", "p3"):
        lake.append_rows(RECOMMENDATIONS, [listed(person, SHOWN)])
    maintain(upkeep, [RECOMMENDATIONS], folders=False)
    folder = Path(lake.path(RECOMMENDATIONS))
    stray = folder / f"as_of={SHOWN}" / "part-of-a-killed-writer.parquet"
    stray.touch()
    assert people(lake, version=3) == ["p1", "p2", "p3"]
    (row,) = maintain(upkeep, [RECOMMENDATIONS], folders=False)
    assert (row["files_vacuumed"], len(list(folder.rglob("part-*.parquet")))) == (0, 5)
    age(folder, upkeep.settings.keep_days + 1)
    (foreseen_row,) = foreseen(upkeep, [RECOMMENDATIONS], folders=False)
    assert foreseen_row["files_to_remove"] == 4
    (row,) = maintain(upkeep, [RECOMMENDATIONS], folders=False)
    assert (row["files_vacuumed"], len(list(folder.rglob("part-*.parquet")))) == (4, 1)
    assert people(lake) == ["p1", "p2", "p3"]


def test_the_version_that_is_shown_stays_readable_however_old_it_is(
    lake: Lake, upkeep: Upkeep, show: Show
) -> None:
    folder = Path(lake.path(RECOMMENDATIONS))
    lake.append_rows(RECOMMENDATIONS, [listed("p1", SHOWN)])
    lake.append_rows(RECOMMENDATIONS, [listed("p2", SHOWN)])
    shown = show(SHOWN)
    # The night is run again with other lists, and never published.
    lake.delta(RECOMMENDATIONS).delete(f"as_of = '{SHOWN}'")
    lake.append_rows(RECOMMENDATIONS, [listed("p3", SHOWN)])
    for _ in range(3):
        # Twice: what a checkpoint says of removed files keeps the age that it was written with.
        age(folder, upkeep.settings.keep_days + 1)
        lake.delta(RECOMMENDATIONS).create_checkpoint()
        age(folder, upkeep.settings.keep_days + 1)
        maintain(upkeep, [RECOMMENDATIONS], folders=False)
        lake.append_rows(RECOMMENDATIONS, [listed("p4", SHOWN)])
    assert people(lake, version=shown) == ["p1", "p2"]
    # Once a later version is shown, nothing holds the old one any more.
    later = show(SHOWN)
    maintain(upkeep, [RECOMMENDATIONS], folders=False)
    with pytest.raises(DeltaError):
        people(lake, version=shown)
    assert people(lake, version=later) == people(lake) == ["p3", "p4", "p4", "p4"]


def test_the_log_is_put_together_and_its_old_part_goes(lake: Lake, upkeep: Upkeep) -> None:
    started = datetime(2026, 3, 2, tzinfo=UTC)
    row = {"run_id": "nightly:x", "dag": "nightly", "as_of": SHOWN, "started_at": started}
    for number in range(upkeep.settings.checkpoint_after):
        lake.append_rows(RUNS, [row | {"job": f"j{number}", "state": "succeeded"}])
    folder = Path(lake.path(RUNS))
    maintain(upkeep, [RUNS], folders=False)
    assert len(list(folder.glob("_delta_log/*.checkpoint.parquet"))) == 1
    assert (folder / "_delta_log" / f"{0:020}.json").exists()
    age(folder, upkeep.settings.keep_days + 1)
    maintain(upkeep, [RUNS], folders=False)
    first = min(int(path.stem) for path in folder.glob("_delta_log/*.json"))
    assert first == upkeep.settings.checkpoint_after + 2
    assert lake.rows(RUNS).num_rows == upkeep.settings.checkpoint_after


@pytest.mark.parametrize("wrong", [{"keep_days": 6}, {"small_file_mb": 64, "target_file_mb": 32}])
def test_a_policy_that_would_harm_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        MaintenanceSettings.model_validate(wrong)


def test_checksums_go_with_their_files(lake: Lake, upkeep: Upkeep) -> None:
    lake.append_rows(RECOMMENDATIONS, [listed("p1", SHOWN)])
    (file,) = [Path(uri) for uri in lake.delta(RECOMMENDATIONS).file_uris()]
    own, lone = file.with_name(f".{file.name}.crc"), file.with_name(".gone.parquet.crc")
    own.touch()
    lone.touch()
    maintain(upkeep, [RECOMMENDATIONS], folders=False)
    assert (own.exists(), lone.exists()) == (True, False)


def test_old_exports_go_but_not_what_is_shown_nor_latest(
    lake: Lake, upkeep: Upkeep, show: Show
) -> None:
    days = upkeep.settings.exports_days
    folder = upkeep.home / "exports" / "email"
    old, latest, edge = (SHOWN - timedelta(days=d) for d in (days + 9, days, days - 1))
    for night in (old, latest, edge, SHOWN):
        (folder / str(night)).mkdir(parents=True)
        (folder / str(night) / "recommendations.csv").write_text("recipient\r\n")
    (folder / "latest").symlink_to(str(latest), target_is_directory=True)
    (folder / "notes").mkdir()
    killed = folder / ".2025-01-01.old"
    killed.mkdir()
    lake.append_rows(RECOMMENDATIONS, [listed("p1", SHOWN)])
    show(SHOWN)
    rows = {row["table"]: row for row in maintain(upkeep, [])}
    assert (rows["exports/email"]["files_before"], rows["exports/email"]["files_after"]) == (4, 3)
    left = sorted(path.name for path in folder.iterdir())
    assert left == [str(latest), str(edge), str(SHOWN), "latest", "notes"]


def test_no_export_goes_before_a_night_was_published(upkeep: Upkeep) -> None:
    old = upkeep.home / "exports" / "email" / "2001-01-01"
    old.mkdir(parents=True)
    maintain(upkeep, [])
    assert old.exists()


def test_old_logs_go(upkeep: Upkeep) -> None:
    task = upkeep.home / "airflow" / "logs" / "dag_id=nightly" / "run_id=r" / "attempt=1.log"
    old, new = upkeep.home / "logs" / "run-demo.log", upkeep.home / "logs" / "replay.log"
    for path in (task, old, new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("said\n")
    then = (upkeep.now - timedelta(days=upkeep.settings.logs_days, seconds=1)).timestamp()
    for path in (task, old):
        os.utime(path, (then, then))
    assert leftovers.old_logs(upkeep.home, upkeep.now, upkeep.settings.logs_days) == [task, old]
    maintain(upkeep, [])
    assert (task.parents[1].exists(), old.exists(), new.exists()) == (False, False, True)
