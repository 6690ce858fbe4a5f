"""Accuracy of identity on the demo, whose true persons are known.

Usage, after ``make run``: ``python bench/identity.py``

Compares ``identity.identifiers`` with the simulator's truth and prints one line of JSON: how well
records are resolved, pair by pair, and whom it gives the events to that were made without a login.
No job reads the truth; this does.

Who made an event without a login can be known where

- its session has a login, earlier or later; or
- its cookie or its device was used by the same person while logged in, before or after, and by
  nobody else between.

So of an unbroken run of one person's sessions on a device all can be known if one has a login. The
systems do not see where a run ends, so on a device that goes round in a family part of what can be
known is a guess for them: devices and cookies of several true persons are counted apart, as shared.

An identifier counts as its person's for the span from ``valid_from`` up to, not including,
``valid_to``; what is not bounded, or has no such columns, counts always. A person whose records and
logins are those of several true persons stands for the one with most of them; an event whose person
has none was given to nobody.
"""

from __future__ import annotations

import json
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.cli.nights import chosen
from jobs.identity.accuracy import accuracy
from jobs.identity.nodes import RECORD
from jobs.lake.session import open_session
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import EVENTS

SPAN = ("valid_from", "valid_to")


def main() -> None:
    """Print how well records are resolved, and events without a login given to persons."""
    wanted = settings()
    spark = open_session(wanted.spark)
    lake, truth = Lake(home() / "lake", spark), chosen(wanted).truth
    identifiers = lake.read(IDENTIFIERS)
    records = spark.read.parquet(str(truth / "records.parquet"))
    visits = spark.read.parquet(str(truth / "visits.parquet")).select("session_id", "person")
    events = lake.read(EVENTS).where("session_id IS NOT NULL").join(visits, "session_id")
    meant = persons_meant(identifiers, records)
    result = {
        **of_records(identifiers, records),
        "anonymous_events": of_events(events, identifiers, meant),
    }
    print(json.dumps(result))


def of_records(identifiers: DataFrame, records: DataFrame) -> dict[str, float | int]:
    """Count the records, and hold their persons against the true ones, pair by pair."""
    found = identifiers.where(F.col("type") == RECORD).select(_key(), "person_id")
    rows = found.join(_true(records), "key").toPandas()
    measured = accuracy(rows["person_id"], rows["person"])
    return {
        "records": found.count(),
        "precision": round(measured.precision, 4),
        "recall": round(measured.recall, 4),
        "f1": round(measured.f1, 4),
        "bcubed_f1": round(measured.bcubed_f1, 4),
    }


def persons_meant(identifiers: DataFrame, records: DataFrame) -> DataFrame:
    """Say which true person a person of ours stands for: ``person_id``, ``meant``."""
    named = identifiers.where(F.col("type").isin(RECORD, "login")).select(_key(), "person_id")
    most = Window.partitionBy("person_id").orderBy(F.desc("count"), "person")
    return (
        named.join(_true(records), "key")
        .groupBy("person_id", "person")
        .count()
        .withColumn("rank", F.row_number().over(most))
        .where("rank = 1")
        .select("person_id", F.col("person").alias("meant"))
    )


def of_events(events: DataFrame, identifiers: DataFrame, meant: DataFrame) -> dict[str, Any]:
    """Sum up whom the events without a login went to.

    Parameters
    ----------
    events : DataFrame
        Rows of ``silver.events`` that have a session, with the true ``person`` of it.
    identifiers : DataFrame
        Rows of ``identity.identifiers``, with or without spans.
    meant : DataFrame
        ``person_id``, ``meant``, as of :func:`persons_meant`.

    Returns
    -------
    dict
        For devices and cookies of one true person (``single``), of several (``shared``) and for
        all: events without a login, those of which can be known who made them (``knowable``), and
        of these the shares that went to the ``right`` person, to a ``wrong`` one, to ``nobody``;
        of the others the share that went to a wrong one (``wrong_of_unknowable``).
    """
    told = events.withColumn("known", F.coalesce(F.col("login"), F.col("customer_no")).isNotNull())
    sessions = told.groupBy("session_id", "person", "device_id", "cookie_id").agg(
        F.min("occurred_at").alias("at"), F.bool_or("known").alias("logged_in")
    )
    judged = _knowable(sessions).select("session_id", "knowable", "shared")
    given = _given(told.where("NOT known"), identifiers, meant)
    right = F.coalesce(F.col("meant") == F.col("person"), F.lit(False))
    rows = (
        given.join(judged, "session_id")
        .withColumn("right", right)
        .withColumn("wrong", F.col("meant").isNotNull() & ~right)
        .groupBy("shared", "knowable", "right", "wrong")
        .count()
        .toPandas()
    )
    return {
        "all": _shares(rows),
        "single": _shares(rows[~rows["shared"]]),
        "shared": _shares(rows[rows["shared"]]),
    }


def _knowable(sessions: DataFrame) -> DataFrame:
    """Add whether it can be known who was there, and whether what they used was shared."""
    knowable, shared = F.col("logged_in"), F.lit(False)
    for key in ("device_id", "cookie_id"):
        used = F.col(key).isNotNull()
        by_time = Window.partitionBy(key).orderBy("at", "session_id")
        changed = F.lag("person").over(by_time) != F.col("person")
        sessions = sessions.withColumn(
            "run", F.sum(F.coalesce(changed, F.lit(False)).cast("int")).over(by_time)
        )
        on_it, in_run = Window.partitionBy(key), Window.partitionBy(key, "run")
        sessions = sessions.withColumns(
            {
                f"{key}_knowable": used & F.bool_or("logged_in").over(in_run),
                f"{key}_shared": used & (F.min("person").over(on_it) < F.max("person").over(on_it)),
            }
        )
        knowable = knowable | F.col(f"{key}_knowable")
        shared = shared | F.col(f"{key}_shared")
    return sessions.withColumn("knowable", knowable).withColumn("shared", shared)


def _given(events: DataFrame, identifiers: DataFrame, meant: DataFrame) -> DataFrame:
    """Add to each event the true person that its identifier's person at the time stands for."""
    spans = identifiers.select(
        "identifier",
        "person_id",
        *[name if name in identifiers.columns else _unbounded(name) for name in SPAN],
    )
    at = F.col("occurred_at")
    within = (F.col("valid_from").isNull() | (F.col("valid_from") <= at)) & (
        F.col("valid_to").isNull() | (at < F.col("valid_to"))
    )
    named = spans.join(meant, "person_id").withColumnRenamed("identifier", "of")
    return events.join(named, (F.col("identifier") == F.col("of")) & within, "left")


def _shares(rows: Any) -> dict[str, float | int | None]:
    """Sum up counted rows; a share of nothing is None."""
    knowable, others = rows[rows["knowable"]], rows[~rows["knowable"]]
    total, rest = int(knowable["count"].sum()), int(others["count"].sum())

    def share(counted: Any, of: int) -> float | None:
        return round(int(counted["count"].sum()) / of, 4) if of else None

    right, wrong = knowable["right"], knowable["wrong"]
    return {
        "events": total + rest,
        "knowable": total,
        "right": share(knowable[right], total),
        "wrong": share(knowable[wrong], total),
        "nobody": share(knowable[~right & ~wrong], total),
        "wrong_of_unknowable": share(others[others["wrong"]], rest),
    }


def _key() -> Column:
    """Return the source's own key: what follows the feed in a record, and the type in a login.

    No two systems share one.
    """
    return F.substring_index("identifier", ":", -1).alias("key")


def _true(records: DataFrame) -> DataFrame:
    return records.select(F.col("record_key").alias("key"), "person")


def _unbounded(name: str) -> Column:
    return F.lit(None).cast("timestamp").alias(name)


if __name__ == "__main__":
    main()
