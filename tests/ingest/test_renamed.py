"""A feed under another name: its rows would count twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.renamed import RENAMED
from jobs.lake.decisions import release
from jobs.lake.errors import DataError
from jobs.lake.tables.silver import ORDER_LINES
from tests.ingest.shop import DAY, NEXT, SOURCE, Shop, lines

LINES: dict[str, Any] = SOURCE["feeds"]["lines"]  # type: ignore[index]


@pytest.mark.slow
def test_files_of_a_feed_that_got_another_name_are_not_read_again(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path / "home", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    shop.catalogue({**SOURCE, "feeds": {"lines": LINES}})
    shop.drop("lines.csv", lines("A1,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,"))
    shop.night(DAY)
    shop.catalogue({**SOURCE, "feeds": {"sales": LINES}})
    with pytest.raises(DataError, match=r"shop.sales: .*lines.csv was read as shop.lines"):
        shop.night(NEXT)
    assert shop.lake.rows(ORDER_LINES).num_rows == 1
    release(shop.lake, "shop.sales", NEXT, "for the test", RENAMED)
    shop.night(NEXT)
    assert shop.lake.rows(ORDER_LINES).num_rows == 2
