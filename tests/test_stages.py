"""Steps of a stage: side by side, each to its end, and a stop that leaves its page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs import stages
from jobs.lake.errors import DataError
from jobs.lake.quality import QualityError
from jobs.lake.run import Run

NIGHT = date(2026, 3, 2)
Step = Callable[[Run], None]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def steps(home: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]) -> dict[str, Step]:
    """Steps by name, in place of those of a night."""
    monkeypatch.setenv("BESPOKE_SOURCE", "demo")
    found: dict[str, Step] = {
        "a:works": lambda run: told.append(f"works for {run.id}"),
        stages.PAGES[0]: lambda run: told.append(f"docs of {run.as_of}"),
        stages.PAGES[1]: lambda run: told.append(f"report of {run.as_of}"),
    }
    monkeypatch.setattr(stages, "load_step", found.__getitem__)
    return found


def raising(error: Exception) -> Step:
    def step(run: Run) -> None:
        raise error

    return step


def test_the_others_end_before_an_error_is_told(
    steps: dict[str, Step], told: list[str], spark: SparkSession
) -> None:
    steps["a:fails"] = raising(DataError("too many bad rows"))
    with pytest.raises(DataError, match="too many bad rows"):
        stages.run_steps(("a:fails", "a:works"), NIGHT)
    assert told == [f"works for nightly:{NIGHT}"]


def test_each_has_a_session_of_its_own(
    steps: dict[str, Step], told: list[str], spark: SparkSession
) -> None:
    def named(name: str) -> Step:
        def step(run: Run) -> None:
            key = "spark.databricks.delta.commitInfo.userMetadata"
            run.lake.spark.conf.set(key, name)
            told.append(str(run.lake.spark.conf.get(key)))

        return step

    steps |= {"a:one": named("one"), "a:two": named("two")}
    stages.run_steps(("a:one", "a:two"), NIGHT)
    assert sorted(told) == ["one", "two"]


def test_a_table_that_stops_the_night_leaves_the_pages_that_say_why(
    steps: dict[str, Step], told: list[str], spark: SparkSession
) -> None:
    steps["a:stops"] = raising(QualityError("gold.rfm: there is not one row"))
    with pytest.raises(QualityError, match="not one row"):
        stages.run_steps(("a:stops",), NIGHT)
    assert told == [f"docs of {NIGHT}", f"report of {NIGHT}"]


def test_what_somebody_has_set_wins_over_the_set_s_catalogue(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    from jobs.lake.settings import settings

    monkeypatch.setenv("BESPOKE_SOURCE", "complete_journey")
    monkeypatch.setenv("BESPOKE__RECOMMEND__PRODUCTS", "7")
    settings.cache_clear()
    found = stages.night_settings().recommend
    assert (found.exclude_bought, found.products) == (False, 7)
    monkeypatch.setenv("BESPOKE__RECOMMEND__EXCLUDE_BOUGHT", "true")
    settings.cache_clear()
    assert stages.night_settings().recommend.exclude_bought
    settings.cache_clear()
