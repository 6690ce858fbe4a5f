"""Quality gates: suites are held against frames; what fails stops the run unless released."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from expectations.context import CheckContext
from expectations.registry import suite_of
from jobs.lake.contract import Refresh, Table
from jobs.lake.decisions import released
from jobs.lake.errors import DataError
from jobs.lake.files import Span
from jobs.lake.notice import notice
from jobs.lake.run import Run
from jobs.lake.tables import TABLES
from jobs.lake.tables.ops import QUALITY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from expectations.check import RuleResult

log = logging.getLogger("bespoke")


TOLD = ("not_late", "volume")
"""Rules of which somebody outside is told when they warn: a feed is late, or its rows are oddly
many or few, and whoever sends it can do something about it."""


class QualityError(DataError):
    """A table rule that stops the run does not hold, and nobody has released it."""


def judge(
    run: Run, table: Table, frame: DataFrame, fresh: Mapping[str, DataFrame] | None = None
) -> int:
    """Hold a frame against its table's suite, and record every rule's result.

    Parameters
    ----------
    run : Run
        The night.
    table : Table
        The table the frame is for.
    frame : DataFrame
        Read for each check: kept in memory by the caller where it is not a table itself.
    fresh : mapping of str to DataFrame, optional
        Frames, by table id, that are about to be written with it; rules that refer to those
        tables look at them and not at last night's.

    Returns
    -------
    int
        Rows of the frame.

    Raises
    ------
    QualityError
        A rule of severity ``stop`` does not hold; every failed rule is named.
    """
    rows = frame.count()
    if not rows:
        # What a check joins to an empty frame is then not read.
        frame = run.lake.spark.createDataFrame([], table.schema())
    suite = suite_of(table.id)
    if suite is None:
        return rows
    from expectations.check import check

    results = check(frame, suite, _context(run, table, rows, fresh or {}))
    let_pass = {r.rule for r in results if not r.passed and released(run, table.id, r.rule)}
    _record(run, table, rows, results, let_pass)
    failed = [r for r in results if not r.passed and r.rule not in let_pass]
    for result in failed:
        if result.severity == "warn":
            _warn(run, table, result)
    stops = [r for r in failed if r.severity == "stop"]
    if stops:
        raise QualityError(
            "; ".join(r.message for r in stops)
            + f". Nothing of this is published; mend it, or let it pass: "
            f'bespoke release {table.id} --date {run.as_of} --why "…"'
        )
    return rows


def _warn(run: Run, table: Table, result: RuleResult) -> None:
    if result.rule not in TOLD:
        log.warning("%s", result.message)
        return
    said = {
        "text": f"{run.id}: {result.message}",
        "table": table.id,
        "rule": result.rule,
        "date": run.as_of.isoformat(),
    }
    notice(said, run.settings.airflow.alert_webhook)


def _context(run: Run, table: Table, rows: int, fresh: Mapping[str, DataFrame]) -> CheckContext:
    wanted = run.settings.quality
    suite = suite_of(table.id)
    history = rows_by_night(run, table)
    nights = sorted(history)[-wanted.volume_nights :]
    return CheckContext(
        as_of=run.as_of,
        history=[history[night] for night in nights],
        references={
            i: fresh[i] if i in fresh else run.lake.read(TABLES[i])
            for i in (suite.references if suite else ())
        },
        # Of all nights: a feed that has died is not to be forgotten with the nights that count.
        last_loaded_on=max((n for n, came in history.items() if came), default=None),
        volume_low=wanted.volume_low,
        volume_high=wanted.volume_high,
        nights_needed=wanted.nights_needed,
        late_days=wanted.late_days,
        stale_days=wanted.stale_days,
        rows=rows,
        folder=run.home / "quality",
    )


def rows_by_night(run: Run, table: Table) -> dict[date, int]:
    """Rows that the table was given on each night before this one, as ``ops.quality`` has them.

    A night that was run again counts with its last try.
    """
    found = run.lake.rows(
        QUALITY,
        [("table", "=", table.id), ("as_of", "<", run.as_of)],
        ["as_of", "rows", "recorded_at"],
    )
    latest: dict[date, tuple[datetime, int]] = defaultdict(
        lambda: (datetime.min.replace(tzinfo=UTC), 0)
    )
    for row in found.to_pylist():
        latest[row["as_of"]] = max(latest[row["as_of"]], (row["recorded_at"], row["rows"]))
    return {night: rows for night, (_, rows) in latest.items()}


def _record(
    run: Run, table: Table, rows: int, results: list[RuleResult], let_pass: set[str]
) -> None:
    now = datetime.now(UTC)
    run.lake.append_rows(
        QUALITY,
        [
            {
                "run_id": run.id,
                "as_of": run.as_of,
                "table": table.id,
                "rule": result.rule,
                "passed": result.passed,
                "released": result.rule in let_pass,
                "observed": result.observed,
                "severity": result.severity,
                "rows": rows,
                "recorded_at": now,
            }
            for result in results
        ],
    )


def judge_increment(
    run: Run, table: Table, since: date | None, without: Collection[date] = ()
) -> None:
    """Hold the rows that came into a silver table after a night, up to this one, against its suite.

    Parameters
    ----------
    run : Run
        The night.
    table : Table
        One that is merged.
    since : date or None
        The last night whose rows were checked; None for all up to this night.
    without : collection of date
        Nights whose rows are not held against it.

    Raises
    ------
    QualityError
        As :func:`judge`.
    """
    if table.refresh is not Refresh.MERGE:
        raise ValueError(f"{table.id} is not merged")
    rows = run.lake.read(table, span=Span("loaded_on", after=since, until=run.as_of))
    if without:
        rows = rows.where(~rows["loaded_on"].isin(list(without)))
    # Not kept in memory: the table itself is read sooner, of which a check wants a few columns.
    judge(run, table, rows)
