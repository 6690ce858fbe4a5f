from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jobs.lake.settings import SettingsError, claim_home, conf_folder, home, load_settings


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "segments").symlink_to(conf_folder() / "segments")
    (tmp_path / "base.yaml").write_text("source: demo\nspark: {shuffle_partitions: 8}\n")
    (tmp_path / "local.yaml").write_text("spark: {driver_memory: 1g}\n")
    (tmp_path / "big.yaml").write_text("spark: {master: 'spark://host:7077'}\n")
    return tmp_path


def test_layers_are_merged_key_by_key(conf: Path) -> None:
    found = load_settings(conf, {"BESPOKE__SPARK__DRIVER_MEMORY": "3g", "BESPOKE_SOURCE": "mine"})
    assert (found.spark.shuffle_partitions, found.spark.driver_memory) == (8, "3g")
    assert found.source == "mine"


def test_a_profile_is_chosen_by_name(conf: Path) -> None:
    assert load_settings(conf, {"BESPOKE_PROFILE": "big"}).spark.master == "spark://host:7077"


def test_an_unknown_key_names_its_file(conf: Path) -> None:
    (conf / "local.yaml").write_text("spark: {memory: 1g}\n")
    with pytest.raises(SettingsError, match=r"local\.yaml: spark\.memory: unknown key"):
        load_settings(conf, {})


def test_a_wrong_value_names_its_variable(conf: Path) -> None:
    with pytest.raises(SettingsError, match="BESPOKE__SPARK__SHUFFLE_PARTITIONS: spark"):
        load_settings(conf, {"BESPOKE__SPARK__SHUFFLE_PARTITIONS": "many"})


def test_a_missing_profile_is_said(conf: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yaml: no such file"):
        load_settings(conf, {"BESPOKE_PROFILE": "absent"})


@pytest.mark.parametrize("profile", ["local", "cluster"])
def test_what_ships_is_sound(profile: str) -> None:
    found = load_settings(environment={"BESPOKE_PROFILE": profile})
    assert found.source == "demo"
    assert found.spark.master.startswith("local") == (found.airflow.submit == "in_process")


def test_no_password_ships() -> None:
    found = load_settings(environment={"BESPOKE_PROFILE": "cluster"})
    for address in (found.airflow.database, found.models.tracking_uri):
        assert address is not None
        assert address.startswith("postgresql")
        assert urlsplit(address).password is None


def test_an_installed_package_wants_a_home_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BESPOKE_HOME", raising=False)
    monkeypatch.setattr("jobs.lake.settings.__file__", str(tmp_path / "jobs/lake/settings.py"))
    with pytest.raises(SettingsError, match="BESPOKE_HOME is not set"):
        home()


def test_a_home_has_no_bracket_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE_HOME", str(tmp_path / "shop [old]"))
    with pytest.raises(SettingsError, match=r"without \[ or \]"):
        claim_home("demo")


def test_a_home_holds_one_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE_HOME", str(tmp_path / "home"))
    claim_home("demo")
    claim_home("demo")
    with pytest.raises(SettingsError, match="holds the source set demo"):
        claim_home("online_retail")
    assert home() == tmp_path / "home"
