"""The task that waits for feeds: who waits, and that it holds no worker meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowRescheduleException
from rich.console import Console

from jobs.cli import waiting
from jobs.ingest.awaited import Awaited
from jobs.ingest.parts import Late

SOON = datetime.now(UTC) + timedelta(minutes=30)
FEED = Awaited(
    "shop.lines", "stores", date(2026, 8, 29), Late(wait_until="04:00"), 0, SOON, "Europe/London"
)


@pytest.fixture
def owing(monkeypatch: pytest.MonkeyPatch) -> list[list[Awaited]]:
    """What is awaited at each look, from the last one on."""
    looks: list[list[Awaited]] = [[], [FEED], [FEED]]
    monkeypatch.setattr(waiting, "awaited_feeds", lambda _: looks.pop())
    return looks


def test_a_scheduled_run_waits(owing: list[list[Awaited]]) -> None:
    assert [waiting.may_begin("2026-08-29", "scheduled") for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize("run_type", ["manual", "backfill", "asset_triggered"])
def test_no_other_run_does(owing: list[list[Awaited]], run_type: str) -> None:
    assert waiting.may_begin("2026-08-29", run_type)
    assert len(owing) == 3


class _Runs:
    """What Airflow counts: runs that run, and those of them that wait."""

    dag_id = "nightly"

    def __init__(self, running: int, waiting: int) -> None:
        self.running, self.waiting = running, waiting

    def get_dr_count(self, dag_id: str, states: list[str]) -> int:
        assert (dag_id, states) == ("nightly", ["running"])
        return self.running

    def get_ti_count(self, dag_id: str, task_ids: list[str], states: list[str]) -> int:
        assert (dag_id, task_ids) == ("nightly", ["await_feeds"])
        return self.waiting


@pytest.mark.parametrize(("running", "waiting", "may"), [(1, 1, True), (2, 1, False), (2, 2, True)])
def test_a_backfills_night_waits_for_one_that_is_at_work(
    running: int, waiting: int, may: bool
) -> None:
    assert begins("backfill", running, waiting) is may


def begins(run_type: str, running: int, waiting_: int) -> bool:
    return waiting.may_begin("2026-08-29", run_type, _Runs(running, waiting_))


def test_a_scheduled_night_waits_for_a_backfills_before_it_looks_for_feeds(
    owing: list[list[Awaited]],
) -> None:
    assert not begins("scheduled", 2, 1)
    assert len(owing) == 3


def test_a_night_in_its_own_process_waits_for_none() -> None:
    # No scheduler may be there to say that what was at work has died.
    assert begins("manual", 2, 1)


@pytest.mark.parametrize("run_type", [DagRunType.SCHEDULED, "scheduled"])
def test_the_runs_type_is_a_word_whatever_airflow_gives(run_type: str) -> None:
    from dags.nightly import nightly

    class Asked:
        pass

    Asked.run_type = run_type  # type: ignore[attr-defined]
    template = nightly.task_dict["await_feeds"].op_kwargs["run_type"]
    found = nightly.get_template_env().from_string(template).render(dag_run=Asked)
    assert found == "scheduled"


def test_it_holds_no_worker_between_two_looks(owing: list[list[Awaited]]) -> None:
    from dags.nightly import nightly

    task = nightly.task_dict["await_feeds"]
    assert (task.mode, task.poke_interval) == ("reschedule", 300)
    task.op_kwargs = {"wanted": "2026-08-29", "run_type": "scheduled"}
    context: Any = {"ti": _FirstTry(), "task_reschedule_count": 0}
    with pytest.raises(AirflowRescheduleException) as raised:
        task.execute(context)
    pause = raised.value.reschedule_date - datetime.now(UTC)
    assert timedelta(minutes=4) < pause <= timedelta(minutes=5)


class _FirstTry(_Runs):
    """What the sensor asks its task instance for."""

    try_number = 1
    max_tries = 2

    def __init__(self) -> None:
        super().__init__(1, 1)

    def get_first_reschedule_date(self, _: object) -> None:
        return None


def test_a_run_by_hand_says_what_it_does_not_wait_for(owing: list[list[Awaited]]) -> None:
    said = StringIO()
    waiting.wait(FEED.as_of, Console(file=said, width=200), patient=False, sleep=_never)
    assert said.getvalue() == (
        "  not waiting (--wait does): shop.lines: no file of 2026-08-29 had come by 04:00 "
        "Europe/London\n"
    )


def test_a_run_by_hand_waits_where_it_is_told_to(owing: list[list[Awaited]]) -> None:
    pauses: list[float] = []
    console = Console(file=StringIO())
    waiting.wait(FEED.as_of, console, patient=True, sleep=pauses.append)
    assert (pauses, owing) == ([300, 300], [])


def _never(_: float) -> None:
    raise AssertionError("it waits")


def test_what_is_awaited_is_found_without_a_lake(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.lake.settings import settings

    monkeypatch.setenv("BESPOKE_LANDING", str(tmp_path))
    settings.cache_clear()
    assert waiting.awaited_feeds(date(2026, 8, 29)) == []
    settings.cache_clear()
    assert not home.exists()
