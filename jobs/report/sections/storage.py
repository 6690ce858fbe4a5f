"""Storage: bytes and files of the tables, and how they grow."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.amounts import NONE, count, counted, day, signed, size
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.plots import lines, spark
from jobs.report.sections.frame import days_of, section
from jobs.report.tables import table


def storage(facts: Facts) -> Html:
    """Return the section."""
    tables = facts.storage
    if not tables:
        return section("storage", "Storage", el("p", "There are no tables yet.", class_="lead"))
    total, files = sum(t.bytes for t in tables), sum(t.files for t in tables)
    disk, spare = sum(t.on_disk for t in tables), sum(t.spare for t in tables)
    lead = (
        f"{counted(len(tables), 'table')}: {size(total)} in {counted(files, 'file')}. With former "
        f"versions and logs they take {size(disk)} of the disk. Merging small files (below "
        f"{size(facts.small_bytes)}) would save {counted(spare, 'file')}."
    )
    rows = [
        (
            t.table,
            size(t.bytes),
            _grown([None if h is None else h[0] for h in t.history]),
            size(t.on_disk),
            count(t.files),
            count(t.spare),
            count(t.versions),
            spark([None if h is None else h[0] for h in t.history], size),
            spark([None if h is None else h[1] for h in t.history], count),
        )
        for t in sorted(tables, key=lambda t: (-t.bytes, t.table))
    ]
    heads = ("Size", "Growth", "On disk", "Files", "To merge", "Versions")
    listed = table(
        "Largest first. Growth is since the night before; to merge: files that merging would save.",
        [("Table", ""), *[(h, "n") for h in heads], ("Size by night", "sp"), ("Files", "sp")],
        rows,
    )
    return section(
        "storage", "Storage", el("p", lead, class_="lead"), _storage_plots(facts), listed
    )


def _storage_plots(facts: Facts) -> Html | None:
    if len(facts.nights) < 2:
        return None
    sums: list[tuple[int, int] | None] = []
    for i in range(len(facts.nights)):
        held = [t.history[i] for t in facts.storage]
        known = [h for h in held if h is not None]
        # A sum of some tables only would look like a loss.
        whole = len(known) == len(held)
        sums.append((sum(h[0] for h in known), sum(h[1] for h in known)) if whole else None)
    days = days_of(facts.nights)
    now = sums[-1]
    plots = [
        lines(
            days,
            {title: [None if s is None else s[part] for s in sums]},
            title=title,
            words=f"After {day(days[-1])}: {written(None if now is None else now[part])}.",
            written=written,
        )
        for part, title, written in (
            (0, "Size of all tables", size),
            (1, "Files of all tables", count),
        )
    ]
    return el("div", plots, class_="plots")


def _grown(history: Sequence[int | None]) -> str:
    if len(history) < 2:
        return NONE
    now, before = history[-1], history[-2]
    return NONE if now is None or before is None else signed(now - before, size)
