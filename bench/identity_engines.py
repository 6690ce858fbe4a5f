"""Both engines on 50,000 records: the same pairs, the same weights, the same persons.

Usage: ``python bench/identity_engines.py [--records N]``

Records with known truth (``bench/matching_world.py``) are weighed by DuckDB and by Spark, and
resolved over arrays and on Spark. Writes ``bench/identity_engines.json`` with what differs.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from matching_world import people_records
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from watch import machine

from jobs.identity import distributed, matched, matched_distributed, resolution
from jobs.identity.accuracy import accuracy
from jobs.identity.decided import Decisions
from jobs.identity.formed import inline
from jobs.identity.matching.fields import find_fields
from jobs.identity.matching.matcher import Matcher, hash_key, train
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.settings import IdentitySettings
from jobs.lake.session import open_session
from jobs.lake.settings import settings

KEY = hash_key(b"a benchmark has no secrets")
TRUTH = "person"
PAIR = ["left_id", "right_id"]
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
OUT = Path("bench/identity_engines.json")


def main() -> None:
    """Read the arguments, run both engines, and write what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=50_000)
    count = parser.parse_args().records
    people = people_records(count).astype(str).sort_values("record_id", ignore_index=True)
    people = people.where(people.notna() & ~people.isin(["None", "nan"]), None)
    _, fields = find_fields(people, said={}, without=(TRUTH,))
    wanted = IdentitySettings()
    limited = MatchSettings(pairs=wanted.matching.pairs_a_record * count)
    matcher = train(people, fields, limited, key=KEY, until=date(2026, 1, 1))
    assert matcher is not None, "these records tell enough"
    spark = open_session(settings().spark)
    one, here = _timed(lambda: _on_one_machine(people, matcher))
    other, there = _timed(lambda: _on_spark(spark, people, matcher))
    persons, here_persons = _timed(lambda: _resolved(people, one, wanted))
    same, there_persons = _timed(lambda: _resolved_on_spark(spark, people, one, wanted))
    truth = people.set_index("record_id")[TRUTH]
    right = accuracy(persons.tolist(), truth.loc[persons.index].tolist())
    result = {
        "command": f"python bench/identity_engines.py --records {count}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "records": count,
        "pairs": len(one),
        "pairs_that_differ": int(len(one.merge(other, how="outer", indicator=True)) - len(one)),
        "persons": int(persons.nunique()),
        "records_of_another_person": int((persons != same.loc[persons.index]).sum()),
        "precision": round(right.precision, 5),
        "recall": round(right.recall, 5),
        "seconds": {
            "weighing": {"duckdb": here, "spark": there},
            "resolution": {"arrays": here_persons, "spark": there_persons},
        },
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def _timed(run: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    return run(), round(time.perf_counter() - started, 1)


def _on_one_machine(people: pd.DataFrame, matcher: Matcher) -> pd.DataFrame:
    nothing = pa.table({"record_id": [], "blocks": pa.array([], pa.list_(pa.int64()))})
    held = people.set_index("record_id", drop=False)
    form = inline(lambda ids: held.loc[list(ids)].reset_index(drop=True), matcher, KEY)
    found = matched.weigh(people["record_id"].tolist(), nothing, matcher, form).matches
    return found.to_pandas().sort_values(PAIR, ignore_index=True)


def _on_spark(spark: SparkSession, people: pd.DataFrame, matcher: Matcher) -> pd.DataFrame:
    rows = spark.createDataFrame(people.assign(is_new=True)).repartition(4)
    none = spark.createDataFrame([], "left_id string, right_id string")
    found = matched_distributed.weigh(rows, matcher, _opened, KEY, none)[1].toPandas()
    return found.sort_values(PAIR, ignore_index=True)


def _opened(part: pa.RecordBatch) -> pd.DataFrame:
    rows: pd.DataFrame = part.to_pandas()
    return rows


def _links(ids: Sequence[str]) -> pa.Table:
    ends = pa.chunked_array([pa.array([f"record:{record}" for record in ids], pa.string())])
    times = pa.chunked_array([pa.array([MOMENT] * len(ids), pa.timestamp("us", tz="UTC"))])
    return pa.table({"left_id": ends, "right_id": ends, "first_seen": times, "last_seen": times})


def _resolved(people: pd.DataFrame, matches: pd.DataFrame, wanted: IdentitySettings) -> pd.Series:
    traits = pa.table({"node": pa.array([], pa.string()), "trait": pa.array([], pa.string())})
    evidence = resolution.Evidence(traits, pa.Table.from_pandas(matches, preserve_index=False))
    links = _links(people["record_id"].tolist())
    return _by_record(resolution.resolve(links, evidence, wanted).identifiers.to_pandas())


def _resolved_on_spark(
    spark: SparkSession, people: pd.DataFrame, matches: pd.DataFrame, wanted: IdentitySettings
) -> pd.Series:
    links = spark.createDataFrame(_links(people["record_id"].tolist()))
    traits = spark.createDataFrame([], "node string, trait string")
    weighed = spark.createDataFrame(matches)
    found, _ = distributed.resolve(links, traits, weighed, Decisions(), wanted)
    return _by_record(found.select("identifier", F.col("representative")).toPandas())


def _by_record(identifiers: pd.DataFrame) -> pd.Series:
    record = identifiers["identifier"].str.removeprefix("record:")
    return pd.Series(identifiers["representative"].to_numpy(), index=record)


if __name__ == "__main__":
    os.environ.setdefault("BESPOKE_HOME", tempfile.mkdtemp())
    main()
