"""The two real data sets of the recommender benchmark, as interactions.

Where to get them: UCI Online Retail (https://archive.ics.uci.edu/dataset/352/online+retail, CC BY
4.0), one CSV a trading day; dunnhumby's The Complete Journey, the 75,000-line sample (CC0).
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from models.columns import (
    INTERACTION_COLUMNS,
    KIND,
    OCCURRED_ON,
    PERSON,
    PRODUCT,
    PURCHASE,
    QUANTITY,
)

NOT_PRODUCTS: Final = frozenset(
    {"POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS", "B", "m"}
)
GIFT_VOUCHERS: Final = "gift_0001_"

NOT_MERCHANDISE: Final = frozenset({"FUEL", "COUPON", "MISCELLANEOUS", "CNTRL/STORE SUP"})
"""Departments of The Complete Journey that nobody would recommend; fuel alone is 1% of lines."""


def online_retail(folder: Path) -> pd.DataFrame:
    """UCI Online Retail: lines with a customer, not cancelled, of a product, that were paid for."""
    days = sorted((folder / "online_retail").glob("*.csv"))
    if not days:
        raise FileNotFoundError(f"no CSV file in {folder / 'online_retail'}: see this file's head")
    lines = pd.concat((pd.read_csv(day, dtype="str") for day in days), ignore_index=True)
    code = lines["StockCode"]
    kept = (
        lines["CustomerID"].notna()
        & ~lines["InvoiceNo"].str.startswith("C")
        & ~code.isin(NOT_PRODUCTS)
        & ~code.str.startswith(GIFT_VOUCHERS)
        & (pd.to_numeric(lines["Quantity"]) > 0)
        & (pd.to_numeric(lines["UnitPrice"]) > 0)
    )
    lines = lines[kept]
    return _purchases(
        person=lines["CustomerID"].str.removesuffix(".0"),
        product=lines["StockCode"],
        quantity=pd.to_numeric(lines["Quantity"]),
        moment=lines["InvoiceDate"],
    )


def complete_journey(folder: Path) -> pd.DataFrame:
    """Purchases of The Complete Journey's sample of lines."""
    source = folder / "complete_journey"
    if not (source / "transactions.csv").is_file():
        raise FileNotFoundError(f"no transactions.csv in {source}: see this file's head")
    lines = pd.read_csv(source / "transactions.csv", dtype="str")
    products = pd.read_csv(source / "products.csv", dtype="str")[["product_id", "department"]]
    lines = lines.merge(products, on="product_id", how="left")
    kept = ~lines["department"].isin(NOT_MERCHANDISE) & (pd.to_numeric(lines["quantity"]) > 0)
    lines = lines[kept]
    return _purchases(
        person=lines["household_id"],
        product=lines["product_id"],
        quantity=pd.to_numeric(lines["quantity"]),
        moment=lines["transaction_timestamp"],
    )


def end_exclusive(interactions: pd.DataFrame) -> date:
    """Day after the last one in the data."""
    last: date = interactions[OCCURRED_ON].max().date()
    return last + timedelta(days=1)


def _purchases(
    *, person: pd.Series, product: pd.Series, quantity: pd.Series, moment: pd.Series
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            PERSON: person,
            PRODUCT: product,
            KIND: PURCHASE,
            QUANTITY: quantity.astype(float),
            OCCURRED_ON: pd.to_datetime(moment.str.slice(0, 10)),
        }
    )
    keys = [PERSON, PRODUCT, KIND, OCCURRED_ON]
    daily = frame.groupby(keys, as_index=False)[QUANTITY].sum()
    return pd.DataFrame(daily[list(INTERACTION_COLUMNS)])
