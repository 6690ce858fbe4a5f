"""The matching benchmark's result as a page that a person can read."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

TITLES: Final = {
    "febrl4": "FEBRL 4",
    "febrl3": "FEBRL 3",
    "febrl2": "FEBRL 2 (development)",
    "febrl1": "FEBRL 1 (development)",
    "people_with_duplicates": "people_with_duplicates",
    "historical_50k": "historical_50k (held-out half)",
}
OURS: Final = "**ours, no settings**"


def markdown(result: Mapping[str, Any]) -> str:
    """Write the whole page."""
    machine, versions = result["machine"], result["versions"]
    sets = result["data_sets"]
    dates = ", ".join(sorted({found["date"] for found in sets.values()}))
    lines = [
        "# Matching benchmark",
        "",
        f"`{result['command']}`, {dates}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB of memory, Splink {versions['splink']}, "
        f"DuckDB {versions['duckdb']}.",
        "",
        "Who is one person among published records: found with no settings at all, and by what "
        "Splink's own notebooks set for the same records. Pairs of records within clusters are "
        "held against the truth, those across the files where two are linked. In brackets 95% "
        f"bootstrap intervals over true persons ({result['draws']:,} draws, the same for every "
        "system).",
        "",
        "| data set | system | precision | recall | F1 | B-cubed F1 | F1, ours ahead by "
        "| seconds | peak GiB |",
        "|---|---|---|---|---|---|---|---|---|",
        *(row for name, found in sets.items() for row in _clusters(TITLES[name], found)),
        "",
        "*Its best* is the threshold of the highest F1, chosen with the truth in hand, as nobody "
        "can without labels. An interval of no width says that no draw of these persons held an "
        "error, not that there is none to come.",
        "",
        "## Splink's pairs before clustering",
        "",
        "| data set | notebook | pairs from a probability of | precision | recall | F1 |",
        "|---|---|---|---|---|---|",
        *(row for name, found in sets.items() for row in _edges(TITLES[name], found)),
        "",
        "## The data",
        "",
        *(_told(TITLES[name], found) for name, found in sets.items()),
        "",
        "## How it was measured",
        "",
        "- Ours is `jobs.identity.matching` as a user has it who says nothing: every column as it "
        "comes, the column of the truth left out, the same settings for every data set.",
        "- Splink's models are those of its notebooks (`bench/splink_demos.py`): their blocking, "
        "comparisons, steps of training and thresholds, seeds where they have none. A notebook "
        "that makes no clusters is clustered at 0.95; one that predicts without a threshold is "
        "said to call a pair a match from where it clusters.",
        "- Other thresholds are 0.01, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99 and 0.999; of two linked "
        "files also Splink's single best links at each that ends within a minute, since ours too "
        "knows that a person is once in each.",
        "- Seconds are from the records in memory to the clusters at the notebook's threshold, "
        "training included. Peak memory is that of the process, which each system has to itself.",
        "- Persons are drawn with replacement, each with the pairs of its records; of a pair that "
        "was predicted each person has half.",
        "",
    ]
    return "\n".join(lines)


def _clusters(title: str, found: Mapping[str, Any]) -> Iterator[str]:
    ours = found["ours"]
    yield f"| {title} | {OURS} | {_figures(ours['clusters'])} | | {_cost(ours)} |"
    for shown in found["splink"].values():
        own, best = shown["clusters"], shown["best"]
        yield (
            f"| | Splink, {shown['notebook']}, at {own['threshold']} | {_figures(own)} | "
            f"{_interval(own['ours_ahead'], '+')} | {_cost(shown)} |"
        )
        yield (
            f"| | its best: {best['threshold']} | {_figures(best)} | "
            f"{_interval(best['ours_ahead'], '+')} | | |"
        )


def _edges(title: str, found: Mapping[str, Any]) -> Iterator[str]:
    for shown in found["splink"].values():
        edges = shown["edges"]
        yield (
            f"| {title} | {shown['notebook']} | {edges['threshold']} | "
            f"{edges['precision']['value']:.4f} | {edges['recall']['value']:.4f} | "
            f"{_interval(edges['f1'])} |"
        )


def _told(title: str, found: Mapping[str, Any]) -> str:
    how = "two files, linked one to one" if found["files"] == 2 else "one file"
    note = f" {found['note']}" if found["note"] else ""
    return f"- {title}: {found['records']:,} records of {found['persons']:,} persons, {how}.{note}"


def _figures(measured: Mapping[str, Any]) -> str:
    return (
        f"{measured['precision']['value']:.4f} | {measured['recall']['value']:.4f} | "
        f"{_interval(measured['f1'])} | {_interval(measured['bcubed_f1'])}"
    )


def _cost(measured: Mapping[str, Any]) -> str:
    return f"{measured['seconds']} | {measured['peak_memory_gib']}"


def _interval(interval: Mapping[str, float], sign: str = "") -> str:
    value, low, high = interval["value"], interval["low"], interval["high"]
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"
