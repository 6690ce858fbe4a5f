"""Model: the figures of the recommender beside popularity's, and what was decided."""

from __future__ import annotations

from datetime import date

from jobs.report.amounts import NONE, figure, share, signed
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.plots import lines
from jobs.report.sections.frame import LISTED, section
from jobs.report.tables import table


def model(facts: Facts) -> Html:
    """Return the section."""
    if facts.trainings is None:
        away = "MLflow does not answer, so its figures are missing; "
        how = el("code", "bespoke doctor")
        return section("model", "Model", el("p", away, how, " says why.", class_="lead"))
    if not facts.trainings:
        none = "No model has been trained yet; people are shown what is popular."
        return section("model", "Model", el("p", none, class_="lead"))
    shown = facts.trainings[-90:]
    used = next((t for t in facts.trainings if t.alias == "champion"), None)
    judged = (
        "products they had not bought before" if shown[-1].judged_by == "new" else "all products"
    )
    lead = (
        f"Version {used.version} is in use. " if used else "No version is in use. "
    ) + f"Judged by what people really bought in the last days, among {judged}."
    rows = [
        (
            str(t.version),
            t.trained_until,
            *[figure(t.figures.get(f)) for f in ("ndcg", "popularity_ndcg")],
            _lift(t.figures.get("ndcg"), t.figures.get("popularity_ndcg")),
            *[figure(t.figures.get(f)) for f in ("recall", "popularity_recall")],
            t.alias or "",
            t.decision,
        )
        for t in reversed(shown[-LISTED:])
    ]
    heads = ("NDCG@10", "Popularity", "Lift", "Recall@10", "Popularity")
    listed = table(
        "Versions, latest first. Popularity is what the same figure would be for the best-selling "
        "products.",
        [
            ("Version", ""),
            ("Trained until", "w"),
            *[(h, "n") for h in heads],
            ("Now", ""),
            ("Decision of its night", "long"),
        ],
        rows,
    )
    plot = lines(
        [date.min] * len(shown),
        {
            "recommender": [t.figures.get("ndcg") for t in shown],
            "popularity": [t.figures.get("popularity_ndcg") for t in shown],
        },
        title="NDCG@10 by version",
        words=f"Version {shown[-1].version}: {figure(shown[-1].figures.get('ndcg'))}.",
        written=figure,
        ticked="{:g}".format,
        names=[f"v{t.version}" for t in shown],
    )
    plots = el("div", plot, class_="plots") if len(shown) > 1 else None
    return section("model", "Model", el("p", lead, class_="lead"), plots, listed)


def _lift(own: float | None, base: float | None) -> str:
    return NONE if own is None or not base else signed(own / base - 1, share)
