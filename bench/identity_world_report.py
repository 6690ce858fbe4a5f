"""The result of identity on the hard world as a page that a person can read."""

from collections.abc import Mapping
from typing import Any, Final

FIGURES: Final = ("precision", "recall", "f1", "bcubed_f1")


def markdown(result: Mapping[str, Any]) -> str:
    """Write the whole page."""
    machine, versions, ours = result["machine"], result["versions"], result["ours"]
    missing = ", ".join(f"{name} {share:.0%}" for name, share in result["missing"].items() if share)
    wrong = ", ".join(f"{count:,} of {kind}" for kind, count in ours["wrong_pairs"].items())
    careful = ", ".join(
        f"{count:,} of {kind}" for kind, count in result["night"]["wrong_pairs"].items()
    )
    rows = [
        _row("**ours, no settings**", ours),
        _row("**ours, the settings of a night**", result["night"]),
        _row("email alone", result["email"]),
    ]
    for shown in result["splink"].values():
        at = shown["clusters"]["threshold"]
        rows.append(_row(f"Splink, {shown['notebook']}, at {at}", shown))
        best = shown["best"]
        rows.append(_row(f"its best: {best['threshold']}", {"clusters": best}))
    lines = [
        "# Identity on the hard world",
        "",
        f"`{result['command']}`, {result['date']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB of memory, Splink {versions['splink']}, "
        f"DuckDB {versions['duckdb']}.",
        "",
        f"{result['records']:,} CRM records of {result['persons']:,} simulated persons, "
        f"{result['true_pairs']:,} pairs of one person's records. Families of one name, address, "
        "landline and mail box, twins, parents and children of one full name, people who moved, "
        "married, changed number or address; records typed at tills, on the phone and off bought "
        f"lists. Missing: {missing}. What is drawn how often is in `jobs/simulate/families.py` and "
        "`jobs/simulate/gaps.py`, which also says how it is held that a careful reader "
        "could still tell who is who.",
        "",
        "| system | precision | recall | F1 | B-cubed F1 | F1, ours ahead by | seconds |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
        "In brackets 95% bootstrap intervals over true persons "
        f"({result['draws']:,} draws, the same for every system). *Its best* is the threshold of "
        "the highest F1, chosen with the truth in hand, as nobody can without labels.",
        "",
        f"Wrong pairs of ours without settings: {wrong}; by those of a night: {careful}.",
        "",
        "- Ours is `jobs.identity.matching` as a user has it who says nothing, which joins at even "
        "odds; and with the bands of the nightly run (`identity.matching` of `conf/base.yaml`), "
        "which joins from odds of 11 to 1 and leaves the rest for review.",
        "- Email alone: records of one address, case aside, are one person; addresses on more than "
        "twenty records are left out as placeholders.",
        "- Splink's are its notebooks (`bench/splink_demos.py`) as they are. The closest is that "
        "for `historical_50k`: as many records, with names, date of birth, postcode and town; the "
        "others are for `fake_1000`: names, date of birth, city and email. Values are in lower "
        "case, as its guide asks for. At the tutorial's threshold, for a file of a thousand, a "
        "chain of weak links makes most of the shop one person: such a recall means nothing.",
        "- Each system has a process to itself; seconds are from the records in memory to clusters,"
        " training included.",
        "",
    ]
    return "\n".join(lines)


def _row(system: str, found: Mapping[str, Any]) -> str:
    told = found["clusters"]
    ahead = _interval(told["ours_ahead"], "+") if "ours_ahead" in told else ""
    cells = [_interval(told[name]) for name in FIGURES]
    return f"| {system} | {' | '.join(cells)} | {ahead} | {found.get('seconds', '')} |"


def _interval(interval: Mapping[str, float], sign: str = "") -> str:
    value, low, high = interval["value"], interval["low"], interval["high"]
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"
