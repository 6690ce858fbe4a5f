"""A folder of an object store, in the words of one on disk; what goes there and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs.lake import folders, jars
from jobs.lake.errors import DataError
from jobs.lake.folders import StoreFolder, absent, home_of, lake_root, on_disk
from jobs.lake.lock import owner, writer
from jobs.lake.moves import RenameTable
from jobs.lake.session import store_options
from jobs.lake.settings import LakeSettings, settings

LAKE = StoreFolder("s3a://shop/lake")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose objects are files: PyArrow's own file system takes the place of S3's."""
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    place = tmp_path / "store"
    files = SubTreeFileSystem(str(place), LocalFileSystem())
    monkeypatch.setattr(folders, "_store", lambda _: files)
    log = place / "shop" / "lake" / "ops" / "runs" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text('{"é": 1}\n', encoding="utf-8")
    (log.parent / "part-0.parquet").write_bytes(b"PAR1")
    return place


@pytest.fixture
def in_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BESPOKE__LAKE__ROOT", str(LAKE))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_an_address_stays_whole() -> None:
    table = LAKE / "ops" / "runs"
    assert str(table) == f"{table}" == "s3a://shop/lake/ops/runs"
    assert (table.name, str(table.parent)) == ("runs", "s3a://shop/lake/ops")
    assert StoreFolder(str(table)) == table


def test_it_is_looked_at_like_a_folder(store: Path) -> None:
    table = LAKE / "ops" / "runs"
    entry = table / "_delta_log" / "00000000000000000000.json"
    assert (table.exists(), table.is_dir(), table.is_file()) == (True, True, False)
    assert (entry.exists(), entry.is_dir(), entry.is_file()) == (True, False, True)
    assert not (LAKE / "gold").exists()
    assert sorted(path.name for path in table.iterdir()) == ["_delta_log", "part-0.parquet"]
    assert list(LAKE.glob("*/runs/_delta_log")) == [table / "_delta_log"]
    assert list(LAKE.rglob("*.json")) == [entry]
    assert list((LAKE / "gold").iterdir()) == []
    assert entry.read_text() == '{"é": 1}\n'
    assert entry.stat().st_size == len('{"é": 1}\n'.encode())
    with pytest.raises(FileNotFoundError, match="s3a://shop/lake/gold"):
        (LAKE / "gold").stat()


def test_objects_come_and_go(store: Path) -> None:
    note = LAKE / "_note.json"
    note.write_text("é")
    assert (store / "shop/lake/_note.json").read_text(encoding="utf-8") == note.read_text() == "é"
    note.unlink()
    note.unlink(missing_ok=True)
    assert not note.exists()


def test_what_a_store_cannot_do_touches_no_disk() -> None:
    for method in ("rename", "mkdir", "resolve", "symlink_to", "open"):
        assert not hasattr(LAKE, method)


def test_a_table_there_is_moved_by_hand(store: Path) -> None:
    with pytest.raises(DataError, match=r"move s3a://shop/lake/ops/runs to s3a://shop/lake/ops/a"):
        RenameTable("ops.runs", "ops.a").run(LAKE, "mark")


def test_files_that_are_gone_are_named(store: Path, tmp_path: Path) -> None:
    table = LAKE / "ops" / "runs"
    assert absent(table, [f"{table}/part-0.parquet", f"{table}/part-1.parquet"]) == [
        f"{table}/part-1.parquet"
    ]
    (tmp_path / "a").touch()
    assert absent(tmp_path, [f"{tmp_path}/a", f"{tmp_path}/b"]) == [f"{tmp_path}/b"]


def test_the_lock_and_the_home_stay_on_this_machine(home: Path, in_store: None) -> None:
    assert lake_root() == LAKE
    assert (home_of(LAKE), on_disk(LAKE)) == (home, home / "lake")
    with writer(LAKE, "a test"):
        found, held = owner(LAKE)
        assert found is not None
        assert (found.what, held) == ("a test", True)
    assert (home / "lake" / "_writer.lock").exists()


def test_without_a_setting_the_lake_is_below_the_home(home: Path) -> None:
    settings.cache_clear()
    assert lake_root() == home / "lake"
    assert (home_of(home / "lake"), on_disk(home / "lake")) == (home, home / "lake")


@pytest.mark.parametrize("root", ["/srv/lake", "s3://shop/lake", "s3a://shop", "s3a://shop/lake/"])
def test_other_places_are_refused(root: str) -> None:
    with pytest.raises(ValidationError):
        LakeSettings(root=root)


def test_the_connector_is_wanted_only_for_such_a_lake(in_store: None) -> None:
    wanted = jars.wanted()
    assert wanted[0] == jars.package()
    assert any(name.startswith("org.apache.hadoop:hadoop-aws:") for name in wanted)


def test_the_connector_is_told_what_it_does_not_find_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert store_options() == {}
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:7070")
    assert store_options() == {
        "spark.hadoop.fs.s3a.endpoint.region": "eu-west-1",
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }
