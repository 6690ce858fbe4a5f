"""Resolution with matches, guards and decisions: who is joined, who is kept apart, and why."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations, pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.identity.decided import BLOCK, MERGE, SPLIT, WITHDRAW, Decisions
from jobs.identity.resolution import Evidence, resolve
from jobs.identity.settings import IdentitySettings
from tests.identity.limits import few_holders

Link = tuple[str, str]
Weights = Mapping[tuple[str, str], float]

SETTINGS = few_holders(5)
SEEN = pa.timestamp("us", tz="UTC")


def table(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Write rows as a table."""
    columns = list(zip(*rows, strict=True)) or [[] for _ in schema]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)


def made(
    links: Iterable[Link],
    weights: Weights | None,
    *,
    decisions: Decisions | None = None,
    contradicting: Iterable[tuple[str, str]] = (),
    names: Mapping[str, str] | None = None,
    settings: IdentitySettings = SETTINGS,
) -> tuple[set[frozenset[str]], set[tuple[str, str, str]], set[str]]:
    """Persons, what was kept apart and why, and what is shared."""
    day = datetime(2026, 3, 1, tzinfo=UTC)
    times = [("left_id", pa.string()), ("right_id", pa.string())]
    times += [("first_seen", SEEN), ("last_seen", SEEN)]
    told = names or {}
    traits = [(f"record:{r}", f"first:{name}") for r, name in told.items()]
    weighed = None
    if weights is not None:
        fields = [("left_id", pa.string()), ("right_id", pa.string()), ("weight", pa.float64())]
        flags = set(contradicting)
        weighed = table(
            [(a, b, w, (a, b) in flags) for (a, b), w in weights.items()],
            pa.schema([*fields, ("contradicting", pa.bool_())]),
        )
    evidence = Evidence(
        table(traits, pa.schema([("node", pa.string()), ("trait", pa.string())])),
        weighed,
        decisions or Decisions(),
    )
    done = resolve(
        table([(a, b, day, day) for a, b in links], pa.schema(times)), evidence, settings
    )
    persons: dict[str, set[str]] = {}
    for row in done.identifiers.to_pylist():
        persons.setdefault(row["representative"], set()).add(row["identifier"])
    kept = {(k["left_id"], k["right_id"], k["reason"]) for k in done.kept_apart.to_pylist()}
    shared = {r["identifier"] for r in done.identifiers.to_pylist() if r["shared"]}
    return {frozenset(nodes) for nodes in persons.values()}, kept, shared


def alone(*records: str) -> list[Link]:
    """Links of records that hold nothing."""
    return [(f"record:{r}", f"record:{r}") for r in records]


def persons_of(*groups: str) -> set[frozenset[str]]:
    """Write persons as words of records: ``"a b"``."""
    return {frozenset(f"record:{r}" for r in group.split()) for group in groups}


def decided(*rows: tuple[str, list[str], list[str]], withdrawn: Sequence[int] = ()) -> Decisions:
    """Decisions, in the order they were taken."""
    told = [
        {
            "decision_id": f"d{n}",
            "kind": kind,
            "left_ids": left,
            "right_ids": right,
            "withdraws": None,
            "recorded_at": datetime(2026, 3, 1, n, tzinfo=UTC),
        }
        for n, (kind, left, right) in enumerate(rows)
    ]
    told += [
        {
            "decision_id": f"w{n}",
            "kind": WITHDRAW,
            "left_ids": [],
            "right_ids": [],
            "withdraws": f"d{n}",
            "recorded_at": datetime(2026, 3, 2, tzinfo=UTC),
        }
        for n in withdrawn
    ]
    return Decisions.among(told)


def test_records_that_match_are_one_person_and_take_along_what_they_hold() -> None:
    links = [("login:x", "record:a"), ("email:e", "record:b"), ("record:c", "record:c")]
    found, kept, _ = made(links, {("a", "b"): 6.0, ("b", "c"): -8.0})
    assert found == {frozenset({"login:x", "record:a", "record:b", "email:e"})} | persons_of("c")
    assert kept == set()


def test_a_family_behind_one_address_stays_a_family() -> None:
    links = [("email:family", f"record:{r}") for r in ("mum", "dad", "kid")]
    weights = dict.fromkeys([("dad", "mum"), ("kid", "mum"), ("dad", "kid")], -4.0)
    found, _, shared = made(links, weights, names={"mum": "eva", "dad": "jo", "kid": "max"})
    assert found == persons_of("mum", "dad", "kid") | {frozenset({"email:family"})}
    assert shared == {"email:family"}


def test_a_desks_phone_on_five_thousand_records_joins_nobody() -> None:
    records = [f"{n:04}" for n in range(5_000)]
    found, _, shared = made([("phone:desk", f"record:{r}") for r in records], {})
    assert found == persons_of(*records) | {frozenset({"phone:desk"})}
    assert shared == {"phone:desk"}


def test_a_number_on_far_too_many_records_is_a_placeholder_and_joins_nobody() -> None:
    records = [f"{n:04}" for n in range(5_000)]
    links = [("loyalty_no:0", f"record:{r}") for r in records]
    links += [("loyalty_no:7", f"record:{r}") for r in ("x", "y")]
    found, _, shared = made(links, {})
    card = frozenset({"record:x", "record:y", "loyalty_no:7"})
    assert found == persons_of(*records) | {frozenset({"loyalty_no:0"}), card}
    assert shared == {"loyalty_no:0"}


def test_each_type_of_contact_has_its_own_limit() -> None:
    said = {"email": {"max_holders": 2}, "phone": {"max_holders": 3}}
    links = [(f"email:{n}", f"record:{r}") for n, r in zip("eee", "abc", strict=True)]
    links += [(f"phone:{n}", f"record:{r}") for n, r in zip("ppp", "xyz", strict=True)]
    settings = IdentitySettings.model_validate({"identifiers": said})
    found, _, shared = made(links, None, names=dict.fromkeys("abcxyz", "eva"), settings=settings)
    together = {f"record:{r}" for r in "xyz"} | {"phone:p"}
    assert found == persons_of("a", "b", "c") | {frozenset({"email:e"}), frozenset(together)}
    assert shared == {"email:e"}


def test_twins_are_kept_apart_by_what_they_have_one_of_each() -> None:
    weights = {("ann", "ann2"): 12.0, ("ann", "eva"): 4.0, ("ann2", "eva"): -8.0}
    found, kept, _ = made(alone("ann", "ann2", "eva"), weights)
    assert found == persons_of("ann ann2", "eva")
    assert kept == {("record:ann", "record:eva", "undecided")}


def test_father_and_son_of_one_name_are_two_unless_much_speaks_for_one() -> None:
    pair = ("father", "son")
    found, kept, _ = made(alone(*pair), {pair: 5.0}, contradicting=[pair])
    assert found == persons_of("father", "son")
    assert kept == {("record:father", "record:son", "contradicting")}
    assert made(alone(*pair), {pair: 12.0}, contradicting=[pair])[0] == persons_of("father son")


def test_a_sold_phone_is_shared_and_joins_nobody() -> None:
    links = [("login:seller", "record:a"), ("login:buyer", "record:b")]
    links += [("device:phone", "login:seller"), ("device:phone", "login:buyer")]
    found, _, shared = made(links, {("a", "b"): -9.0})
    assert frozenset({"device:phone"}) in found
    assert len(found) == 3
    assert shared == {"device:phone"}


def test_a_chain_of_weak_links_is_no_person() -> None:
    records = [f"r{n}" for n in range(8)]
    chain = {(a, b): 1.5 for a, b in pairwise(records)}
    found, _, _ = made(alone(*records), chain)
    assert max(map(len, found)) <= 2


def test_a_number_that_two_strangers_hold_is_shared() -> None:
    links = [("loyalty_no:1", "record:a"), ("loyalty_no:1", "record:b")]
    found, kept, shared = made(links, {("a", "b"): -10.0})
    assert found == persons_of("a", "b") | {frozenset({"loyalty_no:1"})}
    assert shared == {"loyalty_no:1"}
    assert kept == {("record:a", "record:b", "contradicting")}
    # A login is a stronger word than a card.
    links = [("login:1", "record:a"), ("login:1", "record:b")]
    assert made(links, {("a", "b"): -10.0})[0] == {frozenset({"login:1", "record:a", "record:b"})}


def test_nobody_gets_more_records_than_a_person_has() -> None:
    records = [f"r{n}" for n in range(6)]
    few = SETTINGS.model_copy(
        update={"matching": SETTINGS.matching.model_copy(update={"most_records": 4})}
    )
    weights = {pair: 9.0 if pair[0] < "r3" and pair[1] < "r3" else 5.0
               for pair in combinations(records, 2)}  # fmt: skip
    found, kept, _ = made(alone(*records), weights, settings=few)
    assert max(map(len, found)) <= 4
    assert {reason for _, _, reason in kept} == {"too large"}


def test_what_is_neither_sure_nor_unlikely_is_for_a_person_to_look_at() -> None:
    found, kept, _ = made(alone("a", "b"), {("a", "b"): -1.0})
    assert found == persons_of("a", "b")
    assert kept == {("record:a", "record:b", "undecided")}


def test_a_decision_joins_and_parts_whatever_the_records_tell() -> None:
    links = alone("a", "b", "c")
    weights = {("a", "b"): 9.0, ("b", "c"): -9.0}
    merge = decided((MERGE, ["record:b"], ["record:c"]))
    assert made(links, weights, decisions=merge)[0] == persons_of("a b c")
    split = decided((SPLIT, ["record:a"], ["record:b"]))
    found, kept, _ = made(links, weights, decisions=split)
    assert found == persons_of("a", "b", "c")
    assert kept == {("record:a", "record:b", "decided")}


def test_a_merge_and_then_a_split_restore_what_was() -> None:
    links = [("login:1", "record:a"), ("login:2", "record:b"), ("email:e", "record:c")]
    weights = {("a", "b"): -9.0, ("b", "c"): 5.0}
    before = made(links, weights)
    merge = (MERGE, ["record:a"], ["record:b"])
    assert made(links, weights, decisions=decided(merge)) != before
    assert made(links, weights, decisions=decided(merge, withdrawn=[0])) == before
    parted = decided(merge, (SPLIT, ["record:a"], ["record:b"]))
    assert made(links, weights, decisions=parted)[0] == before[0]


def test_one_login_is_parted_by_a_decision() -> None:
    links = [("login:1", "record:a"), ("login:1", "record:b")]
    split = decided((SPLIT, ["record:a"], ["record:b"]))
    found, _, shared = made(links, {("a", "b"): 3.0}, decisions=split)
    assert found == persons_of("a", "b") | {frozenset({"login:1"})}
    assert shared == {"login:1"}


def test_a_blocked_value_joins_nobody() -> None:
    links = [("email:e", "login:1"), ("email:e", "record:a")]
    assert len(made(links, {}, names={"a": "ann"})[0]) == 1
    block = decided((BLOCK, ["email:e"], []))
    found, _, shared = made(links, {}, decisions=block, names={"a": "ann"})
    assert len(found) == 3
    assert shared == {"email:e"}


RECORDS = ["a", "b", "c", "d", "e"]
NODES = [*(f"record:{r}" for r in RECORDS), "login:1", "login:2", "loyalty_no:1", "email:1"]
NODES += ["phone:1", "device:1", "cookie:1"]
LINKS = st.sets(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), min_size=1, max_size=12)
WEIGHTS = st.dictionaries(
    st.sampled_from(list(combinations(RECORDS, 2))), st.integers(-12, 14).map(float), max_size=10
)
SPLITS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=2)


@pytest.mark.parametrize("matched", [True, False])
@given(links=LINKS, weights=WEIGHTS, apart=SPLITS, seed=st.integers(0, 99))
def test_nobody_is_lost_and_order_does_not_matter(
    matched: bool,
    links: set[Link],
    weights: dict[tuple[str, str], float],
    apart: list[tuple[str, str]],
    seed: int,
) -> None:
    ordered = sorted({(min(p), max(p)) for p in links})
    mixed = random.Random(seed).sample(ordered * 2, 2 * len(ordered))
    told = decided(*((SPLIT, [a], [b]) for a, b in apart if a != b))
    weighed = weights if matched else None
    turned = dict(random.Random(seed).sample(list(weights.items()), len(weights)))
    found = made(ordered, weighed, decisions=told)
    assert found == made(mixed, turned if matched else None, decisions=told)
    assert sorted(n for nodes in found[0] for n in nodes) == sorted({n for p in ordered for n in p})
    together = {frozenset(pair) for nodes in found[0] for pair in combinations(nodes, 2)}
    for one, other in apart:
        if one != other and matched and one.startswith("record:") and other.startswith("record:"):
            assert frozenset((one, other)) not in together
