"""Blocking: which pairs are compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jobs.identity.matching.blocking import Rule, condition, rules_for
from jobs.identity.matching.fields import Role, find_fields
from jobs.identity.matching.records import normalised
from tests.identity.matching.people import population


@pytest.fixture(scope="module")
def records() -> tuple[pd.DataFrame, dict[str, Role], list[str]]:
    """Normal forms, what they hold, and the true person of each."""
    frame = population(5, 120, copies=0.4)
    _, fields = find_fields(frame, without=["who"])
    table = normalised(frame, fields)
    roles = {field.name: field.role for field in fields} | {"house_number": Role.HOUSE_NUMBER}
    return table, roles, frame["who"].tolist()


def pairs(table: pd.DataFrame, rule: Rule) -> set[tuple[int, int]]:
    """Pairs of records that are equal in all columns of a rule."""
    groups = table.dropna(subset=list(rule)).groupby(list(rule)).indices.values()
    return {(int(a), int(b)) for rows in groups for a in rows for b in rows if a < b}


def test_of_few_records_every_pair_is_compared() -> None:
    table = pd.DataFrame({"last_name": ["lee", "lee", "kay"]})
    roles = {"last_name": Role.LAST_NAME}
    assert rules_for(table, roles, pairs=1, all_pairs_up_to=3) == ((),)
    assert rules_for(table, roles, pairs=1, all_pairs_up_to=2) == (("last_name",),)


@pytest.mark.parametrize("share", [1, 5_000, 50_000])
def test_the_rules_keep_within_what_may_be_spent(
    records: tuple[pd.DataFrame, dict[str, Role], list[str]], share: int
) -> None:
    table, roles, _ = records
    rules = rules_for(table, roles, pairs=share, all_pairs_up_to=1)
    assert len(rules) == len(set(rules)) > 5
    counts = [len(pairs(table, rule)) for rule in rules]
    assert min(counts) > 0
    assert sum(counts) <= max(share, 10 * len(table))


def test_more_pairs_buy_looser_rules(
    records: tuple[pd.DataFrame, dict[str, Role], list[str]],
) -> None:
    table, roles, _ = records
    few, many = (
        set().union(*(pairs(table, r) for r in rules_for(table, roles, pairs=n, all_pairs_up_to=1)))
        for n in (1, 100_000)
    )
    assert few < many


def test_a_person_told_twice_is_found_whatever_was_mistyped(
    records: tuple[pd.DataFrame, dict[str, Role], list[str]],
) -> None:
    table, roles, who = records
    rules = rules_for(table, roles, pairs=1_000, all_pairs_up_to=1)
    found = set().union(*(pairs(table, rule) for rule in rules))
    true = pairs(pd.DataFrame({"who": who}), ("who",))
    assert len(true) > 100
    assert true <= found
    assert len(found) < len(table) ** 2 / 10


def test_what_no_record_tells_is_in_no_rule(
    records: tuple[pd.DataFrame, dict[str, Role], list[str]],
) -> None:
    table, roles, _ = records
    empty = table.assign(phone=None, last_name_sound=None)
    rules = rules_for(empty, roles, pairs=1_000, all_pairs_up_to=1)
    assert rules
    assert not {"phone", "last_name_sound"} & {column for rule in rules for column in rule}


@pytest.mark.parametrize(
    ("values", "role"),
    [
        # Half of all pairs are equal; none is; and no rule is made of it at all.
        (["lee", "kay"] * 50, Role.LAST_NAME),
        ([f"u{n}@x.org" for n in range(100)], Role.EMAIL),
        (["m", "f"] * 50, Role.GENDER),
    ],
)
def test_where_no_rule_will_do_there_is_none(values: list[str], role: Role) -> None:
    table = pd.DataFrame({role.value: values})
    assert rules_for(table, {role.value: role}, pairs=1, all_pairs_up_to=1) == ()


def test_a_rule_does_not_change_what_it_is_given(
    records: tuple[pd.DataFrame, dict[str, Role], list[str]],
) -> None:
    table, roles, _ = records
    before = table.copy()
    rules_for(table, roles, pairs=1_000, all_pairs_up_to=1)
    pd.testing.assert_frame_equal(table, before)
    assert np.array_equal(table.index, before.index)


def test_rules_are_written_in_sql() -> None:
    assert condition(("a", "b"), linked=False) == "l.a = r.a AND l.b = r.b"
    assert condition(("a",), linked=True) == "l.a = r.a AND l.side <> r.side"
    assert condition((), linked=True) == "l.side <> r.side"
    assert condition((), linked=False) == "1 = 1"
