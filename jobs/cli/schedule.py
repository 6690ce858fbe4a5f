"""The schedule: its time zone, and the business day of a run of it.

A business day is one of the source set's zone. A run handles the last one that had ended when its
data interval does, wherever the clock of the schedule stands.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.lake.days import day_end, last_ended
from jobs.lake.settings import conf_folder, settings


def set_zone() -> str:
    """Return the time zone of the source set's business days."""
    from jobs.ingest.catalogue import source_set

    return source_set(conf_folder() / "sources", settings().source).main.time_zone


def schedule_zone() -> str:
    """Return the time zone in which the schedules are read."""
    return settings().airflow.time_zone or set_zone()


def business_day(end: datetime) -> date:
    """Return the business day of a run whose data interval ends at a moment.

    Parameters
    ----------
    end : datetime
        With its zone. Of a run that was triggered without an interval: when it was asked for.
    """
    return last_ended(end, set_zone())


def has_run(day: date) -> bool:
    """Whether the schedule has a run that works on a business day."""
    from croniter import croniter

    start, end = (day_end(d, set_zone()) for d in (day, day + timedelta(days=1)))
    there = ZoneInfo(schedule_zone())
    # Clocks of the zone, as Airflow reads the expression; the first second is the day's own.
    before = start.astimezone(there).replace(tzinfo=None) - timedelta(seconds=1)
    found: datetime = croniter(settings().airflow.schedule, before).get_next(datetime)
    return found < end.astimezone(there).replace(tzinfo=None)
