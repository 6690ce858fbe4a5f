"""Both engines weigh the same pairs, and give them the same weight."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.identity import matched_distributed
from tests.identity.learnt import KEY, Nights, learnt
from tests.identity.matching.people import population

pytestmark = pytest.mark.slow

PAIR = ["left_id", "right_id"]


def opener(part: pa.RecordBatch) -> pd.DataFrame:
    """Read records of a part: here they lie open."""
    rows: pd.DataFrame = part.to_pandas()
    return rows


def by_pair(matches: pd.DataFrame) -> pd.DataFrame:
    """Order pairs, so that two engines' can be held against each other."""
    return matches.sort_values(PAIR).reset_index(drop=True)


def test_one_machine_and_spark_weigh_alike(spark: SparkSession) -> None:
    people = population(5, 100, copies=0.4)
    matcher = learnt(people)
    ids = sorted(people["id"])
    old, new = ids[::3], sorted(set(ids) - set(ids[::3]))
    nights = Nights(people.set_index("id", drop=False), matcher)
    nights.night(old)
    asked = [(new[0], new[1]), (min(old[0], new[2]), max(old[0], new[2]))]
    one = nights.night(new, asked)
    rows = people.rename(columns={"id": "record_id"}).assign(is_new=people["id"].isin(new))
    blocks, matches = matched_distributed.weigh(
        spark.createDataFrame(rows),
        matcher,
        opener,
        KEY,
        spark.createDataFrame(asked, "left_id string, right_id string"),
    )
    pd.testing.assert_frame_equal(
        by_pair(matches.toPandas()), by_pair(one.matches.to_pandas()), check_dtype=False
    )
    assert {r.record_id: list(r.blocks) for r in blocks.collect()} == {
        row["record_id"]: row["blocks"] for row in one.blocks.to_pylist()
    }
