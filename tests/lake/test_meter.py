from pathlib import Path

from pyspark.sql import SparkSession

from jobs.lake.meter import GROUP, metered


def test_bytes_of_one_job_are_not_those_of_another(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "numbers")
    spark.range(10_000).selectExpr("id", "md5(string(id)) AS other").coalesce(1).write.parquet(path)
    held = sum(file.stat().st_size for file in tmp_path.glob("numbers/*.parquet"))
    with metered(spark) as outer:
        spark.read.parquet(path).selectExpr("sum(id)").collect()
        with metered(spark) as inner:
            spark.read.parquet(path).selectExpr("sum(id)", "max(other)").collect()
            both = inner()
        one = outer()
    assert 0.9 * held < both < 1.5 * held
    # One column of two, and nothing of what the inner one read.
    assert 0 < one < 0.5 * both
    assert spark.sparkContext.getLocalProperty(GROUP) is None
