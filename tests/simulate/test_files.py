"""The files: all there, the same on every run, with no truth among them."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from jobs.ingest.catalogue import source_set
from jobs.simulate.landing import MARKER, is_done
from jobs.simulate.settings import (
    COUNTRY,
    CURRENCY,
    FOREIGN_CURRENCY,
    FOREIGN_RATE,
    TIME_ZONE,
    WORLD_VERSION,
    SimulateSettings,
)
from jobs.simulate.world import World, simulate
from tests.simulate.landed import Landed

# A world is made whole: half a minute.
pytestmark = pytest.mark.slow

DAYS = ["2026-06-04", "2026-06-05", "2026-06-06", "2026-06-07", "2026-06-08"]
DAILY = {
    "crm_customers.csv",
    "shop_accounts.jsonl",
    "loyalty_members.csv.gz",
    "orders.csv",
    "events.jsonl.gz",
    "consents.jsonl",
    "messages.csv",
    "feedback.jsonl",
}
HEADERS = {
    "crm_customers.csv": "customer_no,title,first_name,last_name,birth_date,email,phone,street,"
    "postcode,city,country,gender,loyalty_no,created_at,updated_at",
    "loyalty_members.csv.gz": "loyalty_no;email;mobile;surname;forename;postcode;joined",
    "orders.csv": "order_id,line_no,ordered_at,customer_no,account_id,device_id,channel,store_id,"
    "kind,original_order_id,product_id,quantity,unit_price,discount,currency",
    "messages.csv": "message_id,customer_no,address,channel,campaign_id,subject,product_ids,"
    "sent_at",
}

# They look at one world, which takes half a minute to make.
pytestmark = pytest.mark.slow


def test_every_day_holds_every_file_and_nothing_else(world: Landed) -> None:
    assert sorted(path.name for path in world.landing.iterdir()) == [*DAYS, MARKER]
    for day in DAYS:
        found = {path.name for path in (world.landing / day).iterdir()}
        assert found - {"products.parquet"} == DAILY
    assert (world.landing / DAYS[0] / "products.parquet").is_file()


@pytest.mark.parametrize("file", sorted(HEADERS))
def test_each_csv_starts_with_its_header_every_day(world: Landed, file: str) -> None:
    heads = [line for _, line in world.lines(file) if line == HEADERS[file]]
    assert len(heads) == len(DAYS)


def test_the_catalogue_comes_whole_on_the_first_day(world: Landed) -> None:
    first = pq.read_table(world.landing / DAYS[0] / "products.parquet")
    assert first.schema.names == [
        "product_id", "sku", "name", "description", "category", "brand", "price", "currency",
        "url", "image_url", "stock", "item_type", "launched_on", "updated_at",
    ]  # fmt: skip
    kinds = set(first["item_type"].to_pylist())
    assert {"product", "service", "gift_card"} <= kinds
    products = world.true("products")
    later = {row["product_id"] for row in products if str(row["launched_on"]) > DAYS[0]}
    there = set(first["product_id"].to_pylist())
    assert later
    assert not later & there
    assert {row["product_id"] for row in products} - later <= there


@pytest.mark.slow
def test_other_partitions_give_the_same_bytes(
    spark: SparkSession, world: Landed, tmp_path: Path
) -> None:
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", "5")
    try:
        World(spark, world.settings, tmp_path / "frames", parts=3).write_feeds(tmp_path / "days")
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", str(before))
    compared = 0
    for path in sorted(world.landing.glob("*/*")):
        again = tmp_path / "days" / path.relative_to(world.landing)
        if path.suffix == ".parquet":
            assert pq.read_table(path).equals(pq.read_table(again)), path.name
        else:
            assert path.read_bytes() == again.read_bytes(), path.name
            compared += 1
    assert compared == len(DAYS) * len(DAILY)


def test_the_same_settings_give_the_files_they_gave_before(world: Landed) -> None:
    """Where they are to be others, raise WORLD_VERSION, and put the new sum here."""
    told = hashlib.sha256()
    for file in sorted(DAILY):
        for day, line in world.lines(file):
            told.update(f"{day} {file} {line}\n".encode())
    assert (WORLD_VERSION, told.hexdigest()) == (
        3,
        "b72ba6d999d636f33b8c81796077671df66a8e52c4b219988f899192f1e647e4",
    )


def test_no_truth_lies_in_the_landing(world: Landed) -> None:
    told = {"person", "churned_on", "tastes", "uplift_class", "nudge_effect", "caused_order"}
    for file, header in HEADERS.items():
        assert not told & set(header.replace(";", ",").split(",")), file
    for file in DAILY - set(HEADERS):
        for row in world.json_rows(file):
            assert not told & set(row), file


def test_the_same_world_is_not_made_twice(spark: SparkSession, world: Landed) -> None:
    orders = world.landing / DAYS[0] / "orders.csv"
    before = orders.stat().st_ino
    simulate(spark, world.settings, world.landing, world.truth)
    assert orders.stat().st_ino == before


def test_other_settings_or_a_killed_run_are_not_done(world: Landed, tmp_path: Path) -> None:
    other = world.settings.model_copy(update={"seed": 1})
    assert is_done(world.landing, world.truth, world.settings)
    assert not is_done(world.landing, world.truth, other)
    marker = json.loads((world.landing / MARKER).read_text())
    (tmp_path / MARKER).write_text(json.dumps({**marker, "state": "writing"}))
    assert not is_done(tmp_path, world.truth, world.settings)


def test_the_truth_must_lie_apart(
    spark: SparkSession, settings: SimulateSettings, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="must lie apart"):
        simulate(spark, settings, tmp_path, tmp_path / "truth")


def test_the_catalogue_says_of_the_shop_what_the_files_hold() -> None:
    main = source_set(Path(__file__).parents[2] / "conf" / "sources", "demo").main
    assert (main.time_zone, main.country, main.currency) == (TIME_ZONE, COUNTRY, CURRENCY)
    (rate,) = main.rates
    assert rate.currency == FOREIGN_CURRENCY
    assert float(rate.rate) * FOREIGN_RATE == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("wrong", [{"peoples": 3}, {"time_zone": "Asia/Tokyo"}, {"people": 1}])
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimulateSettings.model_validate(wrong)
