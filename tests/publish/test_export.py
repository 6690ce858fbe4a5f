"""The export: what stands in a row, and that a reader finds a night whole or not at all."""

import csv
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import PRODUCTS
from jobs.publish.export import export_rows, is_whole, point_latest, without, write_export
from tests.rows import rows

NIGHT = date(2026, 3, 2)
RECIPIENT = "person_id string, recipient string, impersonal boolean"


def product(key: str, name: str, price: str | None) -> dict[str, object]:
    return {
        "source": "shop.products",
        "product_id": key,
        "name": name,
        "price": price,
        "currency": "GBP",
        "item_type": "product",
        "version": "1",
        "file_id": "f",
        "line": 2,
        "loaded_on": "2026-03-01",
    }


def shown(person: str, rank: int, key: str, strategy: str = "als") -> dict[str, object]:
    return {
        "person_id": person,
        "rank": rank,
        "product_id": key,
        "score": 1.0,
        "strategy": strategy,
        "reason": "Chosen for you",
        "model_version": "recommender/1",
        "as_of": NIGHT.isoformat(),
    }


def test_a_row_is_one_recipient_with_its_products_in_order(
    tmp_path: Path, spark: SparkSession
) -> None:
    lists = rows(
        spark,
        RECOMMENDATIONS,
        [
            shown("p2", 1, "B", "popular"),
            shown("p1", 2, "B"),
            shown("p1", 1, "A"),
            shown("p1", 3, "C"),
            shown("p3", 1, "A"),
        ],
    )
    products = rows(
        spark, PRODUCTS, [product("A", 'Mug, "large"', "9.5"), product("B", "Té\nbox", None)]
    )
    recipients = spark.createDataFrame(
        [("p1", "zoe@example.com", None), ("p2", "bob@example.com", True)], RECIPIENT
    )
    frame = export_rows(lists, products, recipients, length=2)
    place = write_export(tmp_path, NIGHT, frame.columns, frame.toLocalIterator(), {"run_id": "x"})
    text = (place / "recommendations.csv").read_bytes()
    assert text.count(b"\r\n") == 3
    with (place / "recommendations.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [r["recipient"] for r in table] == ["zoe@example.com", "bob@example.com"]
    assert table[0]["rec_1_name"] == 'Mug, "large"'
    assert table[0]["rec_1_price"] == "9.50"
    assert table[0]["rec_2_name"] == "Té\nbox"
    assert table[1]["rec_2_product_id"] == ""
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["rows"] == 2
    assert manifest["files"]["recommendations.csv"]["sha256"] == hashlib.sha256(text).hexdigest()
    lines = (place / "recommendations.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[1])["rec_2_product_id"] is None
    assert (place / "_SUCCESS").exists()


def test_who_wants_nothing_personal_gets_no_list_made_for_them(spark: SparkSession) -> None:
    lists = rows(
        spark,
        RECOMMENDATIONS,
        [
            shown("p1", 1, "A", "popular_in_segment"),
            shown("p1", 2, "B", "popular"),
            shown("p2", 1, "B", "popular"),
            # What is not in the row says nothing about it.
            shown("p2", 3, "A", "als"),
            shown("p3", 1, "A"),
        ],
    )
    recipients = spark.createDataFrame(
        [("p1", "1", True), ("p2", "2", True), ("p3", "3", None)], RECIPIENT
    )
    found = export_rows(lists, rows(spark, PRODUCTS, []), recipients, length=2)
    assert [row.recipient for row in found.collect()] == ["2", "3"]


def written(folder: Path, *recipients: str, run: str = "first") -> Path:
    lines = [{"recipient": recipient} for recipient in recipients]
    return write_export(folder, NIGHT, ["recipient"], lines, {"run_id": run})


def files(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def test_the_same_rows_again_change_the_manifest_and_touch_nothing_else(tmp_path: Path) -> None:
    place = written(tmp_path, "ann")
    before = {name: (place / name).stat() for name in files(place)}
    assert written(tmp_path, "ann", run="second") == place
    told = json.loads((place / "manifest.json").read_text())
    assert (told["run_id"], told["rows"]) == ("second", 1)
    changed = {name for name in before if (place / name).stat() != before[name]}
    assert changed == {"manifest.json"}


@pytest.fixture
def generous() -> Iterator[None]:
    """A umask under which all that is made may be read by everybody."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
    }


@pytest.mark.usefixtures("generous")
def test_only_the_owner_and_its_group_may_read_an_export(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "email"
    written(folder, "ann")
    expected = {
        ".": 0o750,
        "2026-03-02": 0o750,
        "2026-03-02/recommendations.csv": 0o640,
        "2026-03-02/recommendations.jsonl": 0o640,
        "2026-03-02/manifest.json": 0o640,
        "2026-03-02/_SUCCESS": 0o640,
    }
    assert modes(folder) == expected
    # One of a release that let everybody read is closed when its night is done again.
    for path in (folder / "2026-03-02").iterdir():
        path.chmod(0o644)
    (folder / "2026-03-02").chmod(0o755)
    written(folder, "ann", run="second")
    assert modes(folder) == expected


@pytest.mark.usefixtures("generous")
def test_what_a_kill_leaves_may_not_be_read_by_others_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> Iterator[dict[str, str]]:
        yield {"recipient": "ann"}
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        write_export(tmp_path, NIGHT, ["recipient"], killed(), {})
    assert modes(tmp_path / ".2026-03-02.part") == {
        ".": 0o750,
        "recommendations.csv": 0o640,
        "recommendations.jsonl": 0o640,
    }


def test_a_stricter_umask_holds(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        place = written(tmp_path, "ann")
    finally:
        os.umask(before)
    assert set(modes(place).values()) == {0o700, 0o600}


def test_a_reader_never_finds_the_shown_folder_gone_or_half_of_it_said_to_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "ann")
    point_latest(tmp_path, NIGHT)
    latest, seen = tmp_path / "latest", []
    replace = os.replace

    def looked(source: Path, target: Path) -> None:
        replace(source, target)
        seen.append(files(latest))

    monkeypatch.setattr(os, "replace", looked)
    written(tmp_path, "ann", "bob")
    every = {"recommendations.csv", "recommendations.jsonl", "manifest.json"}
    assert seen == [every, every, every]
    assert files(latest) == every | {"_SUCCESS"}
    assert (latest / "recommendations.csv").read_bytes() == b"recipient\r\nann\r\nbob\r\n"


@pytest.mark.parametrize("moves", range(4))
def test_a_killed_export_is_whole_again_by_the_next_one_and_leaves_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    written(tmp_path, "ann")
    left = iter(range(moves))
    replace = os.replace

    def killed(source: Path, target: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", killed)
        # A kill leaves no time to tidy up.
        patched.setattr(shutil, "rmtree", lambda _: None)
        if moves < 3:
            with pytest.raises(KeyboardInterrupt):
                written(tmp_path, "bob")
            assert not (tmp_path / "2026-03-02" / "_SUCCESS").exists()
        else:
            written(tmp_path, "bob")
    (tmp_path / ".2020-01-01.old").mkdir()
    (tmp_path / ".2020-01-01.old" / "recommendations.csv").write_text("gone")
    place = written(tmp_path, "bob")
    assert {path.name for path in tmp_path.iterdir()} == {"2026-03-02"}
    assert (place / "recommendations.csv").read_bytes() == b"recipient\r\nbob\r\n"
    assert (place / "_SUCCESS").exists()


def test_an_export_that_fails_leaves_the_earlier_one_and_nothing_beside(tmp_path: Path) -> None:
    place = written(tmp_path, "ann")

    def breaking() -> Iterator[dict[str, str]]:
        yield {"recipient": "bob"}
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_export(tmp_path, NIGHT, ["recipient"], breaking(), {})
    assert {path.name for path in tmp_path.iterdir()} == {"2026-03-02"}
    assert (place / "recommendations.csv").read_bytes() == b"recipient\r\nann\r\n"


def test_persons_are_taken_out_of_a_night_that_was_sent(tmp_path: Path) -> None:
    columns = ["recipient", "person_id", "rec_1_name"]
    sent = [
        {"recipient": f"{who}@x.com", "person_id": who, "rec_1_name": 'two\u2028lines, "cup"'}
        for who in ("ann", "ben", "cat")
    ]
    place = write_export(tmp_path, NIGHT, columns, sent, {"run_id": "first"})
    point_latest(tmp_path, NIGHT)
    assert without(tmp_path, NIGHT, {"ann", "cat"}) == 2
    lines = (place / "recommendations.jsonl").read_text().split("\n")
    assert [json.loads(line) for line in lines if line] == [sent[1]]
    with (place / "recommendations.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [sent[1]]
    assert is_whole(tmp_path, NIGHT)
    manifest = json.loads((place / "manifest.json").read_text())
    assert (manifest["rows"], manifest["run_id"]) == (1, "first")
    assert without(tmp_path, NIGHT, {"ann"}) == 0
    # Of one that was broken off nothing was read.
    (place / "_SUCCESS").unlink()
    assert without(tmp_path, NIGHT, {"ben"}) == 0
