"""Nights stopped anywhere, and done again out of order: the lake of nights in order, run once."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.cli.nights import chosen
from jobs.lake import faults
from jobs.lake.history import outdated, successes
from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import QUARANTINE, RUNS
from jobs.publish import pointer
from jobs.simulate.world import simulate
from jobs.stages import PAGES, STAGES, run_steps
from tests.lake.contents import digests

pytestmark = pytest.mark.slow

DAYS = 12
LAST = date(2026, 6, 1) + timedelta(days=DAYS - 1)
BEFORE = LAST - timedelta(days=1)
STEPS = [steps for stage in STAGES for steps in stage.steps if steps != PAGES]
WORLD = {
    "BESPOKE_SOURCE": "demo",
    "BESPOKE__SIMULATE__PEOPLE": "60",
    "BESPOKE__SIMULATE__DAYS": str(DAYS),
    "BESPOKE__RECOMMEND__HOLDOUT_DAYS": "4",
    # All kinds of feeds at once: one that waits for another would not be stopped with it.
    "BESPOKE__INGEST__SIDE_BY_SIDE": "7",
}

Point = tuple[str, str]


class Night:
    """A home before its last night, and ways back to it."""

    def __init__(self, home: Path, spark: SparkSession, patch: pytest.MonkeyPatch) -> None:
        self.home, self.spark, self.patch = home, spark, patch
        self.lake = Lake(home / "lake")
        self.models = 0
        self._track()

    def _track(self) -> None:
        """Name the database of models: MLflow keeps one open, also where its file is gone."""
        self.models += 1
        path = self.home / f"models-{self.models}.db"
        for kept in self.home.glob("models-*.db"):
            kept.rename(path)
        self.patch.setenv("BESPOKE__MODELS__TRACKING_URI", f"sqlite:///{path}")
        settings.cache_clear()

    def keep(self, name: str) -> Path:
        """Keep the home as it is."""
        kept = self.home.with_name(name)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.home, kept, symlinks=True)
        return kept

    def back(self, kept: Path) -> None:
        """Make the home what it was when it was kept."""
        shutil.rmtree(self.home)
        shutil.copytree(kept, self.home, symlinks=True)
        self._track()
        # What the JVM remembers of the tables is of the lake that is gone.
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]

    def counts_add_up(self) -> None:
        for row in self.lake.rows(RUNS, [("job", "=", "ingest")]).to_pylist():
            parts = (row[f"rows_{c}"] for c in ("accepted", "quarantined", "duplicate"))
            assert row["rows_read"] == sum(parts), row

    def state(self) -> dict[str, str]:
        rows = self.lake.rows(QUARANTINE, columns=["row_id", "reasons"]).to_pylist()
        return digests(self.home) | {"ops.quarantine": str(sorted(map(str, rows)))}


@pytest.fixture(scope="module")
def first_night(
    tmp_path_factory: pytest.TempPathFactory, spark: SparkSession
) -> Iterator[tuple[Night, Path]]:
    """A tiny world after its last night but one, and where that is kept."""
    home = tmp_path_factory.mktemp("nights") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**WORLD, "BESPOKE_HOME": str(home)}.items():
            patch.setenv(name, value)
        night = Night(home, spark, patch)
        world = chosen(settings())
        simulate(spark, settings().simulate, world.landing, world.truth)
        run_night(BEFORE)
        yield night, night.keep("first")
    settings.cache_clear()


@pytest.fixture
def night(first_night: tuple[Night, Path]) -> Night:
    made, kept = first_night
    made.back(kept)
    return made


def run_night(night: date) -> None:
    for steps in STEPS:
        run_steps(steps, night)


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_a_past_night_done_again_brings_the_later_ones_after_it_and_changes_no_table(
    night: Night,
) -> None:
    run_night(LAST)
    tables, moves = night.state(), pointer.switches(night.lake)
    then = export(night, BEFORE)
    shown = (night.home / "exports" / "email" / "latest" / "recommendations.csv").stat()
    run_night(BEFORE)
    past = f"exports/email/{BEFORE}/recommendations"
    assert differing(night.state(), tables) <= {f"{past}.csv", f"{past}.jsonl"}
    # Who has withdrawn since is in no export that is written from then on.
    assert set(export(night, BEFORE)) <= set(then)
    done = successes(night.lake)
    assert [s.as_of for s in done if s.job == "publish"] == [BEFORE, LAST, BEFORE, LAST]
    assert outdated(done) == []
    assert {move["as_of"] for move in pointer.switches(night.lake)[len(moves) :]} == {LAST}
    again = (night.home / "exports" / "email" / "latest" / "recommendations.csv").stat()
    assert (again.st_ino, again.st_mtime_ns) == (shown.st_ino, shown.st_mtime_ns)


def export(night: Night, day: date) -> list[str]:
    path = night.home / "exports" / "email" / str(day) / "recommendations.csv"
    return path.read_text().splitlines()


def test_stopped_after_each_commit_and_run_again_a_night_is_as_if_nothing_had_happened(
    night: Night,
) -> None:
    told = 0
    for steps in STEPS:
        before = night.keep("before")
        points = commits_of(steps)
        clean, after = night.state(), night.keep("after")
        night.back(before)
        left = one_commit_further_each_time(steps, points)
        assert not left, f"not stopped at {dict(left)}"
        assert not differing(night.state(), clean), f"after {steps} was stopped at each commit"
        night.counts_add_up()
        told += points.total()
        night.back(after)
    assert told > 50


def commits_of(steps: Sequence[str]) -> Counter[Point]:
    """Run steps to their end, and count their commits by job and table."""
    points: Counter[Point] = Counter()
    with faults.watched(lambda job, what: points.update([(job, what.partition("#")[0])])):
        run_steps(steps, LAST)
    return points


def one_commit_further_each_time(
    steps: Sequence[str], points: Mapping[Point, int]
) -> Mapping[Point, int]:
    """Run steps until they come to their end, each time stopped at a commit not stopped at yet.

    What runs side by side is stopped side by side. So each commit is the last of some run, and
    what it leaves behind is what the next run finds. Returned are those never stopped at.
    """
    left = Counter(points)
    while stopped(steps, left):
        pass
    return +left


def stopped(steps: Sequence[str], left: Counter[Point]) -> bool:
    """Run steps, stopped at points that are left; say whether any was reached, and take them off.

    A commit that a run finds done is no point of it, so the second to a table may be its first.
    """
    reached = False

    def stop(job: str, what: str) -> None:
        nonlocal reached
        point = job, what.partition("#")[0]
        if left[point] > 0:
            left[point] -= 1
            reached = True
            raise faults.StoppedError(f"{job}/{what}")

    with faults.watched(stop), suppress(faults.StoppedError):
        run_steps(steps, LAST)
    return reached
