"""``bespoke identity golden`` and ``conflicts``: open to whoever holds the key alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from jobs.lake.store import Lake
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.golden import CONFLICTS, GOLDEN
from jobs.privacy.keyring import key_file, make_keyring, seal

Call = Callable[..., Result]
NIGHT = date(2026, 8, 29)
BIRTHS = {"crm:1": "1971-12-24", "shop:1": "1917-12-24"}


def golden_row(attribute: str, record: str, **values: Any) -> dict[str, Any]:
    row = {"person_id": "p1", "attribute": attribute, "record_id": record, "source": "demo.crm"}
    counts = {"rule": "newest", "records": 2, "distinct_values": 2, "conflict": False}
    return row | counts | {"as_of": NIGHT} | values


@pytest.fixture
def filled(lake: Lake, own_home: Path) -> Path:
    """Two golden values of one person, of which the birth date is disputed; its key file."""
    file = key_file(own_home)
    ring = make_keyring(file)
    for record, born in BIRTHS.items():
        wrapped = ring.new_key(record)
        sealed = {"birth_date": seal(ring.unwrap(record, wrapped), record, "birth_date", born)}
        known = {"record_id": record, "source": "demo.crm", "loaded_on": NIGHT}
        lake.append_rows(VAULT_KEYS, [known | {"wrapped_key": wrapped, "master_key_id": ring.id}])
        contact = known | {"sealed": list(sealed.items()), "version": "1"}
        lake.append_rows(VAULT_CONTACTS, [contact])
    best = golden_row("birth_date", "crm:1", token="ab" * 16, conflict=True)
    lake.append_rows(GOLDEN, [best, golden_row("city", "crm:1", value="Leeds")])
    sides = [
        {key: best[key] for key in ("person_id", "attribute", "source", "token", "as_of")}
        | {"record_id": record, "golden": record == "crm:1"}
        for record in BIRTHS
    ]
    lake.append_rows(CONFLICTS, sides)
    return file


def test_the_key_opens_the_values(filled: Path, call: Call) -> None:
    found = json.loads(call("identity", "golden", "customer_no:17850", "--json").stdout)
    assert [(r["attribute"], r["value"], r["record_id"], r["rule"]) for r in found] == [
        ("birth_date", "1971-12-24", "crm:1", "newest"),
        ("city", "Leeds", "crm:1", "newest"),
    ]


def test_without_the_key_the_rest_is_shown(filled: Path, call: Call) -> None:
    filled.unlink()
    result = call("identity", "golden", "p1", "--json")
    assert result.exit_code == 0
    assert "personal values stay closed" in result.stderr
    values = {row["attribute"]: row["value"] for row in json.loads(result.stdout)}
    assert values == {"birth_date": None, "city": "Leeds"}


def test_conflicts_show_both_sides(filled: Path, call: Call) -> None:
    found = json.loads(call("identity", "conflicts", "--json").stdout)
    assert [(row["value"], row["record_id"], row["golden"]) for row in found] == [
        ("1971-12-24", "crm:1", True),
        ("1917-12-24", "shop:1", False),
    ]
    assert "No conflicts." in call("identity", "conflicts", "--attribute", "gender").stdout


def test_who_nobody_is_is_said(lake: Lake, call: Call) -> None:
    result = call("identity", "golden", "nobody")
    assert result.exit_code == 1
    assert "nobody goes by" in str(result.exception)


def test_a_person_without_records_has_no_values(lake: Lake, call: Call) -> None:
    assert "tells anything" in call("identity", "golden", "p2").stdout
