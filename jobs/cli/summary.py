"""What a run came to: counts, the model's quality, three people, and where everything is."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.shown import in_force, recommended
from jobs.lake.folders import Folder, lake_root
from jobs.lake.query import records

if TYPE_CHECKING:
    from rich.console import Console

COUNTED = ("read", "accepted", "quarantined", "duplicate")
METRICS = {"NDCG@10": "ndcg_at_10", "Recall@10": "recall_at_10"}
VARIANTS = {"new": "new products", "all": "all products"}
EXAMPLE = "SELECT * FROM gold.profiles LIMIT 5"
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
    persons: dict[str, int]
    segments: dict[str, dict[str, int]]
    quality: dict[str, tuple[float, float]]
    people: dict[str, list[str]]
    places: list[tuple[str, str, str]]


def counts(lake: Folder, since: datetime) -> str:
    """Say what jobs recorded since a time, in one line."""
    rows = records("SELECT * FROM ops.runs WHERE started_at > ? ORDER BY started_at", lake, [since])
    fed = {c: sum(r[f"rows_{c}"] or 0 for r in rows if r["source"]) for c in COUNTED}
    said = [f"{n:,} {c}" for c, n in fed.items()] if any(r["job"] == "ingest" for r in rows) else []
    made = [
        f"{r['job']} {r['rows_written']:,} rows"
        for r in rows
        if r["rows_written"] and not r["source"] and not r.get("repeats")
    ]
    if left := sum(1 for r in rows if r.get("repeats")):
        made.append(f"{left} {'job' if left == 1 else 'jobs'} unchanged")
    notes = [r["error"] for r in rows if r["error"]]
    return ", ".join([*said, *made, *notes])


def summarise(home: Path, night: date, log: Folder) -> Summary:
    """Gather the summary from the lake and the model registry, without Spark."""
    lake = lake_root(home)
    kinds = records(
        "SELECT kind, count(*) AS n FROM identity.persons GROUP BY 1 ORDER BY 2 DESC", lake
    )
    return Summary(
        night,
        {row["kind"]: row["n"] for row in kinds},
        _segments(lake),
        _quality(home),
        _people(lake),
        _places(home, night, log),
    )


def show(summary: Summary, console: Console) -> None:
    """Print the summary."""
    total = sum(summary.persons.values())
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in summary.persons.items())
    console.print()
    _line(console, "Persons", f"{total:,} ({kinds})" if kinds else "none")
    for family, segments in summary.segments.items():
        said = "; ".join(f"{name} ({n:,})" for name, n in segments.items())
        _line(console, "Segments", f"{family}: {said}")
    for metric, (own, popular) in summary.quality.items():
        _line(console, "Model", f"{metric} {own:.4f}; popularity {popular:.4f}")
    for person, lines in summary.people.items():
        _line(console, "Person", f"{person}, shown first:")
        for line in lines:
            _line(console, "", line)
    console.print()
    for what, where, command in summary.places:
        _line(console, what, where)
        _line(console, "", f"$ {command}")


def _line(console: Console, name: str, text: str) -> None:
    console.print(f"{name:<10}", style="bold", end="")
    console.print(text, markup=False)


def _segments(lake: Folder) -> dict[str, dict[str, int]]:
    rows = records(
        "SELECT family, segment, count(*) AS n FROM gold.segments WHERE valid_to IS NULL "
        "GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC, 2",
        lake,
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["family"], {})[row["segment"]] = row["n"]
    return found


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
    found = {}
    # A set is judged by what it shows: only new products, or bought ones as well.
    for variant, words in VARIANTS.items():
        for name, metric in METRICS.items():
            own, popular = (f"{p}{metric}_{variant}_warm" for p in ("", "popularity_"))
            if own in metrics and popular in metrics:
                found[f"{name} ({words})"] = (metrics[own], metrics[popular])
    return found


def _people(lake: Folder) -> dict[str, list[str]]:
    shown = in_force(lake)
    if shown is None:
        return {}
    # Those whom the model knows say more than those who are shown what is popular.
    picked = records(
        "SELECT person_id FROM serving.recommendations WHERE as_of = ? AND rank = 1 "
        "ORDER BY strategy <> 'als', person_id LIMIT ?",
        lake,
        [shown.night, PEOPLE],
    )
    found: dict[str, list[str]] = {}
    for person in (row["person_id"] for row in picked):
        rows = recommended(lake, person, shown)[:PRODUCTS]
        found[person] = [
            f"{r['rank']}. {r['name'] or r['product_id']}: {r['reason']}" for r in rows
        ]
    return found


def _places(home: Path, night: date, log: Folder) -> list[tuple[str, str, str]]:
    export = home / "exports" / "email" / str(night)
    docs = home / "quality" / "site" / "index.html"
    bespoke, python, mlflow = map(_tool, ("bespoke", "python", "mlflow"))
    store = f"sqlite:///{home / 'mlflow.db'}"
    found = [
        ("Tables", lake_root(home), f'{bespoke} sql "{EXAMPLE}"'),
        ("Report", home / "reports" / "nights.html", f"{bespoke} report --open"),
        ("Data Docs", docs, f"{python} -m webbrowser {docs.as_uri()}"),
        (
            "MLflow",
            home / "mlflow.db",
            f"{mlflow} server --host 127.0.0.1 --backend-store-uri {store}",
        ),
        ("Export", export, f"head -3 {export / 'recommendations.csv'}"),
        ("Log", log, f"{bespoke} runs"),
    ]
    return [(what, str(path), command) for what, path, command in found if path.exists()]


def _tool(name: str) -> str:
    """Return how to call a tool of this environment from here: by name where it is on the path."""
    own = Path(sys.executable).with_name(name)
    if shutil.which(name) == str(own):
        return name
    return os.path.relpath(own) if own.is_relative_to(Path.cwd()) else str(own)
