"""Makes the simulated world: its daily files, and the truth about it apart from them."""

import logging
import shutil
import time
from functools import partial, reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lake.beside import side_by_side
from jobs.simulate.catalogue import Catalogue, catalogue_rows
from jobs.simulate.chance import Chance
from jobs.simulate.clock import Clock
from jobs.simulate.consents import consent_rows
from jobs.simulate.events import event_rows
from jobs.simulate.faults import Feed, delivered, marks
from jobs.simulate.feedback import feedback_rows
from jobs.simulate.feeds import feeds
from jobs.simulate.hard_records import hard_crm_rows
from jobs.simulate.landing import is_done, publish, write_feed
from jobs.simulate.messages import Campaigns, message_frame, message_rows
from jobs.simulate.orders import order_rows, sale_lines
from jobs.simulate.people import people
from jobs.simulate.records import account_rows, crm_rows, loyalty_rows
from jobs.simulate.sessions import sessions, views
from jobs.simulate.settings import TIME_ZONE, SimulateSettings
from jobs.simulate.taste import Taste
from jobs.simulate.truth import (
    true_bad_rows,
    true_devices,
    true_habits,
    true_message_effects,
    true_persons,
    true_products,
    true_records,
    true_visits,
)
from jobs.simulate.visits import habits, visits

logger = logging.getLogger(__name__)

PEOPLE_A_PART = 20_000
"""About 1.2 million events: a part that fits the memory of a task."""
_AT_ONCE = 2
"""Writes at a time: one is planned, on one thread, while the other is carried out."""


def simulate(spark: SparkSession, settings: SimulateSettings, landing: Path, truth: Path) -> None:
    """Write a world's files below `landing`, one folder a day, and its truth below `truth`.

    Does nothing where the same world is already there. Safe to run again after a kill: files are
    made in a folder beside and put in place at the end.

    Raises
    ------
    ValueError
        If `truth` lies in `landing` or the other way round.
    """
    landing, truth = landing.resolve(), truth.resolve()
    if landing == truth or landing in truth.parents or truth in landing.parents:
        raise ValueError(
            f"landing {landing} and truth {truth} must lie apart: no job may read the truth"
        )
    if is_done(landing, truth, settings):
        logger.info("world %s is already in %s", settings.digest()[:12], landing)
        return
    started = time.monotonic()
    # Beside their targets, so that putting them in place is a rename within one file system.
    staging = landing.parent / f".{landing.name}.staging"
    staged_truth = truth.parent / f".{truth.name}.staging"
    for folder in (staging, staged_truth):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    world = World(spark, settings, staging / "_frames")
    world.write_truth(world.write_feeds(staging), staged_truth)
    publish(staging, landing, staged_truth, truth, settings)
    shutil.rmtree(staging)
    _report(f"world of {settings.people} people", started)


class World:
    """The frames of one world: who there is, what they do, and what the systems write of it."""

    def __init__(
        self,
        spark: SparkSession,
        settings: SimulateSettings,
        frames: Path,
        parts: int | None = None,
    ) -> None:
        self._spark = spark
        self._frames = frames
        self._settings = settings
        self._chance = chance = Chance(settings.seed)
        self._clock = clock = Clock(settings.first_day, TIME_ZONE)
        self._catalogue = catalogue = Catalogue(settings, chance)
        taste = Taste(catalogue, chance, clock)
        campaigns = Campaigns(settings, chance)
        # Exploding people gives every later frame its rows, so their parts set all others'.
        parts = parts or max(
            spark.sparkContext.defaultParallelism, settings.people // PEOPLE_A_PART
        )
        self.people = self._kept("people", people(spark, settings, chance, parts))
        self.messages = self._kept(
            "messages", message_frame(self.people, settings, chance, campaigns)
        )
        self.habits = self._kept("habits", habits(self.people, settings, chance, taste))
        trips = visits(self.people, self.messages, self.habits, settings, chance, campaigns)
        self.sessions = self._kept(
            "sessions", sessions(trips.coalesce(parts), settings, chance, taste)
        )
        self.views = self._kept("views", views(self.sessions, chance, taste))
        sold = sale_lines(self.sessions, self.views, settings, chance, catalogue)
        self.lines = self._kept("lines", sold.coalesce(parts))

    def write_feeds(self, staging: Path) -> DataFrame:
        """Write all feeds; return how many rows went out by `feed`, `day` and `mark`."""
        settings, clock = self._settings, self._clock
        wanted = {
            feed: delivered(feed, settings, self._chance) for feed in feeds(self.rows(), settings)
        }

        def write(feed: Feed) -> None:
            started = time.monotonic()
            write_feed(self._spark, feed, wanted[feed], settings, clock, staging)
            _report(f"{feed.file} of {settings.days} days", started)

        side_by_side([partial(write, feed) for feed in wanted], _AT_ONCE)
        went_out = [marks(feed, rows) for feed, rows in wanted.items()]
        return (
            reduce(DataFrame.unionByName, went_out)
            .groupBy("feed", "day", "mark")
            .agg(F.count("*").alias("rows"))
            .withColumn("day", clock.date(F.col("day")))
        )

    def write_truth(self, counted: DataFrame, truth: Path) -> None:
        """Write what is true, a Parquet folder a table; `counted` is what went out."""
        started = time.monotonic()
        tables = self.truth(self._kept("counted", counted))

        def write(name: str) -> None:
            tables[name].write.parquet(str(truth / f"{name}.parquet"))

        side_by_side([partial(write, name) for name in tables], _AT_ONCE)
        _report("truth", started)

    def rows(self) -> dict[str, DataFrame]:
        """Return the rows of every feed, before lateness, duplicates and damage."""
        settings, chance, clock = self._settings, self._chance, self._clock
        products = catalogue_rows(self._spark, settings, self._catalogue, clock)
        written = hard_crm_rows if settings.hard else crm_rows
        return {
            "crm": written(self.people, settings, chance, clock),
            "accounts": account_rows(self.people, settings, chance, clock),
            "loyalty": loyalty_rows(self.people, settings, chance, clock),
            "orders": order_rows(self.lines, settings, chance, clock),
            "events": event_rows(
                self.sessions, self.views, self.lines, self.messages, chance, clock
            ),
            "consents": consent_rows(self.people, settings, chance, clock),
            "products": products.withColumn("place", products["day"].cast("long")),
            "messages": message_rows(self.messages, chance, clock),
            "feedback": feedback_rows(self.lines, settings, chance, clock, self._catalogue),
        }

    def truth(self, counted: DataFrame) -> dict[str, DataFrame]:
        """Return the tables of what is true."""
        settings, chance, clock = self._settings, self._chance, self._clock
        return {
            "persons": true_persons(self.people, settings, clock),
            "records": true_records(self.people, settings, chance),
            "devices": true_devices(self.sessions),
            "visits": true_visits(self.sessions, clock),
            "habits": true_habits(self.habits, clock),
            "products": true_products(self._spark, settings, self._catalogue, clock),
            "message_effects": true_message_effects(self.messages, clock),
            "feed_rows": counted,
            "bad_rows": true_bad_rows(counted),
        }

    def _kept(self, name: str, frame: DataFrame) -> DataFrame:
        """Write a frame that several feeds are made from, and go on from the file.

        Not `persist`: planning over the whole world's lineage for each feed took longer than
        making its rows.
        """
        started = time.monotonic()
        path = str(self._frames / name)
        frame.write.parquet(path)
        _report(name, started)
        return self._spark.read.schema(frame.schema).parquet(path)


def _report(what: str, started: float) -> None:
    logger.info("%s: %.1f s", what, time.monotonic() - started)
