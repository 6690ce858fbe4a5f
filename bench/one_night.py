"""One night, and at its end what Hadoop says was read of files: ``python bench/one_night.py DATE``.

A process of its own for the benchmarks, which start it as `make run` starts a night.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark import SparkContext

from jobs.cli.bring_up import bring_up


def main() -> None:
    """Run the night."""
    bring_up(date.fromisoformat(sys.argv[1]))
    # Not the active session: a night that has nothing to do makes none.
    context = SparkContext._active_spark_context
    if context is None:
        raise SystemExit("no Spark is left to be asked")
    files = context._jvm.org.apache.hadoop.fs.FileSystem
    print("file_bytes", sum(read.getBytesRead() for read in files.getAllStatistics()))


if __name__ == "__main__":
    main()
