"""The registry against a real MLflow on SQLite."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from models.als import AlsModel, train
from models.registry import Registered, Registry, RegistryError
from models.settings import AlsSettings, Gate

pytestmark = pytest.mark.slow

METRIC = "ndcg_at_10_all_warm"


@pytest.fixture(scope="module")
def model() -> AlsModel:
    return trained(date(2024, 2, 1))


def trained(until: date) -> AlsModel:
    rows = [
        (f"person-{person}", f"product-{product}", "purchase", 1.0, date(2024, 1, 1))
        for person in range(6)
        for product in range(person % 3, 4)
    ]
    columns = ["person_id", "product_id", "kind", "quantity", "occurred_on"]
    settings = AlsSettings(factors=3, iterations=2)
    return train(pd.DataFrame(rows, columns=columns), settings, as_of_exclusive=until)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for the module, whose first use costs seconds of migrations."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture
def registry(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    return Registry(f"sqlite:///{database}/mlflow.db", database / "artifacts")


def registered(
    registry: Registry,
    name: str,
    model: AlsModel,
    run_key: str,
    value: float,
    champion_value: float | None = None,
) -> Registered:
    return registry.register(
        name,
        model,
        run_key=run_key,
        metric=METRIC,
        metrics={METRIC: value, "coverage_at_10_all_warm": 0.4},
        tables={"gold.interactions": 7},
        parameters={"holdout_days": 28, "popularity": {"half_life_days": 30.0}},
        gate=Gate(tolerance=0.02),
        champion_value=champion_value,
    )


def test_first_is_champion_and_comes_back_the_same(
    registry: Registry, model: AlsModel, tmp_path: Path
) -> None:
    done = registered(registry, "first", model, "nightly|2024-02-01", 0.30)
    assert (done.version, done.alias, done.reused) == ("1", "champion", False)
    back, version = registry.load(AlsModel, "first")
    assert version == "1"
    assert back.item_factors.tobytes() == model.item_factors.tobytes()
    assert back.settings == model.settings
    assert list(tmp_path.iterdir()) == []  # nothing is left in the working directory


def test_same_run_key_makes_no_second_version(registry: Registry, model: AlsModel) -> None:
    first = registered(registry, "again", model, "nightly|2024-02-01", 0.30)
    newer = registered(registry, "again", model, "nightly|2024-02-02", 0.31)
    again = registered(registry, "again", model, "nightly|2024-02-01", 0.99)
    assert (again.version, again.alias, again.reused) == (first.version, first.alias, True)
    assert registry.load(AlsModel, "again")[1] == newer.version == "2"


@pytest.mark.parametrize(
    ("value", "alias", "champion"),
    [(0.31, "champion", "2"), (0.295, "champion", "2"), (0.29, "challenger", "1")],
)
def test_gate(registry: Registry, model: AlsModel, value: float, alias: str, champion: str) -> None:
    name = f"gate-{value}"
    registered(registry, name, model, "one", 0.30)
    second = registered(registry, name, model, "two", value)
    assert second.alias == alias
    assert registry.load(AlsModel, name)[1] == champion


def test_champion_judged_on_the_same_window_counts_rather_than_its_old_figure(
    registry: Registry, model: AlsModel
) -> None:
    registered(registry, "season", model, "one", 0.30)
    second = registered(registry, "season", model, "two", 0.20, champion_value=0.19)
    assert second.alias == "champion"
    assert second.reason == f"{METRIC} 0.20000 against 0.19000 of version 1"


def test_settings_of_the_champion_are_known(registry: Registry, model: AlsModel) -> None:
    assert registry.settings_of("settings") is None
    registered(registry, "settings", model, "one", 0.30)
    assert registry.settings_of("settings") == model.settings


def test_a_past_night_gets_the_model_of_its_time(registry: Registry, model: AlsModel) -> None:
    registered(registry, "past", trained(date(2024, 1, 20)), "before", 0.30)
    registered(registry, "past", trained(date(2024, 1, 25)), "worse", 0.10)
    registered(registry, "past", model, "today", 0.31)
    assert registry.load(AlsModel, "past", until=date(2024, 2, 1))[1] == "3"
    assert registry.load(AlsModel, "past", until=date(2024, 1, 31))[1] == "1"
    with pytest.raises(RegistryError, match="by 2024-01-19"):
        registry.load(AlsModel, "past", until=date(2024, 1, 19))


def test_backfill_never_takes_the_place_of_a_newer_champion(
    registry: Registry, model: AlsModel
) -> None:
    registered(registry, "backfill", model, "today", 0.30)
    older = registered(registry, "backfill", trained(date(2024, 1, 15)), "past", 0.50)
    assert older.alias is None
    assert registry.load(AlsModel, "backfill")[1] == "1"


def test_attempt_cut_short_is_completed_by_the_next(
    registry: Registry, model: AlsModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import models.registry

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(models.registry, "decided", crash)
        with pytest.raises(KeyboardInterrupt):
            registered(registry, "crash", model, "one", 0.30)
    done = registered(registry, "crash", model, "one", 0.30)
    assert (done.version, done.alias, done.reused) == ("1", "champion", False)


def test_run_holds_settings_metrics_and_table_versions(registry: Registry, model: AlsModel) -> None:
    from mlflow import MlflowClient

    registered(registry, "logged", model, "one", 0.30)
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    run = client.get_run(str(client.get_model_version("logged", "1").run_id))
    assert run.data.params["factors"] == "3"
    assert run.data.params["weighting.half_life_days"] == "90.0"
    assert run.data.params["holdout_days"] == "28"
    assert run.data.params["popularity.half_life_days"] == "30.0"
    assert run.data.params["table.gold.interactions"] == "7"
    assert run.data.tags["bespoke.table.gold.interactions"] == "7"
    assert run.data.metrics[METRIC] == 0.30


def test_what_is_missing_is_said(registry: Registry, model: AlsModel) -> None:
    with pytest.raises(RegistryError, match="no version of 'nothing' is 'champion'"):
        registry.load(AlsModel, "nothing")
    with pytest.raises(RegistryError, match=r"'ndcg.*' is to decide on x"):
        registry.register("x", model, run_key="one", metric=METRIC, metrics={}, tables={})
    with pytest.raises(RegistryError, match="holds a quote"):
        registered(registry, "x", model, "o'ne", 1.0)
