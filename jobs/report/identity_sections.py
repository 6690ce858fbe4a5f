"""Sections of the identity page."""

from __future__ import annotations

from jobs.report.amounts import NONE, brief, change, count, counted, day, share, signed
from jobs.report.identity_facts import BIN, NIGHTS, IdentityFacts
from jobs.report.identity_plots import bars, classes, histogram
from jobs.report.markup import Html, el
from jobs.report.plots import lines
from jobs.report.sections.frame import section
from jobs.report.tables import table

MORE_RECORDS = 2.0
"""A model is trained anew when there are so many times the records that it has learnt from."""
MOVED, SHIFTED = 0.1, 0.25
"""PSI from which on weights have moved, and have become others (Siddiqi 2006)."""
TRAIN = 'bespoke identity train --why "more records"'
FEW = 100
"""Pairs of a night below which their weights are not judged."""
_CLASSES = 12
"""Classes of sizes; what is larger is told as one."""
REASONS = {
    "undecided": "for a person to say",
    "contradicting": "contradict each other",
    "too large": "would be too large",
    "decided": "decided by a person",
    "shared": "shared by several",
}


def persons(facts: IdentityFacts) -> Html:
    """Return how many records persons have, and what showed it."""
    now = facts.now
    assert now is not None
    sizes, largest = _grouped(facts.sizes)
    alone = dict(facts.sizes).get(1, 0)
    plots = [
        classes(
            [name for name, _ in sizes],
            [n for _, n in sizes],
            title="Persons by their records",
            words=f"{share(alone / now.persons)} have one record; the most is {largest}.",
            written=brief,
            below="records of a person",
        ),
        bars(
            [name for name, _ in facts.links],
            [n for _, n in facts.links],
            title="Links by the feed that showed them",
            words="Pairs of identifiers that stood in one row.",
            written=count,
        ),
        bars(
            ["with records", "known by a number", "anonymous"],
            [facts.kinds.get(kind, 0) for kind in ("recorded", "unrecorded", "anonymous")],
            title="Persons by what is known",
            words="Anonymous: a device or cookie on which nobody has logged in.",
            written=count,
        ),
    ]
    if facts.households:
        homes, most = _grouped(facts.households)
        plots.append(
            classes(
                [name for name, _ in homes],
                [n for _, n in homes],
                title="Households by their persons",
                words=f"{counted(sum(n for _, n in facts.households), 'household')}; the largest "
                f"has {most}.",
                written=brief,
                below="persons of a household",
            )
        )
    lead = f"{share(now.match_rate)} of the records belong to a person who has another one too."
    return section(
        "persons", "Persons", el("p", lead, class_="lead"), el("div", plots, class_="plots")
    )


def weights(facts: IdentityFacts) -> Html:
    """Return how much pairs weigh, beside the limits."""
    told, limits = facts.weights, facts.limits.matching
    if not told.lows:
        none = "No pairs have been weighed: there is no identity model yet."
        return section("weights", "Weights", el("p", none, class_="lead"))
    pairs = sum(told.pairs)
    lead = (
        f"{pairs:,} pairs of records were worth a look. A pair's weight is log2 of the odds that "
        f"it is one person: {share(told.above / pairs)} weigh more than joining takes. Few "
        "should lie between two humps: there it is hard to say."
    )
    marks = [
        (limits.accept, f"joined above {_number(limits.accept)}"),
        (limits.review, f"in review above {_number(limits.review)}"),
    ]
    plots = [
        histogram(
            told.lows,
            BIN,
            told.pairs,
            title="Pairs by their weight",
            words=f"Columns of {BIN:g} bits.",
            written=brief,
            marks=marks,
        )
    ]
    if told.drift is not None:
        plots.append(
            histogram(
                told.lows,
                BIN,
                told.last,
                title="Those of the last night",
                words=f"{counted(sum(told.last), 'pair')}.",
                written=brief,
                marks=marks,
            )
        )
    return section(
        "weights", "Weights", el("p", lead, class_="lead"), el("div", plots, class_="plots")
    )


def suspects(facts: IdentityFacts) -> Html:
    """Return the persons who may be two."""
    lead = (
        "Persons whose records speak most against being one. Points: six less the bits of the "
        "weakest link that holds the person together, four for each of up to three pairs that "
        "contradict each other, two for each date of birth beyond the first, one for each number "
        "of a kind beyond the second, and the doublings of the records beyond eight."
    )
    rows = [
        (
            suspect.person_id,
            str(suspect.records),
            f"{suspect.score:.1f}",
            "; ".join(suspect.reasons),
            el("code", f"bespoke identity explain {suspect.person_id}"),
        )
        for suspect in facts.suspects
    ]
    heads = [
        ("Person", "w"),
        ("Records", "n"),
        ("Points", "n"),
        ("Why", "long"),
        ("To look at it", "w"),
    ]
    listed = table(f"The {len(rows)} most suspicious, the first most.", heads, rows)
    return section(
        "suspects",
        "Suspicious persons",
        el("p", lead, class_="lead"),
        listed if rows else el("p", "None: nothing speaks against any person."),
    )


def review(facts: IdentityFacts) -> Html:
    """Return what was kept apart, and why."""
    if not facts.review:
        return section("review", "Kept apart", el("p", "No pair was kept apart.", class_="lead"))
    waiting = dict(facts.review).get("undecided", 0)
    refused = sum(n for reason, n in facts.review if reason != "undecided")
    lead = (
        f"{counted(waiting, 'pair')} in review, for a person to say; "
        f"{counted(refused, 'pair')} refused by a guard."
    )
    plot = bars(
        [REASONS.get(reason, reason) for reason, _ in facts.review],
        [n for _, n in facts.review],
        title="Pairs kept apart, by the reason",
        words="The best pair between two persons each.",
        written=count,
    )
    how = el("p", "To list them: ", el("code", "bespoke identity review --refused"))
    return section(
        "review", "Kept apart", el("p", lead, class_="lead"), el("div", plot, class_="plots"), how
    )


def identifiers(facts: IdentityFacts) -> Html:
    """Return what people are known by, and whose anonymous activity is."""
    people = facts.kinds.get("recorded", 0) + facts.kinds.get("unrecorded", 0)
    rows = [
        (
            row["type"].replace("_", " "),
            count(row["identifiers"]),
            count(row["persons"]),
            share(row["persons"] / people) if people else NONE,
            f"{row['mean']:.2f}" if row["mean"] else NONE,
            count(row["most"]),
            count(row["shared"]),
        )
        for row in facts.types
    ]
    heads = ("All", "Persons with one", "Share of the known", "Each has", "At most", "Shared")
    listed = table(
        "Identifiers of known persons. Shared: used by several people, and so nobody's.",
        [("Type", ""), *[(head, "n") for head in heads]],
        rows,
    )
    plots = [
        bars(
            [kind for kind, _, _ in facts.activity],
            [known / used if used else 0 for _, used, known in facts.activity],
            title="Anonymous activity whose person is known",
            words="Share of the events of a device or cookie, without a login, that are somebody's"
            " who is known.",
            written=share,
            whole=1.0,
        )
    ]
    return section(
        "identifiers",
        "Identifiers and activity",
        el("div", plots, class_="plots") if facts.activity else None,
        listed,
    )


def changed(facts: IdentityFacts) -> Html:
    """Return what changed since the night before."""
    now, before = facts.now, facts.before
    assert now is not None
    parts: list[Html] = []
    if before is None:
        parts.append(
            el(
                "p",
                "There is no night before it to hold it against, or it is not kept.",
                class_="lead",
            )
        )
    else:
        figures = [
            ("Persons with records", *_counts(before.persons, now.persons)),
            ("Records", *_counts(before.records, now.records)),
            ("Records a person", *_both(before.mean, now.mean)),
            ("Match rate", *_shares(before.match_rate, now.match_rate)),
        ]
        heads = [("What", ""), (f"{before.as_of}", "n"), (f"{now.as_of}", "n"), ("Change", "n")]
        parts.append(table("Since the night before.", heads, figures))
        new, told = facts.new_values
        if told:
            parts.append(
                el(
                    "p",
                    f"{share(new / told)} of the emails and phones that the night told had never "
                    f"been told before: {new:,} of {told:,}.",
                )
            )
    parts.append(el("p", _drift(facts)))
    if facts.history:
        parts += _history(facts)
    return section("change", "Since the last night", *parts)


def _drift(facts: IdentityFacts) -> str:
    drift, pairs = facts.weights.drift, sum(facts.weights.last)
    if drift is None:
        return "All pairs were weighed on one night: there are no others to hold them against."
    if pairs < FEW:
        return f"Only {counted(pairs, 'pair')} were weighed on the last night: too few to judge."
    word = "much" if drift > SHIFTED else "somewhat" if drift > MOVED else "little"
    return (
        f"The weights of the last night's pairs differ {word} from those before: PSI {drift:.3f} "
        f"(below {MOVED:g} is little, above {SHIFTED:g} much)."
    )


def _history(facts: IdentityFacts) -> list[Html]:
    nights = sorted({night for night, _, _ in facts.history})[-NIGHTS:]
    told = {(night, event): n for night, event, n in facts.history}
    events = ("merged", "split", "moved", "renamed")
    rows = [
        (night.isoformat(), *[count(told.get((night, event), 0)) for event in events])
        for night in reversed(nights[-14:])
    ]
    listed = table(
        "What became of persons who were known: merged, split, records that moved from one to "
        "another, and new names. The last nights on which anything did.",
        [("Night", "w"), *[(event.capitalize(), "n") for event in events]],
        rows,
    )
    if len(nights) < 2:
        return [listed]
    plot = lines(
        nights,
        {event: [told.get((night, event), 0) for night in nights] for event in events[:2]},
        title="Merges and splits by night",
        words=f"{day(nights[-1])}: {told.get((nights[-1], 'merged'), 0):,} merged, "
        f"{told.get((nights[-1], 'split'), 0):,} split.",
        written=brief,
    )
    return [el("div", plot, class_="plots"), listed]


def model(facts: IdentityFacts) -> Html:
    """Return the versions of the model."""
    if not facts.models:
        none = "No identity model has been trained yet."
        if facts.models is None:
            none = "MLflow does not answer, so its versions are missing."
        return section("model", "Identity model", el("p", none, class_="lead"))
    rows = [
        (
            str(m.version),
            "in use" if m.in_use else "",
            m.trained_until,
            count(m.trained_on),
            count(len(m.rules)),
            m.why,
        )
        for m in reversed(facts.models[-14:])
    ]
    heads = [
        ("Version", ""),
        ("Now", ""),
        ("Trained until", "w"),
        ("Records", "n"),
        ("Rules", "n"),
        ("Why", "long"),
    ]
    parts: list[Html] = [table("Versions, latest first.", heads, rows)]
    model, now = facts.model, facts.now
    if model is not None and now is not None and model.trained_on:
        said = f"It has learnt from {model.trained_on:,} records, and there are {now.records:,} now"
        more = ": train it anew." if outgrown(facts) else "; from twice as many on, train it anew."
        parts.append(el("p", said + more, " ", el("code", TRAIN)))
    if model is not None and model.rules:
        listed = ", ".join(rule.replace("+", " and ").replace("_", " ") for rule in model.rules)
        parts.append(
            el(
                "details",
                el("summary", f"The {len(model.rules)} rules by which records are looked for"),
                el("p", f"Two records are weighed where they agree in: {listed}."),
            )
        )
    return section("model", "Identity model", *parts)


def outgrown(facts: IdentityFacts) -> bool:
    """Whether there are many more records than the model in use has learnt from."""
    model, now = facts.model, facts.now
    if model is None or now is None or not model.trained_on:
        return False
    return now.records > MORE_RECORDS * model.trained_on


def _grouped(sizes: list[tuple[int, int]]) -> tuple[list[tuple[str, int]], int]:
    """Return the classes by name, what is beyond the last as one, and the largest size."""
    by_size = dict(sizes)
    largest = max(by_size)
    listed = [(str(size), by_size.get(size, 0)) for size in range(1, min(largest, _CLASSES) + 1)]
    if largest > _CLASSES:
        beyond = sum(n for size, n in sizes if size >= _CLASSES)
        listed[-1] = (f"{_CLASSES}+", beyond)
    return listed, largest


def _both(before: float | None, now: float | None) -> tuple[str, str, str]:
    if before is None or now is None:
        return NONE, NONE, NONE
    return f"{before:.2f}", f"{now:.2f}", signed(now - before, "{:.2f}".format)


def _counts(before: int, now: int) -> tuple[str, str, str]:
    return count(before), count(now), change(now, before)


def _shares(before: float | None, now: float | None) -> tuple[str, str, str]:
    if before is None or now is None:
        return share(before), share(now), NONE
    return share(before), share(now), signed(100 * (now - before), "{:.1f} points".format)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
