"""Accuracy of identity on a simulated set, whose true persons are known.

Usage, after ``bespoke run``, with its settings in the environment:
``python bench/identity.py --out bench/identity.json``

Compares ``identity.identifiers`` with the simulator's truth: how well records are resolved, pair by
pair, and whom it gives the events to that were made without a login. No job reads the truth; this
does.

Who made an event without a login can be known where

- its session has a login, earlier or later; or
- its device or cookie is one person's alone, who has logged in on it.

On a device that goes round in a family the truth also has runs of sessions of one person, one of
them with a login and nobody else's between. No system sees where such a run ends. They are counted
beside (``runs``), with what a guess would get: an event between two logins of one person is theirs.

An identifier counts as its person's for the span from ``valid_from`` up to, not including,
``valid_to``; what is not bounded, or has no such columns, counts always. A person whose records and
logins are those of several true persons stands for the one with most of them; an event whose person
has none was given to nobody. Intervals are of 1,000 bootstrap draws of true persons.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from watch import header

from jobs.cli.nights import chosen
from jobs.identity.accuracy import accuracy
from jobs.identity.nodes import RECORD
from jobs.lake.session import open_session
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import EVENTS

SPAN = ("valid_from", "valid_to")
_FIRST, _LAST = Window.unboundedPreceding, Window.unboundedFollowing
_ASPECTS = (
    "person", "shared", "several", "logged_in", "in_run", "right", "wrong", "guessed",
)  # fmt: skip
DRAWS = 1_000
SEED = 20_190_507


def main() -> None:
    """Measure how well records are resolved and events without a login given to persons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    of = settings()
    spark = open_session(of.spark)
    lake, truth = Lake(home() / "lake", spark), chosen(of).truth
    identifiers = lake.read(IDENTIFIERS)
    records = spark.read.parquet(str(truth / "records.parquet"))
    visits = spark.read.parquet(str(truth / "visits.parquet")).select("session_id", "person")
    events = lake.read(EVENTS).where("session_id IS NOT NULL").join(visits, "session_id")
    meant = persons_meant(identifiers, records)
    result = {
        **header(f"python bench/identity.py --out {wanted.out}"),
        "simulate": {name: getattr(of.simulate, name) for name in ("records", "people", "seed")},
        "records": of_records(identifiers, records),
        "events_without_a_login": of_events(events, identifiers, meant),
    }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


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
        all: the events of which can be known who made them, and of these the shares that went to
        the ``right`` person, to a ``wrong`` one, to ``nobody``; the same of ``runs`` on shared
        devices, of which it cannot; of all others, where one person at most has logged in
        (``others``) or several (``others, several logged in``), the share that went to a wrong
        one; and how right a ``guess`` would be, by the logins around an event on a shared device.
    """
    told = events.withColumn("known", F.coalesce(F.col("login"), F.col("customer_no")).isNotNull())
    sessions = told.groupBy("session_id", "person", "device_id", "cookie_id").agg(
        F.min("occurred_at").alias("at"), F.bool_or("known").alias("logged_in")
    )
    judged = _knowable(sessions)
    given = _given(told.where("NOT known"), identifiers, meant)
    right = F.coalesce(F.col("meant") == F.col("person"), F.lit(False))
    rows = (
        given.join(judged, "session_id")
        .withColumn("right", right)
        .withColumn("wrong", F.col("meant").isNotNull() & ~right)
        .withColumn("guessed", F.col("guess") == F.col("person"))
        .groupBy(*_ASPECTS)
        .count()
        .toPandas()
    )
    known = rows["logged_in"] | (rows["in_run"] & ~rows["shared"])
    runs = rows["in_run"] & ~known
    guesses = rows[~known & rows["shared"]].dropna(subset="guessed")
    return {
        "all": _shares(rows[known]),
        "single": _shares(rows[known & ~rows["shared"]]),
        "shared": _shares(rows[known & rows["shared"]]),
        "runs": _shares(rows[runs]),
        "others": _shares(rows[~known & ~runs & ~rows["several"]], ["wrong"]),
        "others, several logged in": _shares(rows[~known & ~runs & rows["several"]], ["wrong"]),
        "guess": _shares(guesses.assign(right=guesses["guessed"].astype(bool)), ["right"]),
    }


def _knowable(sessions: DataFrame) -> DataFrame:
    """Add whether it is in a run with a login, who shared what it used, and a guess."""
    in_run, shared, several = F.lit(False), F.lit(False), F.lit(False)
    guess = F.lit(None).cast("string")
    for key in ("device_id", "cookie_id"):
        used = F.col(key).isNotNull()
        by_time = Window.partitionBy(key).orderBy("at", "session_id")
        changed = F.lag("person").over(by_time) != F.col("person")
        sessions = sessions.withColumn(
            "run", F.sum(F.coalesce(changed, F.lit(False)).cast("int")).over(by_time)
        )
        on_it, run = Window.partitionBy(key), Window.partitionBy(key, "run")
        login = F.when(F.col("logged_in"), F.col("person"))
        before = F.last(login, ignorenulls=True).over(by_time.rowsBetween(_FIRST, -1))
        after = F.first(login, ignorenulls=True).over(by_time.rowsBetween(1, _LAST))
        sessions = sessions.withColumns(
            {
                f"{key}_run": used & F.bool_or("logged_in").over(run),
                f"{key}_shared": used & (F.min("person").over(on_it) < F.max("person").over(on_it)),
                f"{key}_several": used & (F.min(login).over(on_it) < F.max(login).over(on_it)),
                f"{key}_guess": F.when(used & (before == after), before),
            }
        )
        in_run = in_run | F.col(f"{key}_run")
        shared = shared | F.col(f"{key}_shared")
        several = several | F.coalesce(F.col(f"{key}_several"), F.lit(False))
        guess = F.coalesce(guess, F.col(f"{key}_guess"))
    return sessions.select(
        "session_id",
        "logged_in",
        in_run.alias("in_run"),
        shared.alias("shared"),
        several.alias("several"),
        guess.alias("guess"),
    )


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


def _shares(
    rows: pd.DataFrame, kinds: Sequence[str] = ("right", "wrong", "nobody")
) -> dict[str, Any]:
    """Sum up counted rows: events, and the share of each kind with its interval."""
    rows = rows.assign(nobody=~rows["right"] & ~rows["wrong"])
    counts = pd.DataFrame({"events": rows["count"], **{k: rows["count"] * rows[k] for k in kinds}})
    of_person = counts.groupby(rows["person"]).sum().to_numpy(dtype=float)
    if not len(of_person):
        return {"events": 0}
    persons = len(of_person)
    draws = np.random.default_rng(SEED).multinomial(
        persons, np.full(persons, 1 / persons), size=DRAWS
    )
    total, drawn = of_person.sum(axis=0), draws @ of_person
    found: dict[str, Any] = {"events": int(total[0])}
    for place, kind in enumerate(kinds, start=1):
        low, high = np.quantile(drawn[:, place] / drawn[:, 0], (0.025, 0.975))
        found[kind] = round(total[place] / total[0], 4)
        found[f"{kind}_interval"] = [round(float(low), 4), round(float(high), 4)]
    return found


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
