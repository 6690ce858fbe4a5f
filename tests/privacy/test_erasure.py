"""Erasure: nothing of the person is left, all of everybody else is."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from jobs.ingest.catalogue import source_set
from jobs.ingest.parts import Format
from jobs.lake.settings import conf_folder
from jobs.lake.tables import TABLES
from jobs.privacy import erased_rows
from jobs.privacy.landing_rows import BlankingError, blank, holding, redact
from jobs.privacy.plan import planned
from jobs.privacy.reads import reading
from jobs.privacy.search import Hit, Search
from jobs.privacy.subjects import keys_of, tables_about_people
from tests.lake.contents import stored
from tests.planted import IDS, MARKED, VALUES
from tests.privacy.two_persons import FIRST, LATER, Home
from tests.tiny import TinyShop

CSV, JSONL, PARQUET = Format(type="csv"), Format(type="jsonl"), Format(type="parquet")


def test_a_record_is_blanked_and_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    text = 'no,name,note\r\n1,Ann,"two\nlines"\r\n\r\n2,Ben,"a ""b"", c"\r\n3,Cat,\r\n'
    path.write_text(text, newline="")
    os.utime(path, (1_000_000, 1_000_000))
    assert blank(path, CSV, [3]) == 1
    assert path.read_bytes().decode() == text.replace('2,Ben,"a ""b"", c"', ",,")
    assert path.stat().st_mtime == 1_000_000
    # Again, and a record of several lines.
    assert blank(path, CSV, [3]) == 0
    assert blank(path, CSV, [2, 3, 4]) == 2
    assert list(csv.reader(io.StringIO(path.read_text()))) == [
        ["no", "name", "note"], ["", "", ""], [], ["", "", ""], ["", "", ""],
    ]  # fmt: skip


def test_packed_files_and_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n\n{"a": 2}\n{"a": 3}'))
    assert blank(path, JSONL, [3, 4]) == 2
    assert gzip.decompress(path.read_bytes()) == b'{"a": 1}\n\n{}\n{}'
    assert blank(path, JSONL, [3, 4]) == 0


def test_rows_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"no": [1, 2, 3], "name": ["a", "b", "c"]}), path)
    assert blank(path, PARQUET, [2]) == 1
    assert pq.read_table(path).to_pydict() == {"no": [1, None, 3], "name": ["a", None, "c"]}


def test_torn_records_are_found_by_what_they_hold_and_leave_the_others(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text('no,mail\n1,a@x.com\n"2,ann@x.com\n3,b@x.com\n')
    assert holding(path, CSV, ["ann@x.com"]) == [3]
    assert redact(path, CSV, [3], ["ann@x.com"], "[erased]") == 1
    assert path.read_text() == "no,mail\n1,a@x.com\n[erased]\n3,b@x.com\n"
    assert holding(path, CSV, ["ann@x.com"]) == []
    assert redact(path, CSV, [3], ["ann@x.com"], "[erased]") == 0


def test_a_file_that_is_not_what_it_should_be_stays(tmp_path: Path) -> None:
    path = tmp_path / "people.csv.gz"
    path.write_bytes(b"not packed")
    with pytest.raises(BlankingError, match=r"people\.csv\.gz"):
        blank(path, CSV, [2])
    assert path.read_bytes() == b"not packed"


def test_one_goes_from_every_table_and_the_other_stays(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with reading(home.lake, "a test"):
        keys = keys_of(home.lake.root, "p_annika")
    before = {t.id: stored(home.lake, t) for t in TABLES.values() if home.lake.exists(t)}
    for table in tables_about_people():
        if home.lake.exists(table):
            erased_rows.delete(home.lake, table, [keys])
            erased_rows.forget_past(home.lake, table)
    after = {name: stored(home.lake, TABLES[name]) for name in before}
    assert "annika" not in str(after)
    for name, rows in before.items():
        others = [row for row in rows if "annika" not in str(row)]
        if name == "vault.keys":
            others = [row for row in others if "benno" in row["record_id"]]
        assert sorted(map(str, after[name])) == sorted(map(str, others)), name
    # Arrow reads with a filter what is written so.
    with reading(home.lake, "a test"):
        left = home.lake.rows(TABLES["silver.customers"], [("city", "=", "York")])
        assert left.num_rows == 1
    assert not list(Search(["annika"]).below([tmp_path / "lake"]))


def test_rows_that_are_kept_name_nobody(tmp_path: Path) -> None:
    home, messages = Home(tmp_path), TABLES["silver.messages"]
    with reading(home.lake, "a test"):
        keys = keys_of(home.lake.root, "p_annika")
    assert erased_rows.anonymise(home.lake, messages, [keys]) == 1
    rows = {row["message_id"]: row for row in stored(home.lake, messages)}
    assert (rows["m0"]["identifier"], rows["m0"]["email_token"]) == (None, None)
    assert rows["m0"]["sent_at"] is not None
    assert rows["m1"]["identifier"] == "customer_no:benno"
    # A second time there is nobody to find.
    assert erased_rows.anonymise(home.lake, messages, [keys]) == 0


def test_who_was_merged_and_parted_again_is_another_person(tmp_path: Path) -> None:
    home = Home(tmp_path)
    told = {"as_of": date(2026, 7, 1), "person_id": "p_annika", "event": "merged"}
    gone = told | {"other_id": "p_former"}
    home.put("identity.history", [told | {"other_id": "p_benno"}, gone])
    home.put("identity.persons", [person("p_annika"), person("p_benno")])
    keys = keys_of(home.lake.root, "p_annika")
    # Who is nobody's name any more was part of her; Benno is himself again.
    assert keys.persons == ["p_annika", "p_former"]


def person(name: str) -> dict[str, Any]:
    seen = {"first_seen": FIRST, "last_seen": LATER, "as_of": date(2026, 8, 1)}
    return {"person_id": name, "kind": "known", "records": 1, "identifiers": 2} | seen


def landed_of(home: Home, text: str) -> tuple[str, str, Path, Format]:
    """A file of the landing, of which records 40 and 50 were refused."""
    path = home.folder / "landing" / "crm.csv"
    path.parent.mkdir()
    path.write_text(text)
    night = {"loaded_on": date(2026, 8, 1)}
    seen = {"source": "demo.crm", "file": "crm.csv", "file_id": "f", "state": "done"}
    home.put("ops.files", [seen | night | {"recorded_at": FIRST}])
    for line in (40, 50):
        refused = {"row_id": f"f:{line}", "source": "demo.crm", "file_id": "f", "line": line}
        home.put("ops.quarantine", [refused | night | {"file": "crm.csv"}])
    return "demo.crm", "crm.csv", path, CSV


def test_only_what_was_refused_and_names_the_person_whole_is_taken_for_theirs(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    lines = ["no,name"] + [f"{n},x" for n in range(2, 51)]
    lines[29] = "customer_no:annika,was read, and is somebody else's who names her"
    lines[39] = "annika9,a longer number"
    lines[49] = "torn annika"
    file = landed_of(home, "\n".join(lines) + "\n")
    with reading(home.lake, "a test"):
        plan = planned(
            home.lake.root,
            "e1",
            ["p_annika"],
            home.ring,
            source_set(conf_folder() / "sources", "demo"),
            [file],
        )
    assert plan.torn == {"demo.crm\tcrm.csv": [50]}
    assert "f:50" in plan.keys[0].rows
    assert not {"f:30", "f:40"} & set(plan.keys[0].rows)
    assert redact(file[2], CSV, plan.torn["demo.crm\tcrm.csv"], ["annika"], "[erased]") == 1
    lines[49] = "[erased]"
    assert file[2].read_text() == "\n".join(lines) + "\n"


def test_a_number_within_a_longer_one_is_not_that_number(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("order 9178501, file 0a17850f, joann@x.com, mary.ann@x.com\n")
    wanted = Search(["17850", "ann@x.com"], whole=True)
    assert not list(wanted.below([tmp_path]))
    (tmp_path / "b.log").write_text("customer_no:17850 wrote to <ann@x.com>.\n")
    found = {
        (Path(h.path).name, h.value)
        for h in Search(["17850", "ann@x.com"], whole=True).below([tmp_path])
    }
    assert found == {("b.log", 0), ("b.log", 1)}
    pq.write_table(pa.table({"who": ["178501", "x"]}), tmp_path / "c.parquet")
    assert {Path(hit.path).name for hit in wanted.below([tmp_path])} == {"b.log"}


COUNTED = (
    "silver.customers",
    "silver.events",
    "silver.consents",
    "silver.order_lines",
    "identity.persons",
    "gold.profiles",
    "serving.recommendations",
)
STEPS = ("suppress", "keys", "shown", "rows", "landing", "texts", "past", "proof")


class Shop:
    """A copy of the tiny shop, for one who is erased from it."""

    def __init__(self, tiny: TinyShop, folder: Path) -> None:
        self.tiny = tiny.copy(folder)
        self.home = self.tiny.home

    def sql(self, query: str) -> list[dict[str, Any]]:
        done = self.tiny.call("bespoke", "sql", "--json", query)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    def erase(self, *arguments: str, stop: str | None = None) -> str:
        """Erase, killed at a point where one is named; return what is said."""
        extra = ["env", f"BESPOKE_FAULT=outside of jobs/erasure, {stop}"] if stop else []
        done = self.tiny.call(*extra, "bespoke", "privacy", "erase", *arguments, "--why", "no. 9")
        assert (done.returncode < 0 or done.returncode > 128) is (stop is not None), done.stderr
        assert stop or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def others(self) -> dict[str, int]:
        """Rows of everybody else, by table."""
        found = {}
        for name in COUNTED:
            (row,) = self.sql(f"SELECT count(*) AS n FROM {name}")
            found[name] = row["n"]
        return found


@pytest.fixture(scope="module")
def erased(
    tiny: TinyShop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Shop, str, dict[str, int], dict[str, int], list[str]]]:
    """The shop, the person's id, others' rows before and after, and all that named the person."""
    shop = Shop(tiny, tmp_path_factory.mktemp("erased"))
    (row,) = shop.sql(
        f"SELECT person_id FROM identity.identifiers WHERE identifier = 'customer_no:{IDS['customer_no']}'"  # noqa: E501
    )
    person = row["person_id"]
    tokens = shop.sql(
        f"SELECT email_token, phone_token FROM silver.customers WHERE record_id = '{IDS['record']}'"
    )[0]
    before = shop.others()
    shop.erase(MARKED["email"], stop=STEPS[0])
    (request,) = shop.sql("SELECT DISTINCT request_id FROM ops.requests")
    for step in STEPS[1:]:
        shop.erase("--go-on", request["request_id"], stop=step)
    shop.erase("--go-on", request["request_id"])
    named = [person, *tokens.values(), *IDS.values()]
    yield shop, person, before, shop.others(), named


Erased = tuple[Shop, str, dict[str, int], dict[str, int], list[str]]


def found(shop: Shop, values: list[str]) -> list[Hit]:
    may = ("/lake/ops/audit/", "/audit/", "/secrets/")
    hits = Search(values).below([shop.home, shop.tiny.temporary])
    return [h for h in hits if not any(part in h.path.removeprefix(str(shop.home)) for part in may)]


@pytest.mark.slow
def test_stopped_after_every_step_it_ends_and_nothing_is_left(erased: Erased) -> None:
    shop, _, _, _, named = erased
    values = [value for value in VALUES if value not in ("Archdeaconess", MARKED["birth_date"])]
    assert found(shop, [*values, *named]) == []
    # In what was sent, too: but not those whose rows nothing leads to.
    left = found(shop, ["Archdeaconess", MARKED["birth_date"]])
    assert {hit.path for hit in left} <= {str(p) for p in shop.home.glob("landing/demo/*/crm*")}


@pytest.mark.slow
def test_everybody_else_is_as_before(erased: Erased) -> None:
    _, _, before, after, _ = erased
    gone = {name: before[name] - after[name] for name in before}
    assert gone["identity.persons"] == gone["gold.profiles"] == 1
    assert gone["silver.customers"] == 2
    assert gone["silver.events"] == 1
    assert gone["silver.consents"] == 2
    # Orders are kept, and name nobody.
    assert gone["silver.order_lines"] == 0


@pytest.mark.slow
def test_an_order_is_kept_without_whose_it_is(erased: Erased) -> None:
    shop, *_ = erased
    (line,) = shop.sql(
        "SELECT identifier, customer_no, amount FROM silver.order_lines WHERE order_id = 'o-zyx-1'"
    )
    assert (line["identifier"], line["customer_no"], float(line["amount"])) == (None, None, 10.0)


@pytest.mark.slow
def test_the_past_shows_nothing(erased: Erased) -> None:
    shop, *_ = erased
    path = shop.home / "lake" / "silver" / "customers"
    now = DeltaTable(path).version()
    for version in range(now):
        with pytest.raises(DeltaError):
            DeltaTable(path, version=version)


@pytest.mark.slow
def test_the_certificate_says_what_was_done_and_cannot_be_changed(erased: Erased) -> None:
    shop, person, *_ = erased
    (path,) = (shop.home / "certificates").iterdir()
    said = json.loads(path.read_text())
    assert list(said["steps"]) == sorted(STEPS)
    assert said["steps"]["keys"]["data_keys"] >= 4
    assert said["steps"]["proof"]["found"] == 0
    assert said["steps"]["rows"]["anonymised"]["silver.order_lines"]["rows"] == 1
    assert person not in path.read_text()
    assert shop.tiny.call("bespoke", "privacy", "certificate", str(path)).returncode == 0
    path.write_text(path.read_text().replace('"found": 0', '"found": 1'))
    assert shop.tiny.call("bespoke", "privacy", "certificate", str(path)).returncode == 1
    path.write_text(path.read_text().replace('"found": 1', '"found": 0'))
    assert not list((shop.home / "requests" / "erasure").iterdir())
    (request,) = json.loads(shop.tiny.call("bespoke", "privacy", "requests", "--json").stdout)
    assert (request["state"], request["why"]) == ("done", "no. 9")


@pytest.mark.slow
def test_the_same_night_again_brings_nobody_back(erased: Erased) -> None:
    shop, _, _, after, named = erased
    ran = shop.tiny.call("bespoke", "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert shop.others() == after
    assert found(shop, [MARKED["email"], *named]) == []
    assert shop.tiny.call("bespoke", "audit", "verify").returncode == 0
