"""What is said on two, on the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from jobs.cli.explain import Known, across
from jobs.cli.explain_pair import Pair
from jobs.cli.logs import terminal
from jobs.cli.output import show_rows
from jobs.identity.chains import CERTAIN, Link
from jobs.report.identity_pair import LISTED
from jobs.report.identity_steps import rows, spoken
from jobs.report.identity_verdict import Verdict, bits, likely, odds


def show(found: Known, pair: Pair | None, way: Sequence[Link], said: Verdict) -> None:
    """Print it for people."""
    console = terminal()
    console.print(f"[bold]{said.headline}[/bold]")
    for name in dict.fromkeys((found.left.name, found.right.name)):
        console.print(name, markup=False)
    for sentence in said.sentences:
        console.print(sentence, markup=False)
    if pair is not None:
        console.print("\n[bold]How the weight of two records comes about[/bold]")
        console.print(f"{pair.left}\n{pair.right}", markup=False)
        for note in pair.notes:
            console.print(note, markup=False)
        console.print("One bit more doubles the odds that they are one person.")
        _show_steps(pair)
    if way:
        console.print("\n[bold]What holds them together[/bold]")
        show_rows([_of_link(link) for link in way], as_json=False)
    pairs = across(found)[:LISTED] if found.left.person != found.right.person else []
    if pairs:
        console.print("\n[bold]The likeliest pairs between them[/bold]")
        listed = [
            {
                "record": w.left,
                "and": w.right,
                "bits": bits(w.weight),
                "contradict": "yes" if w.contradicting else "",
                "how alike": spoken(w.comparison),
            }
            for w in pairs
        ]
        show_rows(listed, as_json=False)


def as_told(found: Known, pair: Pair | None, way: Sequence[Link], said: Verdict) -> dict[str, Any]:
    """Return it for programs."""
    return {
        "left": {"asked": found.left.asked, "person_id": found.left.person, "is": found.left.node},
        "right": {
            "asked": found.right.asked,
            "person_id": found.right.person,
            "is": found.right.node,
        },
        "one_person": found.left.person == found.right.person,
        "state": said.state,
        "headline": said.headline,
        "why": list(said.sentences),
        "model": found.model,
        "pair": None
        if pair is None
        else {
            "left_id": pair.left,
            "right_id": pair.right,
            "weight": round(pair.weight, 3),
            "probability": pair.explained.probability,
            "steps": [asdict(step) for step in pair.explained.steps],
            "not_told_by_both": list(pair.explained.untold),
            "values": {name: list(told) for name, told in pair.values.items()} or None,
            "notes": list(pair.notes),
        },
        "links": [asdict(link) for link in way],
        "pairs_between": [asdict(w) for w in across(found)[:LISTED]]
        if found.left.person != found.right.person
        else [],
        "kept_apart": [dict(row) for row in found.review]
        if found.left.person != found.right.person
        else [],
    }


def _show_steps(pair: Pair) -> None:
    told = rows(pair.explained)
    listed = Table(box=None, header_style="bold", pad_edge=False)
    listed.add_column("step")
    listed.add_column("how alike")
    listed.add_column("bits", justify="right")
    listed.add_column("odds so far", justify="right")
    if pair.values:
        listed.add_column("the one")
        listed.add_column("the other")
    for row in told:
        values = pair.values.get(row.field or "", ("", "")) if pair.values else ()
        listed.add_row(
            row.what, row.how, bits(row.bits), odds(row.after), *(value or "" for value in values)
        )
    weight = pair.explained.weight
    listed.add_row("In all", likely(weight), bits(weight), odds(weight), style="bold")
    console = terminal()
    if not console.is_terminal:
        console.width = 10_000
    console.print(listed, markup=False)
    if pair.explained.untold:
        fields = ", ".join(map(spoken, pair.explained.untold))
        console.print(f"Says nothing, as not both tell it: {fields}.", markup=False)


def _of_link(link: Link) -> dict[str, str]:
    strength = "decided" if link.strength >= CERTAIN else bits(link.strength)
    return {"from": link.left, "to": link.right, "bits": strength, "why": link.why}
