"""Accuracy of a clustering against the truth."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.identity.accuracy import pairwise_accuracy

SCHEMA = "record_id int, cluster string"


def test_pairs_of_the_worked_example(spark: SparkSession) -> None:
    predicted = spark.createDataFrame([(1, "a"), (2, "a"), (3, "a"), (4, "b")], SCHEMA)
    truth = spark.createDataFrame([(1, "x"), (2, "x"), (3, "y"), (4, "y")], SCHEMA)
    found = pairwise_accuracy(predicted, truth)
    assert (found.shared_pairs, found.predicted_pairs, found.true_pairs) == (1, 3, 2)
    assert (found.precision, found.recall, found.f1) == (1 / 3, 1 / 2, 2 / 5)


def test_only_single_records_are_without_fault(spark: SparkSession) -> None:
    alone = spark.createDataFrame([(1, "a"), (2, "b")], SCHEMA)
    found = pairwise_accuracy(alone, alone)
    assert (found.precision, found.recall, found.f1) == (1.0, 1.0, 1.0)
