"""For every rule of every suite, what a few good rows must suffer so that just that rule fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from expectations.suite import Suite
from tests.expectations.good import Row

BUSY = {"history": (10_000,) * 10}


@dataclass(frozen=True)
class Corruption:
    """What is done to the good rows, or to the night they are checked for.

    Attributes
    ----------
    change : callable
        From good rows to bad ones; it does not change its argument.
    also : frozenset of str
        Rules that cannot but fail with it.
    night : dict
        Fields of the context that differ.
    """

    change: Callable[[list[Row]], list[Row]]
    also: frozenset[str] = frozenset()
    night: dict[str, Any] = field(default_factory=dict)


def first(*also: str, **values: Any) -> Corruption:
    """Change values of the first row."""
    return Corruption(lambda rows: [rows[0] | values, *rows[1:]], frozenset(also))


def second(*also: str, **values: Any) -> Corruption:
    """Change values of the second row."""
    return Corruption(lambda rows: [rows[0], rows[1] | values, *rows[2:]], frozenset(also))


def third(*also: str, **values: Any) -> Corruption:
    """Change values of the third row."""
    return Corruption(lambda rows: [*rows[:2], rows[2] | values, *rows[3:]], frozenset(also))


def every(*also: str, **values: Any) -> Corruption:
    """Change values of every row."""
    return Corruption(lambda rows: [row | values for row in rows], frozenset(also))


def more(*also: str, **values: Any) -> Corruption:
    """Add the first row again, with other values."""
    return Corruption(lambda rows: [*rows, rows[0] | values], frozenset(also))


def fewer(*also: str, keep: int) -> Corruption:
    """Keep only the first rows."""
    return Corruption(lambda rows: rows[:keep], frozenset(also))


def many(times: int, name: str, **values: Any) -> Corruption:
    """Repeat the first row under so many keys."""
    return Corruption(lambda rows: [rows[0] | {name: f"x{n}"} | values for n in range(times)])


def on(**night: Any) -> Corruption:
    """Leave the rows, change the night."""
    return Corruption(lambda rows: rows, night=night)


OLD = "1970-01-01T00:00:00"
MAIL = "ann@example.org"
_DISORDER = {"first_seen": "2026-03-11T00:00:00"}
_AHEAD = "2026-03-11"
_STALE = {"ordered_at": "2026-02-20T10:00:00", "order_date": "2026-02-20"}
_NOBODY = {"identifier": None, "customer_no": None, "login": None, "message_id": None}
_UNKNOWN_PRODUCT = every(product_id="nowhere")
_STRANGERS = Corruption(
    lambda rows: [row | {"person_id": "nobody{c}"} for row in rows[:3]] + rows[3:]
)

CORRUPTIONS: dict[str, dict[str, Corruption]] = {
    "silver.customers": {
        "identified": second(loyalty_no=None),
        "plausible_registration": first(registered_at=OLD),
        "plausible_change": second(updated_at=OLD),
        "tokenised": first(phone_token="+43 1 5123456"),
        "changed_after_registration": first(updated_at="2025-12-01T00:00:00"),
    },
    "silver.order_lines": {
        "kind_given": first("more_sold_than_returned", kind=None),
        "known_kind": first(kind="lease"),
        "sale_quantity": first("amounts_add_up", quantity="-2"),
        "sale_price": first("amounts_add_up", unit_price="-5"),
        "sale_amount": first("amounts_add_up", amount="-9"),
        "goods_back": second("amounts_add_up", quantity="1"),
        "money_back": second("amounts_add_up", amount="5"),
        "priced": first(amount=None, unit_price=None),
        "discount_sign": first("amounts_add_up", discount="-1"),
        "currency_code": first(currency="eur"),
        "rate_known": first("more_sold_than_returned", amount_base=None),
        "rate_positive": first(fx_rate="0"),
        "plausible_date": first("dates_agree", order_date="1970-01-01"),
        "dates_agree": first(ordered_at="2026-03-08T10:00:00"),
        "amounts_add_up": first(amount="8.50"),
        "sales_have_products": first(product_id=None),
        "few_free_sales": first("more_sold_than_returned", amount_base="0"),
        "more_sold_than_returned": second(amount_base="-50"),
        "products_known": _UNKNOWN_PRODUCT,
        "not_late": every(ordered_at="2026-03-05T10:00:00", order_date="2026-03-05"),
        "not_stale": every("not_late", **_STALE),
    },
    "silver.events": {
        "known_type": second(type="dance"),
        "plausible_dwell": first(dwell_ms=24 * 60 * 60 * 1000 + 1),
        "somebody": first(**_NOBODY),
        "plausible_date": first("dates_agree", event_date="1970-01-01"),
        "dates_agree": first(occurred_at="2026-03-12T10:00:00"),
        "product_events_name_one": first(product_id=None),
        "searches_have_words": second(query=" "),
        "values_not_negative": first(value="-1"),
        "products_known": _UNKNOWN_PRODUCT,
        "not_late": every(occurred_at="2026-03-05T10:00:00", event_date="2026-03-05"),
        "not_stale": every("not_late", occurred_at="2026-02-20T10:00:00", event_date="2026-02-20"),
    },
    "silver.consents": {
        "known_purpose": first(purpose="resale"),
        "known_status": first(status="perhaps"),
        "known_channel": first(channel="pigeon"),
        "somebody": first(email_token=None, phone_token=None),
        "plausible_date": first(occurred_at=OLD),
        "tokenised": first(email_token=MAIL),
        "both_answers": many(1000, "consent_id"),
        "no_mass_withdrawal": many(50, "consent_id", status="withdrawn"),
    },
    "silver.products": {
        "known_item_type": first(item_type="voucher"),
        "price_sign": first(price="-0.01"),
        "currency_code": first(currency="€"),
        "stock_sign": first(stock=-1),
        "plausible_change": first(updated_at=OLD),
        "prices_have_currencies": first(currency=None),
        "products_have_names": first(name=" "),
    },
    "silver.messages": {
        "known_channel": first(channel="pigeon"),
        "somebody": first(email_token=None),
        "plausible_date": first(sent_at=OLD),
        "tokenised": first(email_token=MAIL),
        "campaigns_named": every(campaign_id=None),
    },
    "silver.feedback": {
        "stars": first(rating=6),
        "plausible_date": first(written_at=OLD),
        "reviews_name_products": first(product_id=None),
        "products_known": _UNKNOWN_PRODUCT,
    },
    "identity.links": {
        "typed": first(left_id="email"),
        "ordered": first(left_id="record:crm:2"),
        "span": first(**_DISORDER),
    },
    "identity.sightings": {
        "of_something": first(device=None, cookie=None),
        "typed": first(known_as="email:ab"),
        "span": first(**_DISORDER),
    },
    "identity.identifiers": {
        "known_type": third(type="face", identifier="face:1"),
        "prefixed": first(identifier="phone:1"),
        "span": first(**_DISORDER),
        "bounds": first(valid_to="2026-02-27T00:00:00"),
        "bounded_by_use": third(valid_to="2026-03-02T00:00:00"),
        "one_at_a_time": second(valid_from="2026-03-01T12:00:00"),
        "persons_exist": first(person_id="nobody"),
        "not_empty": fewer(keep=0),
    },
    "identity.persons": {
        "known_kind": first(kind="robot"),
        "records_sign": first(records=-1),
        "has_identifier": first(identifiers=0),
        "span": first(**_DISORDER),
        "of_tonight": first(as_of="2026-03-09"),
        "nobody_is_a_crowd": first(identifiers=501),
        "not_empty": fewer(keep=0),
    },
    "identity.blocks": {"each_once": first(blocks=[1, 1])},
    "identity.matches": {
        "ordered": first(left_id="crm:9"),
        "weight_is_probability": first(weight=2.0),
    },
    "identity.decisions": {"known_kind": first(kind="guess"), "reasoned": first(why=" ")},
    "identity.review": {
        "ordered": first(left_id="record:crm:9"),
        "known_reason": first(reason="mood"),
        "of_tonight": first(as_of="2026-03-09"),
    },
    "identity.history": {
        "known_event": first(event="born"),
        "of_two": first(other_id="p1{c}"),
        "of_tonight": first(as_of="2026-03-09"),
    },
    "identity.names": {"is_person": first(person_id="ann")},
    "identity.golden": {
        "known_rule": first(rule="hunch"),
        "personal_is_sealed": second(value=None),
        "counts_agree": first(records=1),
        "agreed_is_one": second(rule="newest"),
        "conflict_is_of_several": second(conflict=True),
        "of_tonight": first(as_of="2026-03-09"),
        "tokenised": first(token=MAIL),
        "persons_exist": every(person_id="nobody{c}"),
        "one_home": second(record_id="crm:2"),
    },
    "identity.conflicts": {
        "token_or_value": first(value="1971-12-24"),
        "of_tonight": first(as_of="2026-03-09"),
        "tokenised": first(token=MAIL),
        "persons_exist": every(person_id="nobody{c}"),
        "two_sides": second(golden=True),
        "person_id_given": first("two_sides", person_id=None),
        "attribute_given": first("two_sides", attribute=None),
        "golden_given": first("two_sides", golden=None),
    },
    "identity.households": {
        "unique_key": more("members_counted"),
        "members_given": first("members_counted", members=None),
        "known_evidence": first("alone_is_one", evidence="gossip"),
        "alone_is_one": first(evidence="phone"),
        "of_tonight": first(as_of="2026-03-09"),
        "persons_exist": first(person_id="nobody"),
        "members_counted": first("alone_is_one", members=2),
        "no_crowd": first("alone_is_one", "members_counted", members=31),
    },
    "gold.visits": {
        "parts_of_the_whole": first(cart_adds=2),
        "counts_not_negative": second(searches=-1),
        "viewed_to_dwell": second(dwell_ms=1),
    },
    "gold.touchpoints": {
        "known_kind": first(kind="purchase"),
        "times_positive": second(times=0),
        "of_something": first(product_id=None, message_id=None),
        "of_somebody": first(identifier=None, message_id=None),
    },
    "gold.profiles": {
        "known_kind": first(kind="robot"),
        "counts_sign": first(searches=-1),
        "gross_sign": second(gross_revenue="-1", net_revenue="-1"),
        "net_below_gross": first(net_revenue="30.02"),
        "buyers_have_dates": first(first_order_on=None),
        "orders_span": first(first_order_on="2026-03-10"),
        "days_since_order": first(days_since_order=2),
        "nothing_ahead": first(last_order_on=_AHEAD, days_since_order=-1),
        "average_order": first(average_order_value="16.00"),
        "interval_of_buyers": second(order_interval_days=3.0),
        "windows_within": first(orders_90d=3),
        "stars": second(average_rating=4.0),
        "of_tonight": second(as_of="2026-03-09"),
        "opened_were_sent": first(messages_opened=6),
        "clicked_were_sent": first(messages_clicked=6),
        "persons_exist": second(person_id="nobody"),
        "everybody_has_one": fewer(keep=1),
        "not_empty": fewer(keep=0),
        "not_late": first(last_order_on="2026-03-06", days_since_order=4),
    },
    "gold.rfm": {
        "recency_sign": first(recency_days=-1),
        "bought": second(frequency=0),
        "r_score_range": second(r_score=0),
        "f_score_range": second(f_score=6),
        "m_score_range": second(m_score=0),
        "segment_named": first(segment=" "),
        "of_tonight": first(as_of="2026-03-09"),
        "r_score_follows": first(recency_days=81),
        "f_score_follows": second(frequency=10),
        "m_score_follows": second(monetary="100.00"),
        "profiles_exist": first(person_id="nobody"),
    },
    "gold.clusters": {
        "label_sign": first(cluster=-1),
        "cluster_named": first(name=""),
        "distance_is_one": first(distance=float("nan")),
        "of_tonight": first(as_of="2026-03-09"),
        "profiles_exist": first(person_id="nobody"),
    },
    "gold.cluster_centres": {
        "label_sign": first(cluster=-1),
        "cluster_named": first(name=""),
        "inhabited": first(persons=0),
        "centre_given": first(centre=[("orders", float("nan"))]),
        "silhouette_range": first(silhouette=1.1),
        "of_tonight": first(as_of="2026-03-09"),
        "tells_apart": fewer(keep=1),
    },
    "gold.segments": {
        "unique_key": more("no_overlap"),
        "known_family": first(family="zodiac"),
        "segment_named": first(segment=""),
        "span": first(valid_to="2026-03-01"),
        "nothing_ahead": Corruption(lambda rows: [*rows[:2], rows[2] | {"valid_from": _AHEAD}]),
        "one_open_span": second("no_overlap", valid_to=None),
        "no_overlap": second(valid_from="2026-03-04"),
        "persons_exist": every(person_id="nobody{c}"),
    },
    "gold.interactions": {
        "known_kind": first(kind="theft"),
        "quantity_positive": second(quantity=0.0),
        "purchase_value": first(value="-5.00"),
        "plausible_date": first(occurred_on="1970-01-01"),
        "nothing_ahead": first(occurred_on=_AHEAD),
        "persons_exist": first(person_id="nobody"),
        "products_known": _UNKNOWN_PRODUCT,
        "not_late": every(occurred_on="2026-03-05"),
    },
    "gold.scores": {
        "unique_key": more("ranks_dense", "products_once"),
        "person_id_given": first("ranks_dense", person_id=None),
        "rank_range": first("ranks_dense", rank=0),
        "rank_given": first("ranks_dense", rank=None),
        "scored": first(product_id=None),
        "score_is_one": first(score=float("inf")),
        "known_strategy": first(strategy="hunch"),
        "of_tonight": first(as_of="2026-03-09"),
        "ranks_dense": first(rank=4, score=0.1),
        "products_once": second(product_id="mug"),
        "best_first": second(score=1.0),
        "persons_exist": _STRANGERS,
        "for_everybody": fewer(keep=3),
        "products_exist": first(product_id="nowhere"),
        "not_empty": fewer(keep=0),
    },
    "serving.recommendations": {
        "unique_key": more("ranks_dense", "products_once"),
        "person_id_given": first("ranks_dense", person_id=None),
        "rank_range": first("ranks_dense", rank=21),
        "rank_given": first("ranks_dense", rank=None),
        "score_is_one": first(score=float("nan")),
        "known_strategy": first(strategy="hunch"),
        "reason_worded": first(reason=" "),
        "model_named": first(model_version=""),
        "expires": first(generated_at="2026-03-14T00:00:00"),
        "of_tonight": first(as_of="2026-03-09"),
        "still_good": first(generated_at="2026-03-09T00:00:00", expires_at="2026-03-10T00:00:00"),
        "ranks_dense": first(rank=4),
        "products_once": second(product_id="mug"),
        "persons_exist": every(person_id="nobody{c}"),
        "products_for_sale": first(product_id="post"),
        "not_empty": fewer(keep=0),
    },
}


def corruptions(suite: Suite) -> dict[str, Corruption]:
    """Return a corruption for every rule of a suite, those every suite has included."""
    names = {rule.name for rule in suite.rules}
    usual = {"unique_key": more()} | ({"volume": on(**BUSY)} if "volume" in names else {})
    for column in suite.table.columns:
        if not column.nullable:
            usual[f"{column.name}_given"] = first(**{column.name: None})
    return usual | CORRUPTIONS[suite.table.id]
