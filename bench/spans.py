"""Ten million events of a made shop are given to persons, by the time they happened at.

Usage: ``python bench/spans.py --out bench/spans.json``

People use a phone of their own, one in twenty sells it to another, and one household in five has a
tablet that its two people share; half of the sessions have a login, some way in. What the jobs do
is timed: events summed up as sightings, spans made of these, and every event joined. What was done
without a login is held against who did it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watch import header

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

EVENTS = 10_000_000
SESSIONS_A_PERSON = 20
DAYS, COOKIE_DAYS = 365, 60
DAY = 86_400


def main() -> None:
    """Make the shop, measure, write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--events-a-session", type=int, default=8)
    wanted = parser.parse_args()
    from jobs.lake.session import open_session
    from jobs.lake.settings import settings

    spark = open_session(settings().spark)
    with tempfile.TemporaryDirectory() as scratch:
        result: dict[str, Any] = {
            **header(f"python {' '.join(sys.argv)}"),
            "driver_memory": settings().spark.driver_memory,
            "events": wanted.events,
            **measured(spark, wanted.events, wanted.events_a_session, Path(scratch)),
        }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measured(spark: SparkSession, rows: int, length: int, scratch: Path) -> dict[str, Any]:
    """Time each step, and count whose the events without a login became."""
    from pyspark.sql import functions as F

    from jobs.identity.resolve import with_person
    from jobs.identity.settings import IdentitySettings
    from jobs.identity.sightings import sightings
    from jobs.identity.spans import timed
    from jobs.lake.tables.silver import ORDER_LINES

    seconds: dict[str, float] = {}

    def kept(name: str, work: Callable[[], DataFrame]) -> DataFrame:
        started = time.monotonic()
        work().write.parquet(str(scratch / name))
        seconds[name] = round(time.monotonic() - started, 1)
        return spark.read.parquet(str(scratch / name))

    events = kept("made", lambda: made(spark, rows, length))
    people = kept("resolved without time", lambda: without_time(events))
    no_lines = spark.createDataFrame([], ORDER_LINES.schema())
    night = date(2026, 12, 31)
    seen = kept("sightings", lambda: sightings(events, no_lines, as_of=night))
    spans = kept("spans", lambda: timed(people, seen, IdentitySettings()))
    joined = kept("joined", lambda: with_person(events, spans, "occurred_at"))
    plain = people.withColumn("valid_from", F.lit(None).cast("timestamp"))
    kept(
        "joined without bounds",
        lambda: with_person(events, plain.withColumn("valid_to", plain["valid_from"])),
    )
    counted = {"sightings": seen, "identifiers": people, "spans": spans, "joined": joined}
    return {
        "rows": {name: frame.count() for name, frame in counted.items()},
        "with_bounds": spans.where("valid_from IS NOT NULL").count(),
        "seconds": seconds,
        "of_it_the_jobs": round(sum(seconds[n] for n in ("sightings", "spans", "joined")), 1),
        "without_a_login": outcome(joined),
    }


def made(spark: SparkSession, rows: int, length: int) -> DataFrame:
    """Rows of ``silver.events``, as far as they matter, with ``person``, ``kind`` of device."""
    from pyspark.sql import functions as F

    count = rows // length
    people = count // SESSIONS_A_PERSON

    def draw(name: str, among: int, *of: str | Column) -> Column:
        return F.pmod(F.xxhash64(F.lit(name), *(of or ("id",))), F.lit(among))

    person, day = F.col("person"), F.col("day")
    half = people // 2
    seller = F.when(person < half, person).otherwise(person - half)
    sold = (draw("sells", 20, seller) == 0) & (day >= 100 + draw("sold on", 165, seller))
    household = F.floor(person / 2)
    tablet = (draw("tablet", 5, household) == 0) & (draw("on tablet", 10) < 3)
    phone = (
        F.when(sold & (person < half), F.concat(F.lit("n"), person))
        .when(sold, F.concat(F.lit("p"), seller))
        .otherwise(F.concat(F.lit("p"), person))
    )
    # A phone is wiped when it is sold, so its buyer has cookies of their own.
    browser = F.when(F.col("kind") == "tablet", F.col("device")).otherwise(
        F.concat(F.lit("b"), person, sold)
    )
    sessions = (
        spark.range(count, numPartitions=16)
        .withColumn("person", draw("person", people))
        .withColumn("day", draw("day", DAYS))
        .withColumn("began", day * DAY + 21_600 + draw("second", 60_000))
        .withColumn("login_at", F.when(draw("logs in", 2) == 0, draw("login at", length)))
        .withColumn(
            "kind",
            F.when(tablet, "tablet").when(draw("sells", 20, seller) == 0, "sold").otherwise("own"),
        )
        .withColumn(
            "device",
            F.when(F.col("kind") == "tablet", F.concat(F.lit("t"), household)).otherwise(phone),
        )
        .withColumn("cookie", F.concat(browser, F.lit("-"), F.floor(day / COOKIE_DAYS)))
        .withColumn("browsed", draw("app", 10) < 8)
    )
    number = F.col("number")
    login = F.when(number >= F.col("login_at"), F.concat(F.lit("u"), person))
    named = F.coalesce(
        F.concat(F.lit("login:"), F.col("login")),
        F.concat(F.lit("cookie:"), F.col("cookie_id")),
        F.concat(F.lit("device:"), F.col("device_id")),
    )
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    return (
        sessions.withColumn("number", F.explode(F.sequence(F.lit(0), F.lit(length - 1))))
        .select(
            F.concat(F.lit("p"), person).alias("person"),
            "kind",
            F.col("login_at").isNotNull().alias("logs_in"),
            F.concat(F.lit("s"), "id").alias("session_id"),
            F.col("device").alias("device_id"),
            F.when(F.col("browsed"), F.col("cookie")).alias("cookie_id"),
            login.alias("login"),
            F.lit(None).cast("string").alias("customer_no"),
            F.timestamp_seconds(start + F.col("began") + 45 * number).alias("occurred_at"),
        )
        .withColumn("identifier", named)
    )


def without_time(events: DataFrame) -> DataFrame:
    """Rows of ``identity.identifiers`` as they are resolved from links alone."""
    from pyspark.sql import functions as F

    person = F.concat(F.lit("p"), F.substring("login", 2, 20))
    device, cookie = (
        F.concat(F.lit(f"{kind}:"), F.col(f"{kind}_id")) for kind in ("device", "cookie")
    )
    names = F.array_compact(
        F.array(
            F.struct(F.concat(F.lit("login:"), F.col("login")).alias("identifier"), device),
            F.struct(device.alias("identifier"), device),
            F.struct(cookie.alias("identifier"), device),
        )
    )
    found = (
        events.select(F.explode(names).alias("name"), person.alias("user"), "occurred_at")
        .select(F.col("name.identifier"), F.col("name.col2").alias("on"), "user", "occurred_at")
        .where("identifier IS NOT NULL")
        .groupBy("identifier")
        .agg(
            F.max("on").alias("on"),
            F.min("user").alias("user"),
            F.coalesce(F.min("user") != F.max("user"), F.lit(False)).alias("shared"),
            F.min("occurred_at").alias("first_seen"),
            F.max("occurred_at").alias("last_seen"),
        )
    )
    # A cookie without a login goes with the one person of its device.
    of_device = found.where("NOT shared").select(
        F.col("identifier").alias("on"), F.col("user").alias("attached")
    )
    anonymous = F.concat(F.lit("p_"), F.substring(F.sha2("identifier", 256), 1, 20))
    return found.join(of_device, "on", "left").select(
        "identifier",
        F.substring_index("identifier", ":", 1).alias("type"),
        F.coalesce(F.when(~F.col("shared"), F.coalesce("user", "attached")), anonymous).alias(
            "person_id"
        ),
        "shared",
        "first_seen",
        "last_seen",
    )


def outcome(joined: DataFrame) -> dict[str, dict[str, int]]:
    """Count events without a login, by the kind of device and whether the session had one.

    A tablet on which one of the two never logs in is that of the other, for all that can be seen.
    """
    from pyspark.sql import functions as F

    users = (
        joined.where("login IS NOT NULL")
        .groupBy("device_id")
        .agg((F.min("login") != F.max("login")).alias("by_two"))
    )
    both = F.coalesce("by_two", F.lit(False))
    kind = F.when((F.col("kind") == "tablet") & ~both, "tablet with one's logins alone")
    joined = joined.join(users, "device_id", "left").withColumn("kind", F.coalesce(kind, "kind"))

    own = F.col("person_id") == F.col("person")
    known = ~F.col("person_id").startswith("p_")
    counted = (
        joined.where("login IS NULL")
        .groupBy("kind", "logs_in")
        .agg(
            F.count("*").alias("events"),
            F.count_if(own).alias("right"),
            F.count_if(known & ~own).alias("wrong"),
        )
    )
    rows = sorted(counted.collect())
    return {
        f"{row.kind}, {'a login later' if row.logs_in else 'no login in the session'}": {
            name: row[name] for name in ("events", "right", "wrong")
        }
        for row in rows
    }


if __name__ == "__main__":
    main()
