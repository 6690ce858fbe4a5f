"""What a run came to: counts, the model's quality, three people, and where everything is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.shown import lists, night_in_force, product_names
from jobs.lake.store import Lake
from jobs.lake.tables.gold import SEGMENTS
from jobs.lake.tables.identity import PERSONS
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.serving import RECOMMENDATIONS

if TYPE_CHECKING:
    from rich.console import Console

COUNTED = ("read", "accepted", "quarantined", "duplicate")
METRICS = {"NDCG@10": "ndcg_at_10_all_warm", "Recall@10": "recall_at_10_all_warm"}
PEOPLE = 3
PRODUCTS = 3


@dataclass(frozen=True)
class Summary:
    """The end of a run, as it is shown.

    Attributes
    ----------
    night : date
        Business day.
    persons : dict of str to int
        Kind of person to their number.
    segments : dict of str to dict of str to int
        Family to segment to persons in it, largest first.
    quality : dict of str to tuple of float
        Metric to the champion's value and popularity's.
    people : dict of str to list of str
        A few persons, and lines that say what they are shown and why.
    places : list of tuple of str
        What, where it is, and the command to look at it.
    """

    night: date
    persons: dict[str, int] = field(default_factory=dict)
    segments: dict[str, dict[str, int]] = field(default_factory=dict)
    quality: dict[str, tuple[float, float]] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    places: list[tuple[str, str, str]] = field(default_factory=list)


def counts(lake: Lake, since: datetime) -> str:
    """Say what jobs recorded since a time, in one line."""
    rows = lake.rows(RUNS, [("started_at", ">", since)]).to_pylist()
    read = {c: sum(r[f"rows_{c}"] or 0 for r in rows) for c in COUNTED}
    written = [
        f"{r['job']} {r['rows_written']:,}" for r in rows if r["rows_written"] and not r["source"]
    ]
    said = [f"{n:,} {c}" for c, n in read.items()] if read["read"] and not written else []
    return ", ".join([*said, *(f"{w} rows" for w in written)])


def summarise(lake: Lake, night: date, log: Path) -> Summary:
    """Gather the summary from the lake, without Spark."""
    kinds = Counter(lake.rows(PERSONS, None, ["kind"]).column("kind").to_pylist())
    return Summary(
        night,
        dict(kinds.most_common()),
        _segments(lake),
        _quality(lake.root.parent),
        _people(lake),
        _places(lake.root.parent, night, log),
    )


def show(summary: Summary, console: Console) -> None:
    """Print the summary."""
    total = sum(summary.persons.values())
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in summary.persons.items())
    console.print(f"\n[bold]Persons[/bold]   {total:,}" + (f" ({kinds})" if kinds else ""))
    for family, segments in summary.segments.items():
        said = ", ".join(f"{name} {n:,}" for name, n in segments.items())
        console.print(f"[bold]Segments[/bold]  {family}: {said}", markup=True)
    for metric, (own, popular) in summary.quality.items():
        console.print(f"[bold]Model[/bold]     {metric} {own:.4f}, popularity {popular:.4f}")
    for person, lines in summary.people.items():
        console.print(f"[bold]Person[/bold]    {person}")
        for line in lines:
            console.print(f"            {line}", markup=False)
    console.print()
    for what, where, command in summary.places:
        console.print(f"[bold]{what:<10}[/bold]{where}")
        console.print(f"{'':<10}[dim]{command}[/dim]")


def _segments(lake: Lake) -> dict[str, dict[str, int]]:
    rows = lake.rows(SEGMENTS, None, ["family", "segment", "valid_to"]).to_pylist()
    found: dict[str, Counter[str]] = {}
    for row in rows:
        if row["valid_to"] is None:
            found.setdefault(row["family"], Counter())[row["segment"]] += 1
    return {family: dict(found[family].most_common()) for family in sorted(found)}


def _quality(home: Path) -> dict[str, tuple[float, float]]:
    """Return the champion's metrics beside popularity's; none while there is no champion."""
    from jobs.lake.settings import settings
    from jobs.recommend.learnt import MODEL

    uri = settings().models.tracking_uri or f"sqlite:///{home / 'mlflow.db'}"
    if uri.startswith("sqlite") and not (home / "mlflow.db").exists():
        return {}
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    try:
        champion = client.get_model_version_by_alias(MODEL, "champion")
    except MlflowException:
        return {}
    metrics = client.get_run(str(champion.run_id)).data.metrics
    return {
        name: (metrics[key], metrics[f"popularity_{key}"])
        for name, key in METRICS.items()
        if key in metrics and f"popularity_{key}" in metrics
    }


def _people(lake: Lake) -> dict[str, list[str]]:
    night = night_in_force(lake)
    if night is None:
        return {}
    first = lake.rows(
        RECOMMENDATIONS, [("as_of", "=", night), ("rank", "=", 1)], ["person_id", "strategy"]
    ).to_pylist()
    # Those whom the model knows say more than those who are shown what is popular.
    order = sorted(first, key=lambda row: (row["strategy"] != "als", row["person_id"]))
    picked = [row["person_id"] for row in order[:PEOPLE]]
    found = {person: lists(lake, person, night)[:PRODUCTS] for person in picked}
    names = product_names(lake, [r["product_id"] for rows in found.values() for r in rows])
    return {
        person: [
            f"{r['rank']}. {names.get(r['product_id']) or r['product_id']}: {r['reason']}"
            for r in rows
        ]
        for person, rows in found.items()
    }


def _places(home: Path, night: date, log: Path) -> list[tuple[str, str, str]]:
    export = home / "exports" / "email" / str(night)
    docs = home / "quality" / "site" / "index.html"
    return [
        ("Tables", str(home / "lake"), 'bespoke sql "SELECT * FROM gold.profiles LIMIT 5"'),
        ("Data Docs", str(docs), f"python -m webbrowser {docs.as_uri()}"),
        (
            "MLflow",
            str(home / "mlflow.db"),
            f"mlflow ui --host 127.0.0.1 --backend-store-uri sqlite:///{home / 'mlflow.db'}",
        ),
        ("Export", str(export), f"head -3 {export / 'recommendations.csv'}"),
        ("Log", str(log), "bespoke runs"),
    ]
