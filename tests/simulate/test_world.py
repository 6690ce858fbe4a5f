"""What happens in the world: it adds up, and it follows from the people in it."""

import math
from collections import Counter, defaultdict
from decimal import Decimal, InvalidOperation

import pytest

from tests.simulate.landed import Landed

# They look at one world, which takes half a minute to make.
pytestmark = pytest.mark.slow


def _sound_orders(world: Landed) -> list[dict[str, str]]:
    """Return the order lines without duplicates and recognisable damage."""
    known = {row["order_id"] for row in world.true("visits") if row["order_id"]}
    lines = {}
    for row in world.csv_rows("orders.csv"):
        origin = row["original_order_id"] or row["order_id"]
        if origin in known:
            lines[row["order_id"], row["line_no"]] = row
    return list(lines.values())


def test_sales_are_positive_and_takings_back_negative(world: Landed) -> None:
    kinds = Counter()
    for row in _sound_orders(world):
        kinds[row["kind"]] += 1
        assert Decimal(row["unit_price"]) > 0
        total = Decimal(row["unit_price"]) * int(row["quantity"]) - Decimal(row["discount"])
        assert (total > 0) == (row["kind"] == "sale"), row
        assert bool(row["original_order_id"]) == (row["kind"] != "sale")
    assert kinds["sale"] > 50


def test_a_purchase_event_holds_the_sum_of_its_order(world: Landed) -> None:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in _sound_orders(world):
        if row["kind"] == "sale":
            amount = Decimal(row["unit_price"]) * int(row["quantity"])
            totals[row["order_id"]] += amount - Decimal(row["discount"])
    seen = 0
    for event in world.json_rows("events.jsonl.gz"):
        if event["type"] == "purchase" and event["order_id"] in totals:
            assert Decimal(str(event["value"])) == totals[event["order_id"]]
            seen += 1
    assert seen > 10


def test_some_sessions_are_anonymous_before_the_login_and_some_throughout(world: Landed) -> None:
    sessions: dict[str, dict[str, str | None]] = defaultdict(dict)
    for event in world.json_rows("events.jsonl.gz"):
        if event["session_id"]:
            sessions[event["session_id"]][event["occurred_at"]] = event["account_id"]
    mixed = anonymous = 0
    for events in sessions.values():
        accounts = [events[at] for at in sorted(events)]
        if not any(accounts):
            anonymous += 1
        elif accounts[0] is None:
            mixed += 1
    assert mixed > 5
    assert anonymous > 5


def test_the_words_of_a_review_fit_its_stars(world: Landed) -> None:
    from jobs.simulate.feedback import CLOSINGS, OPENINGS

    # Few reviews fall in five days, so the phrases are checked as well as the rows.
    for happy in ("love", "Excellent", "Best", "delighted"):
        assert any(happy in phrase for phrase in OPENINGS[5])
        assert not any(happy in phrase for stars in (1, 2) for phrase in OPENINGS[stars])
    for row in world.json_rows("feedback.jsonl"):
        if row["rating"] in OPENINGS:
            assert any(row["text"].endswith(phrase) for phrase in CLOSINGS[row["rating"]]), row


def test_opening_depends_on_the_hour_and_the_person(world: Landed) -> None:
    home_hours = {row["person"]: row["home_hour"] for row in world.true("persons")}
    near, far = [], []
    for row in world.true("message_effects"):
        hour = row["sent_at"].hour + row["sent_at"].minute / 60
        apart = abs((hour - home_hours[row["person"]] + 12) % 24 - 12)
        (near if apart < 3 else far).append(row["open_probability"])
    assert len(near) > 5
    assert len(far) > 5
    assert math.fsum(near) / len(near) > 1.3 * math.fsum(far) / len(far)


def test_only_those_treated_get_messages_and_can_answer(world: Landed) -> None:
    effects = world.true("message_effects")
    sent = {row["message_id"] for row in effects if row["treated"]}
    assert {row["treated"] for row in effects} == {True, False}
    for row in effects:
        assert row["treated"] or not (row["opened"] or row["clicked"] or row["caused_order"])
    landed = {row["message_id"] for row in world.csv_rows("messages.csv")}
    assert sent <= landed


def test_messages_go_only_where_consent_stood(world: Landed) -> None:
    granted = {
        (row["customer_no"], row["channel"])
        for row in world.json_rows("consents.jsonl")
        if row["purpose"] == "marketing" and row["status"] == "granted"
    }
    for row in world.true("message_effects"):
        assert (row["customer_no"], row["channel"]) in granted


def test_every_record_is_one_persons_and_several_are_some(world: Landed) -> None:
    owners = {(row["system"], row["record_key"]): row["person"] for row in world.true("records")}
    assert len(owners) == len(world.true("records"))
    crm = Counter(person for (system, _), person in owners.items() if system == "crm")
    assert max(crm.values()) > 1
    bad = sum(row["rows"] for row in world.true("bad_rows") if row["feed"] == "crm")
    unknown = {
        row["customer_no"]
        for row in world.csv_rows("crm_customers.csv")
        if ("crm", row["customer_no"]) not in owners
    }
    assert 0 < len(unknown) <= bad


def test_nobody_visits_or_answers_after_churn(world: Landed) -> None:
    left = {row["person"]: row["churned_on"] for row in world.true("persons") if row["churned_on"]}
    assert left
    for visit in world.true("visits"):
        if visit["person"] in left:
            assert visit["started_at"].date() < left[visit["person"]], visit
    too_late = [
        row
        for row in world.true("message_effects")
        if row["person"] in left and row["sent_at"].date() >= left[row["person"]]
    ]
    assert too_late
    for row in too_late:
        assert not (row["opened"] or row["clicked"] or row["caused_order"])
        assert row["open_probability"] == row["click_probability"] == 0.0


def test_a_household_shares_addresses_and_nobody_else_its_devices(world: Landed) -> None:
    households = {row["person"]: row["household"] for row in world.true("persons")}
    owners = {row["record_key"]: row["person"] for row in world.true("records")}
    logins = defaultdict(set)
    for row in world.json_rows("shop_accounts.jsonl"):
        if row["account_id"] in owners:
            logins[row["login"]].add(owners[row["account_id"]])
    users = defaultdict(set)
    for row in world.true("devices"):
        users[row["key"]].add(row["person"])
    assert any(len(people) > 1 for people in logins.values())
    for people in [*logins.values(), *users.values()]:
        assert len({households[person] for person in people}) == 1


def test_rows_out_are_as_the_truth_counts_them(world: Landed) -> None:
    files = {
        "crm": ("crm_customers.csv", 1), "accounts": ("shop_accounts.jsonl", 0),
        "loyalty": ("loyalty_members.csv.gz", 1), "orders": ("orders.csv", 1),
        "events": ("events.jsonl.gz", 0), "consents": ("consents.jsonl", 0),
        "messages": ("messages.csv", 1), "feedback": ("feedback.jsonl", 0),
    }  # fmt: skip
    told: Counter[tuple[str, str]] = Counter()
    for row in world.true("feed_rows"):
        told[row["feed"], str(row["day"])] += row["rows"]
    for feed, (file, header) in files.items():
        found = Counter(day for day, _ in world.lines(file))
        for day, rows in found.items():
            assert rows - header == told[feed, day], (feed, day)
    assert {row["mark"] for row in world.true("feed_rows")} >= {"clean", "late", "duplicate"}


def test_bad_rows_are_as_the_truth_counts_them(world: Landed) -> None:
    told: Counter[tuple[str, str]] = Counter()
    for row in world.true("bad_rows"):
        told[row["feed"], row["kind"]] += row["rows"]
    events = world.json_rows("events.jsonl.gz")
    lines = sum(1 for _ in world.lines("events.jsonl.gz"))
    assert told["events", "broken_json"] == lines - len(events)
    assert told["events", "unknown_enum"] == sum(row["type"] == "teleport" for row in events)
    assert told["events", "missing_key"] == sum(row["event_id"] is None for row in events)
    years = Counter(str(row["occurred_at"])[:4] for row in events)
    assert told["events", "future_row"] == years["2028"]
    assert told["events", "ancient_row"] == years["1999"]
    assert told["events", "number_with_letters"] == sum(row["dwell_ms"] == "12s" for row in events)
    assert min(told[feed, kind] for feed, kind in told if feed == "events") > 0
    orders = world.csv_rows("orders.csv")
    written = sum(1 for _ in world.lines("orders.csv")) - world.settings.days
    assert told["orders", "wrong_column_count"] == written - len(orders)
    assert told["orders", "unknown_enum"] == sum(row["kind"] == "barter" for row in orders)
    assert told["orders", "zero_quantity"] == sum(row["quantity"] == "0" for row in orders)
    assert told["orders", "negative_quantity"] == sum(
        row["kind"] == "sale" and int(row["quantity"]) < 0 for row in orders
    )
    assert told["orders", "number_with_letters"] == sum(not _is_number(r) for r in orders)


def _is_number(row: dict[str, str]) -> bool:
    try:
        Decimal(row["unit_price"])
    except InvalidOperation:
        return False
    return True


def test_an_exact_duplicate_keeps_its_id(world: Landed) -> None:
    lines = Counter(line for _, line in world.lines("events.jsonl.gz"))
    doubled = sum(count - 1 for count in lines.values())
    told = sum(
        row["rows"]
        for row in world.true("feed_rows")
        if row["feed"] == "events" and row["mark"] == "duplicate"
    )
    assert doubled == told > 0
