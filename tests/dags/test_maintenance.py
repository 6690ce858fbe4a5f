"""The DAG of maintenance: when it runs, what it does, and what it does about a night at work."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from jobs.cli import maintenance as task
from jobs.lake.errors import LockedError
from jobs.lake.store import Lake
from jobs.lake.tables.maintenance import MAINTENANCE
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.maintenance import upkeep
from tests.maintenance.lists import listed


@pytest.fixture(scope="module")
def maintenance() -> Any:
    from dags.maintenance import maintenance

    return maintenance


def test_it_has_a_day_of_its_own_and_runs_alone(maintenance: Any) -> None:
    from jobs.cli.alert import alert

    assert maintenance.timetable.expression == "0 12 * * 0"
    assert (maintenance.max_active_runs, maintenance.catchup) == (1, False)
    (found,) = maintenance.tasks
    assert found.retries == 12
    assert found.on_failure_callback in (alert, [alert])


def test_its_task_goes_over_the_lake(home: Path, maintenance: Any) -> None:
    lake = Lake(home / "lake")
    for person in ("p1", "p2"):
        lake.append_rows(RECOMMENDATIONS, [listed(person, date(2026, 3, 2))])
    maintenance.task_dict["maintain"].python_callable()
    assert len(lake.delta(RECOMMENDATIONS).file_uris()) == 1
    found = {row["table"]: row["run_id"] for row in lake.rows(MAINTENANCE).to_pylist()}
    assert set(found) == {"serving.recommendations", "ops.migrations", "exports/email", "logs"}
    assert all(run.startswith("maintenance:") for run in found.values())


@pytest.mark.parametrize(
    ("error", "raised"),
    [(LockedError("a night"), LockedError), (ValueError("wrong"), AirflowFailException)],
)
def test_a_night_at_work_is_left_to_the_retries_and_a_mistake_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, raised: type[Exception]
) -> None:
    def stop(*_: object) -> None:
        raise error

    monkeypatch.setattr(upkeep, "maintain", stop)
    with pytest.raises(raised, match=str(error)):
        task.run_in_task()
