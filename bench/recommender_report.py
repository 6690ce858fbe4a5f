"""The recommender benchmark's result as a page that a person can read."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

TITLES: Final = {
    "als": "**ALS with habit and trend (default)**",
    "als_tuned_here": "ALS with habit and trend, tuned on this set alone",
    "als_plain": "ALS alone, tuned on this set",
    "popularity": "popularity",
    "repeat": "repeat purchase",
    "item_item": "item-item",
    "ease": "EASE^R",
}
VARIANTS: Final = {
    "all": "All items: what was bought before may be shown again",
    "new": "New items only: what was bought before is left out",
}
AGAINST: Final = ("popularity", "repeat", "item_item", "ease")


def markdown(result: Mapping[str, Any]) -> str:
    """Write the whole page."""
    machine = result["machine"]
    lines = [
        "# Recommender benchmark",
        "",
        f"`{result['command']}`, {result['date']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB of memory.",
        "",
        f"Test window: the last {result['days']} days; settings were chosen on the "
        f"{result['days']} days before it ({result['trials']} settings of ALS, every baseline "
        "tuned too), and the test window was looked at once. Each cell is a mean over persons "
        "with a 95% bootstrap interval; differences are paired by person. Warm: persons with a "
        "purchase before the window. All: cold persons too, to whom every model shows the same "
        "popular products.",
        "",
    ]
    for name, found in result["data_sets"].items():
        lines += _data_set(name, found)
    lines += ["## Settings", "", "Default (`models.als.AlsSettings`), best on both sets together:"]
    lines += ["", *_settings(result["shared_settings"]), ""]
    return "\n".join(lines)


def _data_set(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    window = found["test"]["window"]
    yield f"## {name}"
    yield ""
    yield (
        f"{found['rows']:,} purchases (person, product, day) of {found['people']:,} persons and "
        f"{found['products']:,} products; test [{window['start']}, {window['end']}). One training "
        f"took {found['seconds']['train']} s, ten recommendations to everybody "
        f"{found['seconds']['recommend']} s."
    )
    for items, title in VARIANTS.items():
        for people in ("warm", "all"):
            scores = [
                score
                for score in found["test"]["scores"]
                if (score["items"], score["people"]) == (items, people)
            ]
            yield ""
            yield f"### {title} ({people} persons, {scores[0]['n_people']:,})"
            yield ""
            yield "| model | NDCG@10 | Recall@10 | coverage@10 |"
            yield "|---|---|---|---|"
            for score in scores:
                metrics = score["metrics"]
                yield (
                    f"| {TITLES[score['model']]} | {_interval(metrics['ndcg'])} | "
                    f"{_interval(metrics['recall'])} | {score['coverage']:.3f} |"
                )
            if people == "warm":
                yield from _differences(scores)
    yield ""


def _differences(scores: list[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    yield "| paired difference | metric | " + " | ".join(TITLES[o] for o in AGAINST) + " |"
    yield "|---|---|" + "---|" * len(AGAINST)
    for score in scores:
        if not score["model"].startswith("als"):
            continue
        for metric, title in (("ndcg", "NDCG@10"), ("recall", "Recall@10")):
            cells = (_interval(score["differences"][o][metric], "+") for o in AGAINST)
            yield f"| {TITLES[score['model']]} | {title} | " + " | ".join(cells) + " |"


def _interval(interval: Mapping[str, float], sign: str = "") -> str:
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    return f"{mean:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"


def _settings(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if name == "weighting":
            yield from _settings(value, "weighting.")
        else:
            yield f"- `{prefix}{name}`: {value}"
