"""What the page says, and what it never does."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.cli.main import app
from jobs.lake.lock import writer
from jobs.lake.run import Run
from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.report.amounts import NONE, brief
from jobs.report.discreet import discreet, reason
from jobs.report.page import page
from jobs.report.report import report
from tests.report.conftest import Gather
from tests.report.shop import NIGHT, clock, export, night, publication, rows, rule, run

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Collects text and elements, and sees that all that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(facts: Gather, home: Path) -> Reader:
    return Reader(page(facts(), home))


def test_an_empty_home_says_what_to_do(facts: Gather, own_home: Path) -> None:
    said = read(facts, own_home).text
    assert "No night has run yet." in said
    assert "bespoke run" in said


def test_one_night_stands_there_with_its_numbers(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake)
    lake.append_rows(TABLES["ops.publications"], [publication(NIGHT)])
    export(own_home, NIGHT, 1234)
    said = read(facts, own_home).text
    assert "The night of 29 August 2026 is sound." in said
    assert "It worked 25 s; there is no earlier night to hold that against." in said
    assert "It read 100 rows: 95 accepted, 2 refused (2%), 3 already known." in said
    assert "People are shown its lists." in said
    assert "Recipients 1,234" in said
    assert "All times are UTC" in said


def test_a_later_night_is_held_against_the_median(
    lake: Lake, facts: Gather, own_home: Path
) -> None:
    for back, slow in ((2, 1), (1, 3), (0, 2)):
        night(lake, NIGHT - timedelta(days=back), slow=slow)
    said = read(facts, own_home).text
    assert "It worked 50 s; the median of 2 earlier nights is 50 s." in said


def test_a_stopped_night_says_at_what_and_how_to_go_on(
    lake: Lake, facts: Gather, own_home: Path
) -> None:
    night(lake, NIGHT - timedelta(days=1))
    lake.append_rows(TABLES["ops.publications"], [publication(NIGHT - timedelta(days=1))])
    night(lake, until="profiles")
    stop = {"state": "stopped", "error": "QualityError: gold.rfm: not_empty does not hold"}
    lake.append_rows(TABLES["ops.runs"], [run(NIGHT, "rfm", 20, 22, **stop)])
    lake.append_rows(TABLES["ops.quality"], [rule(NIGHT, "gold.rfm", "not_empty", False)])
    said = read(facts, own_home).text
    assert "The night of 29 August 2026 was stopped by its checks, at rfm." in said
    assert "rfm stopped: gold.rfm: not_empty does not hold" in said
    assert "People are shown the lists of 28 August 2026." in said
    assert 'bespoke release gold.rfm --date 2026-08-29 --why "…"' in said
    assert "bespoke run --date 2026-08-29" in said


def test_a_failed_night_says_where(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake, until="links")
    failed = {"state": "failed", "error": "Py4JError: gone"}
    lake.append_rows(TABLES["ops.runs"], [run(NIGHT, "profiles", 14, 15, **failed)])
    said = read(facts, own_home).text
    assert "The night of 29 August 2026 failed, in profiles." in said
    assert "Py4JError: gone" in said
    assert "Nothing has been published so far" in said


def test_a_killed_night_has_not_come_to_its_end(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake, until="profiles")
    said = read(facts, own_home).text
    assert "has not come to its end: profiles was its last job." in said


def test_a_night_at_work_is_said_to_be(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake, until="profiles")
    with writer(lake.root, "nightly:2026-08-29 rfm"):
        said = read(facts, own_home).text
    assert "is at work: profiles is done." in said
    assert "Then run the night again" not in said


def test_warnings_are_told(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake)
    fresh = rule(NIGHT, "silver.events", "fresh", False, severity="warn", observed="4 days")
    lake.append_rows(TABLES["ops.quality"], [fresh])
    remark = {"error": "too little history of persons who agreed: no model was trained"}
    lake.append_rows(TABLES["ops.runs"], [run(NIGHT, "train", 25, 26, **remark)])
    file = {"source": "demo.orders", "file": "a.csv", "file_id": "f", "loaded_on": NIGHT}
    lake.append_rows(
        TABLES["ops.files"],
        [
            {**file, "state": "planned", "recorded_at": clock(NIGHT, 1)},
            {**file, "state": "done", "new_columns": ["shoe"], "recorded_at": clock(NIGHT, 2)},
        ],
    )
    found = facts()
    assert found.verdict.tone == "warn"
    assert found.verdict.headline.endswith("is published, with 3 warnings.")
    assert found.verdict.warnings == (
        "train: too little history of persons who agreed: no model was trained",
        "silver.events: fresh does not hold (4 days)",
        "demo.orders: the catalogue does not know shoe",
    )
    assert "too little history" in read(facts, own_home).text


def test_a_slow_stage_and_a_short_export_are_warnings(
    lake: Lake, facts: Gather, own_home: Path
) -> None:
    for back in range(5, 0, -1):
        night(lake, NIGHT - timedelta(days=back))
        export(own_home, NIGHT - timedelta(days=back), 100)
    lake.append_rows(
        TABLES["ops.runs"], [run(NIGHT, "links", 0, 45), run(NIGHT, "publish", 45, 50)]
    )
    export(own_home, NIGHT, 40)
    assert facts().verdict.warnings == (
        "identity took 45 s; usual is 4 s.",
        "The export has 40 recipients; usual are 100.",
    )


def test_nothing_of_a_table_becomes_markup(lake: Lake, facts: Gather, own_home: Path) -> None:
    evil = '<script>alert(1)</script><img src="https://example.com/x" onerror="a">'
    lake.append_rows(
        TABLES["ops.runs"],
        [
            run(NIGHT, "ingest", 0, 4, source=f"demo.{evil}", **rows(10, 1)),
            run(NIGHT, "rfm", 4, 5, state="failed", error=f"Error: {evil}"),
        ],
    )
    lake.append_rows(TABLES["ops.quality"], [rule(NIGHT, evil, evil, False, observed=evil)])
    lake.append_rows(
        TABLES["gold.segments"],
        [{"person_id": "p", "family": evil, "segment": evil, "valid_from": NIGHT}],
    )
    found = read(facts, own_home)
    assert found.names.isdisjoint({"script", "img", "link", "iframe"})
    assert evil in found.text


def test_the_page_needs_nothing_but_itself(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake)
    text = page(facts(), own_home)
    assert all(link.startswith(("#", "../")) for link in Reader(text).links)
    assert not re.search(r"url\(|@import|https?:|<script|\son\w+=", text)
    assert "default-src 'none'" in text.replace("&#x27;", "'")


def test_no_value_of_a_row_and_no_person_is_told(lake: Lake, facts: Gather, own_home: Path) -> None:
    night(lake)
    lake.append_rows(
        TABLES["ops.quarantine"],
        [
            {
                "row_id": "f:2",
                "source": "demo.orders",
                "file": "a.csv",
                "file_id": "f",
                "line": 2,
                "reasons": ["quantity: not a bigint: 'Ada Lovelace'"],
                "loaded_on": NIGHT,
                "run_id": "r",
            }
        ],
    )
    text = page(facts(), own_home)
    assert "quantity: not a bigint" in text
    assert "Lovelace" not in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a: not a date: '2026-13-45'", "a: not a date: …"),
        ("a: too old: 1999-01-01 00:00", "a: too old"),
        ("wrong of ada@example.com here", "wrong of … here"),
        ("the till's clock was wrong", "the till's clock was wrong"),
        ("cut off in 'the mid", "cut off in …"),
    ],
)
def test_quoted_values_are_left_out(text: str, left: str) -> None:
    assert discreet(text) == left
    assert reason(text) == left.removesuffix(": …")


@pytest.mark.parametrize("count", [1, 2, 7, 120])
def test_any_number_of_nights_gives_a_page(
    lake: Lake, facts: Gather, own_home: Path, count: int
) -> None:
    days = [NIGHT - timedelta(days=back) for back in range(count)]
    lake.append_rows(TABLES["ops.runs"], [run(day, "publish", 0, 3) for day in days])
    found = facts()
    assert len(found.nights) == min(count, 90)
    assert "NaN" not in page(found, own_home)


def test_the_command_writes_the_page_and_says_where(lake: Lake, own_home: Path) -> None:
    night(lake)
    done = CliRunner().invoke(app, ["report"])
    path = own_home / "reports" / "nights.html"
    assert done.stdout.splitlines() == ["The night of 29 August 2026 is sound.", str(path)]
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert [p.name for p in path.parent.iterdir()] == ["nights.html"]


def test_the_command_prints_the_facts(lake: Lake, own_home: Path) -> None:
    night(lake)
    found = json.loads(CliRunner().invoke(app, ["report", "--json"]).stdout)
    assert found["nights"][0]["night"] == "2026-08-29"
    assert found["nights"][0]["seconds"] == 25
    assert found["verdict"]["tone"] == "good"
    assert not (own_home / "reports").exists()


def test_a_stage_makes_the_page_and_is_recorded(lake: Lake, own_home: Path) -> None:
    night(lake)
    report(Run(settings(), lake, NIGHT))
    assert "29 August 2026 is sound" in (own_home / "reports" / "nights.html").read_text()
    (row,) = lake.rows(TABLES["ops.runs"], [("job", "=", "report")]).to_pylist()
    assert (row["state"], row["run_id"]) == ("succeeded", "nightly:2026-08-29")


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, NONE), (500_000, "500,000"), (8_000_000, "8 M"), (2.5e9, "2.5 bn")],
)
def test_an_axis_has_room_for_its_numbers(value: float | None, said: str) -> None:
    assert brief(value) == said
