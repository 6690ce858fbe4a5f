"""Marked values in every personal column of a run: they are nowhere but where they may be.

The tiny shop has a person whose values are like no other's. After its night by Airflow all files
of the home, and of the folder of temporary files, are searched.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.privacy.places import place_of, places
from jobs.privacy.search import Hit, Search
from tests.planted import MARKED, VALUES
from tests.tiny import LAST, TinyShop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hits(tiny: TinyShop) -> list[Hit]:
    """Where the marked values are."""
    return list(Search(VALUES).below([tiny.home, tiny.temporary]))


def outside(tiny: TinyShop, hits: list[Hit]) -> list[Hit]:
    listed = places(tiny.home, [tiny.home / "landing" / "demo"], tiny.home / "truth" / "demo")
    return [hit for hit in hits if place_of(Path(hit.path), listed) is None]


def test_the_night_took_the_planted_rows(tiny: TinyShop, hits: list[Hit]) -> None:
    told = tiny.call("bespoke", "sql", "--json", (
        "SELECT count(*) AS n FROM ops.quarantine WHERE source IN ('demo.crm_customers', "
        "'demo.shop_accounts', 'demo.consents') AND loaded_on = '" + LAST.isoformat() + "'"
    ))  # fmt: skip
    assert json.loads(told.stdout)[0]["n"] >= 4
    exported = [hit for hit in hits if "/exports/" in hit.path]
    assert MARKED["email"] in {VALUES[hit.value] for hit in exported}
    landed = {hit.value for hit in hits if "/landing/" in hit.path and hit.form == "plain"}
    assert landed >= set(range(len(MARKED)))


def test_no_personal_value_is_anywhere_else(tiny: TinyShop, hits: list[Hit]) -> None:
    assert [(h.path, h.within, h.form, VALUES[h.value]) for h in outside(tiny, hits)] == []
    assert not [value for value in VALUES if value in tiny.said]


def test_what_is_planted_unprotected_is_found(tiny: TinyShop, hits: list[Hit]) -> None:
    """The search itself: in a table of the lake, and in Airflow's database."""
    leak = tiny.home / "lake" / "gold" / "leak"
    write_deltalake(str(leak), pa.table({"who": [MARKED["last_name"]], "n": [1]}))
    (base,) = (path for path in tiny.home.rglob("airflow.db"))
    with sqlite3.connect(base) as database:
        database.execute("CREATE TABLE leak (value TEXT)")
        database.execute("INSERT INTO leak VALUES (?)", [MARKED["email"][::-1]])
        database.commit()
    database.close()
    try:
        hits = outside(tiny, list(Search(VALUES).below([leak, base])))
        found = {(Path(hit.path).suffix, hit.form, VALUES[hit.value]) for hit in hits}
        assert (".parquet", "plain", MARKED["last_name"]) in found
        # Delta's log has the least and the greatest value of a column.
        assert (".json", "plain", MARKED["last_name"]) in found
        assert (".db", "reversed", MARKED["email"]) in found
    finally:
        shutil.rmtree(leak)
        with sqlite3.connect(base) as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("DROP TABLE leak")
        database.close()


def test_the_command_says_the_same(tiny: TinyShop, tmp_path: Path) -> None:
    (tmp_path / "values").write_text("\n".join(VALUES))
    done = tiny.call("bespoke", "privacy", "search", str(tmp_path / "values"), "--why", "a check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "files that email systems pull" in done.stdout
    assert "NOT LISTED" not in done.stdout
    (tiny.home / "logs" / "leak.log").write_text(f"sent to {MARKED['email']}")
    done = tiny.call("bespoke", "privacy", "search", str(tmp_path / "values"), "--why", "a check")
    (tiny.home / "logs" / "leak.log").unlink()
    assert done.returncode == 1
    assert "NOT LISTED" in done.stdout
