"""Feeds of a night: where the files of a set's several sources lie."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jobs.ingest.catalogue import source_set
from jobs.ingest.feeds import nights
from jobs.lake.run import Run
from tests.ingest.shop import DAY, SOURCE, Shop


@pytest.mark.parametrize(
    ("named", "lying"),
    [
        (None, {"shop.lines": "landing", "tills.lines": "tills"}),
        ("elsewhere", {"shop.lines": "elsewhere", "tills.lines": "tills"}),
    ],
)
def test_a_landing_that_is_named_is_that_of_the_main_source_alone(
    tmp_path: Path, named: str | None, lying: dict[str, str]
) -> None:
    shop = Shop(tmp_path, None)  # type: ignore[arg-type] - no frame is read
    feeds = {"lines": SOURCE["feeds"]["lines"]}  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": feeds})
    other = {**SOURCE, "title": "The tills", "landing": "{home}/tills", "feeds": feeds}
    (shop.conf / "sources" / "tills.yaml").write_text(yaml.safe_dump(other, sort_keys=False))
    landing = str(tmp_path / named) if named else None
    run = Run(shop.settings().model_copy(update={"landing": landing}), shop.lake, DAY)
    found = nights(run, source_set(shop.conf / "sources", "shop"))
    assert {f.mapping.name: f.landing for f in found} == {
        feed: tmp_path / folder for feed, folder in lying.items()
    }
