"""Accuracy of identity on the demo, whose true persons are known.

Usage, after ``make run``: ``python bench/identity.py``

Compares the records of ``identity.identifiers`` with the simulator's truth, pair by pair, and
prints one line of JSON. No job reads the truth; this does.
"""

from __future__ import annotations

import json

from pyspark.sql import functions as F

from jobs.cli.nights import chosen
from jobs.identity.accuracy import accuracy
from jobs.identity.nodes import RECORD
from jobs.lake.session import open_session
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.lake.tables.identity import IDENTIFIERS


def main() -> None:
    """Print how many records there are, and how well they are resolved."""
    wanted = settings()
    spark = open_session(wanted.spark)
    # The system's own key of a record is what follows its feed, and no two systems share one.
    record = F.substring_index("identifier", ":", -1).alias("record_id")
    found = Lake(home() / "lake", spark).read(IDENTIFIERS).where(F.col("type") == RECORD)
    truth = spark.read.parquet(str(chosen(wanted).truth / "records.parquet"))
    both = found.select(record, F.col("person_id")).join(
        truth.select(F.col("record_key").alias("record_id"), "person"), "record_id"
    )
    rows = both.toPandas()
    measured = accuracy(rows["person_id"], rows["person"])
    result = {
        "records": found.count(),
        "precision": round(measured.precision, 3),
        "recall": round(measured.recall, 3),
        "f1": round(measured.f1, 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
