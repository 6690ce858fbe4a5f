"""``bespoke doctor``: each thing that can be wrong is found, with what to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import jobs.cli.checkup as checkup
from jobs.cli.checkup import Finding
from jobs.lake import jars
from jobs.lake.contract import Column
from jobs.lake.decisions import ABANDON, NIGHT, decide
from jobs.lake.lock import writer
from jobs.lake.opening import open_lake
from jobs.lake.settings import conf_folder, settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.privacy.keyring import key_file, make_keyring
from jobs.publish.export import write_export
from tests.cli.small_lake import ROWS, Call, at


def found(check: str) -> Finding:
    return checkup._guarded(getattr(checkup, check))


def test_no_key_is_wrong_and_setup_mends_it(own_home: Path) -> None:
    assert found("keys").mend == "bespoke setup"
    make_keyring(key_file(own_home))
    assert found("keys").ok


def test_a_key_that_others_may_read_is_wrong(own_home: Path) -> None:
    make_keyring(key_file(own_home))
    key_file(own_home).chmod(0o644)
    assert not found("keys").ok
    assert found("keys").mend == f"chmod 600 {key_file(own_home)}"


def test_an_export_that_every_account_may_read_is_wrong(own_home: Path) -> None:
    folder = own_home / "exports" / "email"
    assert found("exports").ok
    for night in ("2026-03-01", "2026-03-02"):
        write_export(folder, date.fromisoformat(night), ["recipient"], [], {})
    folder.chmod(0o755)
    assert found("exports").ok
    place = folder / "2026-03-02"
    place.chmod(0o755)
    assert found("exports").ok
    (place / "recommendations.csv").chmod(0o644)
    said = found("exports")
    assert not said.ok
    assert said.found == f"every account of this machine may read 1 of {folder}: 2026-03-02"
    assert said.mend == f"chmod -R o-rwx {folder}"
    folder.chmod(0o750)
    assert found("exports").ok


def test_a_taken_port_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("BESPOKE__AIRFLOW__PORT", str(taken.getsockname()[1]))
        assert not found("port").ok
        assert "BESPOKE__AIRFLOW__PORT" in found("port").mend


def test_an_unknown_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE__SPARK__MASTRE", "local")
    assert not found("configuration").ok
    assert "spark.mastre" in found("configuration").found


def test_a_set_whose_files_nobody_named_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE_SOURCE", "online_retail")
    monkeypatch.delenv("BESPOKE_DATA", raising=False)
    assert not found("configuration").ok
    assert "BESPOKE_DATA" in found("configuration").found


def test_missing_jars_are_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jars, "folder", lambda: tmp_path)
    assert found("delta_jars").mend == "bespoke setup"


def test_no_java_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert not found("java_runtime").ok
    assert "openjdk-17" in found("java_runtime").mend


def test_an_old_java_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert not found("java_runtime").ok
    assert found("java_runtime").found == f"8 ({java})"


def test_the_lock_of_the_living_is_no_fault_that_of_the_dead_is(own_home: Path) -> None:
    with writer(own_home / "lake", "nightly:x ingest"):
        note = (own_home / "lake" / "_writer.lock").read_text()
        assert found("lock").ok
        assert found("lock").found.startswith(f"held by nightly:x ingest (process {os.getpid()} ")
    assert found("lock").found == "nobody writes the lake"
    (own_home / "lake" / "_writer.lock").write_text(note)
    assert not found("lock").ok


def test_only_the_latest_run_of_a_job_counts(lake: Lake) -> None:
    stopped = found("stopped_runs")
    assert not stopped.ok
    assert stopped.found == "rfm stopped: QualityError: gold.rfm: not_empty"


def test_a_run_of_a_night_that_is_given_up_is_no_fault(lake: Lake) -> None:
    decide(lake, ABANDON, NIGHT, date(2026, 8, 29), "the till was down")
    assert found("stopped_runs").ok


def test_tables_that_are_gone_or_cannot_be_read_are_named(lake: Lake) -> None:
    open_lake(lake, now=at("2026-09-01"))
    assert found("tables").ok
    shutil.rmtree(lake.path(TABLES["gold.segments"]))
    log = Path(lake.path(TABLES["silver.products"])) / "_delta_log"
    (log / f"{1:020d}.json").write_text("{")
    (part,) = Path(lake.path(TABLES["silver.events"])).glob("*.parquet")
    part.unlink()
    said = found("tables").found
    assert not found("tables").ok
    assert "gold.segments is gone" in said and "--anew gold.segments" in said
    assert f"silver.products cannot be read: {log / f'{1:020d}.json'} is not whole" in said
    assert f"silver.events lacks 1 of its 1 files, as {part}" in said


def test_a_table_that_differs_from_its_contract_is_named(lake: Lake) -> None:
    segments = TABLES["gold.segments"]
    open_lake(lake, now=at("2026-09-01"))
    shutil.rmtree(lake.path(segments))
    lake.ensure(replace(segments, columns=(*segments.columns, Column("mood", "string", "M."))))
    assert found("tables").found == "gold.segments has a column mood, which its contract lacks"


def test_a_log_whose_end_is_missing_is_found_by_what_runs_have_written(lake: Lake) -> None:
    run = {**ROWS["ops.runs"][1], "outputs": [("silver.products", 2)]}
    lake.append_rows(TABLES["ops.runs"], [run])
    said = found("tables").found
    assert "silver.products ends with version 1, though a run has written version 2" in said


def test_a_home_without_a_lake_has_no_faulty_tables(own_home: Path) -> None:
    assert found("tables").ok and found("clock").ok and found("nights").ok
    assert not own_home.exists()


def test_a_clock_behind_the_last_run_is_wrong(own_home: Path) -> None:
    lake, run, now = Lake(own_home / "lake"), ROWS["ops.runs"][1], datetime.now(UTC)
    lake.append_rows(TABLES["ops.runs"], [{**run, "ended_at": now - timedelta(hours=1)}])
    assert found("clock").ok
    lake.append_rows(TABLES["ops.runs"], [{**run, "ended_at": now + timedelta(hours=1)}])
    assert not found("clock").ok
    assert "but the lake's last run ended at" in found("clock").found


def test_nights_on_one_that_was_done_again_are_named(lake: Lake) -> None:
    published = {**ROWS["ops.runs"][2], "job": "publish"}
    nights = [(date(2026, 8, 27), 1), (date(2026, 8, 28), 2), (date(2026, 8, 27), 3)]
    lake.append_rows(
        TABLES["ops.runs"],
        [{**published, "as_of": night, "started_at": at("2026-08-30", n)} for night, n in nights],
    )
    assert not found("nights").ok
    assert "from 2026-08-28 on" in found("nights").found
    assert found("nights").mend.startswith("bespoke run --date 2026-08-28")


def test_a_feed_whose_files_of_the_last_night_have_not_come_is_named(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("feeds").ok
    conf = tmp_path / "conf"
    shutil.copytree(conf_folder(), conf)
    demo = conf / "sources" / "demo.yaml"
    text = demo.read_text()
    demo.write_text(text.replace("  orders:\n", "  orders:\n    late: {then: stop}\n", 1))
    monkeypatch.setenv("BESPOKE_CONF", str(conf))
    monkeypatch.setenv("BESPOKE_LANDING", str(tmp_path / "landing"))
    settings.cache_clear()
    assert not found("feeds").ok
    assert found("feeds").found == "demo.orders: no file of 2026-08-29 had come"
    file = tmp_path / "landing" / "2026-08-29" / "orders.csv"
    file.parent.mkdir(parents=True)
    file.write_text("order_id,line_no\n")
    assert found("feeds").ok


def test_doctor_ends_with_1_when_something_is_wrong(call: Call, own_home: Path) -> None:
    done = call("doctor", "--json")
    assert done.exit_code == 1
    assert {row["what"]: row["ok"] for row in json.loads(done.stdout)}["keys"] is False
