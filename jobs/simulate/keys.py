"""The numbers systems give to people: permutations, so that they tell nothing of the person."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def customer_no(person: Column, record: Column) -> Column:
    """Return the number of a CRM record."""
    return _permuted("C", person * 8 + record)


def account_id(person: Column) -> Column:
    """Return the id of a person's web account."""
    return _permuted("A", person * 8 + 5)


def loyalty_no(person: Column) -> Column:
    """Return the number of a person's loyalty card."""
    return _permuted("L", person * 8 + 6)


def _permuted(prefix: str, number: Column) -> Column:
    # 30031733 has no factor 2 or 5, so multiplying permutes the residues of 10^8.
    scrambled = (number * 30_031_733 + 12_345_677) % 100_000_000
    return F.concat(F.lit(prefix), F.lpad(scrambled.cast("string"), 8, "0"))
