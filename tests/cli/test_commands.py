"""The commands that look: runs, person, tables, quarantine, sources, and the list of them all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from jobs.cli.main import COMMANDS, load
from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.ops import DECISIONS, PUBLICATIONS, QUARANTINE
from jobs.lake.tables.serving import RECOMMENDATIONS
from tests.cli.small_lake import ROWS, Call, at


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_the_command_says(name: str) -> None:
    command = load(name)
    assert (command.help or "").partition("\n")[0] == COMMANDS[name]


def test_help_lists_every_command(call: Call) -> None:
    shown = call("--help").stdout
    assert all(name in shown for name in COMMANDS)


def test_runs_are_listed_latest_first(lake: Lake, call: Call) -> None:
    rows = json.loads(call("runs", "--json", "--last", "2").stdout)
    assert [(row["job"], row["state"]) for row in rows] == [
        ("rfm", "stopped"),
        ("links", "succeeded"),
    ]


def test_failed_runs_are_those_that_failed_or_stopped(lake: Lake, call: Call) -> None:
    rows = json.loads(call("runs", "--failed", "--json").stdout)
    assert [(row["job"], row["state"]) for row in rows] == [("rfm", "stopped"), ("links", "failed")]


def test_before_the_first_run_there_is_nothing(call: Call) -> None:
    assert call("runs").stdout == "Nothing has run.\n"


@pytest.mark.parametrize("who", ["p1", "customer_no:17850", "17850", "ada"])
def test_a_person_is_found_by_id_identifier_or_number(lake: Lake, call: Call, who: str) -> None:
    found = json.loads(call("person", who, "--json").stdout)
    assert found["person"]["person_id"] == "p1"
    assert [row["segment"] for row in found["segments"]] == ["champions"]
    assert [row["order_id"] for row in found["last_orders"]] == ["o2", "o1"]
    assert [row["identifier"] for row in found["identifiers"]] == ["customer_no:17850", "login:ada"]
    assert [(row["name"], row["reason"]) for row in found["recommendations"]] == [
        ("Tea pot", "because of pot")
    ]


def test_a_person_is_told_with_what_they_did_and_what_joins_them(lake: Lake, call: Call) -> None:
    found = json.loads(call("person", "p1", "--json").stdout)
    assert [(row["left_id"], row["right_id"], row["evidence"]) for row in found["links"]] == [
        ("customer_no:17850", "login:ada", "crm")
    ]
    assert [(row["type"], row["name"]) for row in found["last_events"]] == [
        ("product_view", "Blue cup"),
        ("email_open", "Blue cup"),
    ]
    assert [(r["message_id"], r["opened"], r["clicked"]) for r in found["last_messages"]] == [
        ("m1", True, False),
        ("m2", False, False),
    ]
    # A housemate's withdrawal names the address that both use.
    assert [(row["status"], row["by_address"]) for row in found["consents"]] == [
        ("withdrawn", True),
        ("granted", False),
    ]
    assert [(row["rating"], row["text"]) for row in found["feedback"]] == [(4, "Keeps tea warm")]


def test_the_night_in_force_is_the_pointers(lake: Lake, call: Call) -> None:
    for sequence, day in enumerate((29, 28), start=1):
        lake.append_rows(
            PUBLICATIONS,
            [
                {
                    "surface": "recommendations",
                    "as_of": date(2026, 8, day),
                    "action": "publish",
                    "sequence": sequence,
                    "recorded_at": at("2026-08-30"),
                }
            ],
        )
    found = json.loads(call("person", "p1", "--json").stdout)
    assert found["shown_since"] == "2026-08-28"
    assert [row["product_id"] for row in found["recommendations"]] == ["cup"]


def test_a_night_that_is_run_again_shows_its_new_lists_when_it_is_published(
    lake: Lake, call: Call
) -> None:
    def products() -> list[str]:
        found = json.loads(call("person", "p1", "--json").stdout)
        return [row["product_id"] for row in found["recommendations"]]

    def publish(sequence: int) -> None:
        switch = {"surface": "recommendations", "as_of": date(2026, 8, 29), "action": "publish"}
        version = {"table_version": lake.version(RECOMMENDATIONS), "recorded_at": at("2026-08-30")}
        lake.append_rows(PUBLICATIONS, [{**switch, **version, "sequence": sequence}])

    publish(1)
    shown = lake.rows(RECOMMENDATIONS, [("product_id", "=", "pot")]).to_pylist()
    lake.append_rows(RECOMMENDATIONS, [{**shown[0], "rank": 2, "product_id": "cup"}])
    assert products() == ["pot"]
    publish(2)
    assert products() == ["pot", "cup"]


def test_a_number_of_two_persons_names_both(lake: Lake, call: Call) -> None:
    assert str(call("person", "99").exception) == "'99' is 2 persons: p2, p3"


def test_nobody_is_an_error_that_says_what_to_give(lake: Lake, call: Call) -> None:
    done = call("person", "nobody")
    assert done.exit_code == 1
    assert "nobody goes by 'nobody'" in str(done.exception)


def test_a_person_is_shown_to_people_too(lake: Lake, call: Call) -> None:
    shown = call("person", "p1").stdout
    assert "because of pot" in shown
    assert "champions" in shown


def test_the_dictionary_holds_every_table_and_column(call: Call) -> None:
    page = call("tables", "--markdown").stdout
    for table in TABLES.values():
        assert f"### {table.id}\n" in page
    assert page.count("\n| ") == sum(len(t.columns) + 1 for t in TABLES.values())
    assert page.endswith("\n")


def test_a_table_as_json_is_its_contract(call: Call) -> None:
    found = json.loads(call("tables", "gold.rfm", "--json").stdout)
    assert found["key"] == ["person_id", "as_of"]
    assert found["columns"][0] == {
        "column": "person_id",
        "type": "string",
        "null": False,
        "privacy": "pseudonymous",
        "description": "The person, as resolved by identity.",
    }


def test_an_unknown_table_is_an_error(call: Call) -> None:
    assert "no table gold.rfn; there are gold.rfm" in str(call("tables", "gold.rfn").exception)


def test_refused_rows_are_listed_by_feed_and_reason(lake: Lake, call: Call) -> None:
    def listed(*arguments: str) -> list[str]:
        rows = json.loads(call("quarantine", "list", "--json", *arguments).stdout)
        return [row["row_id"] for row in rows]

    assert listed() == ["f:2", "f:3"]
    assert listed("--source", "demo.events") == ["f:3"]
    assert listed("--reason", "not a number") == ["f:2"]
    assert listed("--reason", "no such reason") == []
    lake.update_rows(QUARANTINE, "row_id = 'f:2'", {"replayed_on": "DATE '2026-08-02'"})
    assert listed() == ["f:3"]
    assert listed("--replayed") == ["f:2", "f:3"]


def test_replay_wants_rows_or_a_feed(call: Call) -> None:
    assert "name the rows" in str(call("quarantine", "replay").exception)


def test_a_release_is_recorded_with_its_reason(lake: Lake, call: Call) -> None:
    done = call("release", "gold.rfm", "--date", "2026-08-29", "--why", "a feast day")
    assert done.exit_code == 0
    (row,) = lake.rows(DECISIONS).to_pylist()
    assert (row["subject"], row["as_of"], row["rule"], row["why"]) == (
        "gold.rfm",
        date(2026, 8, 29),
        None,
        "a feast day",
    )


def test_a_release_of_nothing_is_refused(lake: Lake, call: Call) -> None:
    done = call("release", "gold.rfn", "--date", "2026-08-29", "--why", "x")
    assert "neither a table" in str(done.exception)
    assert not lake.exists(DECISIONS)


def test_a_night_is_given_up_and_taken_back(lake: Lake, call: Call) -> None:
    night = ("--date", "2026-08-29", "--why")
    assert call("abandon", *night, "the till was down").exit_code == 0
    assert "given up already" in str(call("abandon", *night, "again").exception)
    assert call("abandon", *night, "it is up", "--take-back").exit_code == 0
    assert "is not given up" in str(call("abandon", *night, "x", "--take-back").exception)
    rows = sorted(lake.rows(DECISIONS).to_pylist(), key=lambda row: row["recorded_at"])
    assert [(r["kind"], r["subject"], r["why"]) for r in rows] == [
        ("abandon", "night", "the till was down"),
        ("resume", "night", "it is up"),
    ]
    said = [(r["job"], r["error"]) for r in json.loads(call("runs", "--json").stdout)][:2]
    assert said == [("resume", "it is up"), ("abandon", "the till was down")]


def test_a_night_that_is_published_is_not_given_up(lake: Lake, call: Call) -> None:
    published = {**ROWS["ops.runs"][2], "job": "publish"}
    lake.append_rows(TABLES["ops.runs"], [published])
    said = str(call("abandon", "--date", "2026-08-29", "--why", "x").exception)
    assert "is published: `bespoke publish rollback`" in said
    assert "with its reason" in str(call("abandon", "--date", "2026-08-28", "--why", " ").exception)


def test_the_catalogue_lists_every_feed(call: Call) -> None:
    found = json.loads(call("sources", "--json").stdout)
    assert found["online_retail"]["online_retail"]["feeds"]["orders"]["duplicates"] == "keep"
    assert "online_retail.orders" in call("sources").stdout


def test_sources_say_what_has_come(
    call: Call, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files_of(feed: str) -> str:
        line = next(x for x in call("sources").stdout.splitlines() if feed in x)
        return line.partition("orders.csv")[2].partition("latest")[0].strip()

    assert files_of("demo.orders") == "none"
    for day in ("2026-08-01", "2026-08-02", "next"):
        folder = own_home / "landing" / "demo" / day
        folder.mkdir(parents=True)
        (folder / "orders.csv").write_text("x")
    assert files_of("demo.orders") == "3, to 2026-08-02, 1 without a day"
    monkeypatch.setenv("BESPOKE_SOURCE", "nowhere")
    settings.cache_clear()
    assert "no source set 'nowhere'" in str(call("sources").exception)


def test_an_unknown_job_lists_those_there_are(call: Call) -> None:
    said = str(call("job", "nope", "--date", "2026-08-29").exception)
    assert "no stage or step 'nope'" in said
    assert "ingest" in said


def test_an_error_for_people_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    from jobs.cli.main import main

    with pytest.raises(SystemExit) as stopped:
        main(["tables", "gold.rfn"])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("bespoke: no table gold.rfn")


def test_a_wrong_option_is_a_usage_error(call: Call) -> None:
    assert call("runs", "--last", "none").exit_code == 2
