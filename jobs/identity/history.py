"""History: which persons were found to be one, or two, on which night, and by what evidence."""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from jobs.identity.decided import Decisions
from jobs.identity.nodes import RECORD, STRONG
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.matching import HISTORY, MATCHES, REVIEW
from jobs.lake.unchanged import unchanged

if TYPE_CHECKING:
    from jobs.lake.contract import Table

log = logging.getLogger("bespoke")

MERGED, SPLIT, MOVED, RENAMED = "merged", "split", "moved", "renamed"
_COLUMNS = ["event", "person_id", "other_id", "identifiers", "evidence", "left_id", "right_id"]


def history(run: Run) -> None:
    """Hold tonight's persons against those of the night before, and write down what changed.

    Records and numbers only: a device that somebody logs in on has not become another person.
    """
    with recorded(run, "history") as record:
        if unchanged(run, record):
            return
        now = _strong(run, run.version_of(IDENTIFIERS, record))
        before = _before(run)
        events = changes(before, now)
        if len(events):
            events = with_evidence(
                events,
                now,
                _rows(run, record, MATCHES, ["left_id", "right_id", "weight", "comparison"]),
                _rows(run, record, REVIEW, ["left_id", "right_id", "weight", "reason"]),
                Decisions.of(run, record),
            )
        frame = run.lake.spark.createDataFrame(_arrow(events, run.as_of), HISTORY.schema())
        record.counts["rows_written"] = write_frames(run, record, {HISTORY: frame})
        log.info("history: %s changes", f"{len(events):,}")


def changes(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Find out what became of persons.

    Parameters
    ----------
    before, now : DataFrame
        ``identifier``, ``person_id`` of records and numbers.

    Returns
    -------
    DataFrame
        ``event``, ``person_id`` (who goes on), ``other_id``, ``identifiers`` (how many went over):
        merged (the other is part of it now), split (the other came out of it), moved (both were
        there and are), renamed (the other is called so now).
    """
    both = before.merge(now, on="identifier", suffixes=("_was", "_is"))
    over = both[both["person_id_was"] != both["person_id_is"]]
    counted = over.groupby(["person_id_was", "person_id_is"]).size().rename("identifiers")
    found = counted.reset_index()
    there, was_there = set(now["person_id"]), set(before["person_id"])
    goes_on = found["person_id_was"].isin(there)
    known = found["person_id_is"].isin(was_there)
    found["event"] = MOVED
    found.loc[~goes_on & known, "event"] = MERGED
    found.loc[goes_on & ~known, "event"] = SPLIT
    found.loc[~goes_on & ~known, "event"] = RENAMED
    # Of a merge and a move the person who gets them goes on, of a split the one who keeps the name.
    gets = found["event"].isin([MERGED, MOVED])
    found["person_id"] = found["person_id_is"].where(gets, found["person_id_was"])
    found["other_id"] = found["person_id_was"].where(gets, found["person_id_is"])
    ordered = found.sort_values(["event", "person_id", "other_id"], ignore_index=True)
    return ordered[["event", "person_id", "other_id", "identifiers"]]


def with_evidence(
    events: pd.DataFrame,
    now: pd.DataFrame,
    matches: pd.DataFrame,
    review: pd.DataFrame,
    decisions: Decisions,
) -> pd.DataFrame:
    """Add to what became of persons the link that brought it about, as far as one did."""
    person = now.set_index("identifier")["person_id"]
    decided = [
        {"left_id": a, "right_id": b, "evidence": f"decision {decision}", "rank": 0.0}
        for pairs in (decisions.together, decisions.apart)
        for (a, b), decision in pairs.items()
    ]
    weighed = matches.dropna(subset=["weight"])
    told = pd.DataFrame(
        {
            "left_id": f"{RECORD}:" + weighed["left_id"],
            "right_id": f"{RECORD}:" + weighed["right_id"],
            "evidence": weighed["comparison"],
            "rank": 1_000.0 - weighed["weight"],
        }
    )
    guards = review.assign(evidence=review["reason"], rank=1_000.0 - review["weight"])
    links = pd.concat([pd.DataFrame(decided), told, guards], ignore_index=True)
    links["one"], links["other"] = (links[side].map(person) for side in ("left_id", "right_id"))
    wanted = set(events["person_id"]) | set(events["other_id"])
    links = links[links["one"].isin(wanted) | links["other"].isin(wanted)].sort_values(
        ["rank", "left_id", "right_id"]
    )
    rows = []
    for event in events.to_dict("records"):
        pair = {event["person_id"], event["other_id"]}
        if event["event"] == MERGED:
            pair = {event["person_id"]}
        among = links[links["one"].isin(pair) & links["other"].isin(pair)]
        if event["event"] == SPLIT:
            among = among[among["one"] != among["other"]]
        best: dict[Any, Any] = among.iloc[0].to_dict() if len(among) else {}
        rows.append(event | {c: best.get(c) for c in ("evidence", "left_id", "right_id")})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _before(run: Run) -> pd.DataFrame:
    """Read the records and numbers of the night before, as far as its version is kept."""
    nights = [
        s
        for s in run.done
        if s.job == "persons" and s.as_of < run.as_of and IDENTIFIERS.id in s.outputs
    ]
    for last in sorted(nights, key=lambda s: s.as_of)[-1:]:
        version = last.outputs[IDENTIFIERS.id]
        if run.lake.holds(IDENTIFIERS, version):
            return _strong(run, version)
        log.warning("history: %s of %s is gone: no changes are told", IDENTIFIERS.id, last.as_of)
    return pd.DataFrame({"identifier": [], "person_id": []}, dtype=object)


def _strong(run: Run, version: int) -> pd.DataFrame:
    found: pd.DataFrame = run.lake.rows(
        IDENTIFIERS,
        [("type", "in", list(STRONG))],
        ["identifier", "person_id"],
        version=version,
    ).to_pandas()
    return found


def _rows(run: Run, record: Record, table: Table, columns: list[str]) -> pd.DataFrame:
    found: pd.DataFrame = run.lake.rows(
        table, columns=columns, version=run.version_of(table, record)
    ).to_pandas()
    return found


def _arrow(events: pd.DataFrame, as_of: date) -> pa.Table:
    told = events.reindex(columns=_COLUMNS).assign(as_of=as_of)
    decision = told["evidence"].astype("string").str.extract(r"^decision (\w+)$")[0]
    told["decision_id"] = decision
    types = {"as_of": pa.date32(), "identifiers": pa.int32()}
    return pa.table(
        {
            name: pa.array(told[name], types.get(name, pa.string()), from_pandas=True)
            for name in HISTORY.names
        }
    )
