"""Behaviour on the web and in the app, and what the mailing system reports back."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.assortment import DEPARTMENTS, SHELVES, SHELVES_A_DEPARTMENT
from jobs.simulate.catalogue import product_id
from jobs.simulate.chance import Chance, nth
from jobs.simulate.clock import Clock, day_of
from jobs.simulate.messages import message_products
from jobs.simulate.spelling import typo

AGENTS = {
    "phone": "Mozilla/5.0 (Linux; Android 15) Mobile Safari/537.36",
    "tablet": "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Safari/604.1",
    "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0",
}


def event_rows(
    sessions: DataFrame,
    views: DataFrame,
    lines: DataFrame,
    messages: DataFrame,
    chance: Chance,
    clock: Clock,
) -> DataFrame:
    """Write all behavioural events."""
    online = (
        _session_events(sessions.where("kind != 'store'"), lines, chance)
        .unionByName(_view_events(views.where("kind != 'store'"), chance))
        .transform(_web_rows, chance)
    )
    return online.unionByName(_message_events(messages, chance)).transform(_written, clock)


def _event(kind: str, second: Column, number: int | Column, **values: Column) -> Column:
    """Build one event; `number` tells apart the events of a session."""
    blank = {"product": "int", "query": "string", "dwell_ms": "int", "page": "string",
             "order_id": "string", "value": "decimal(12,2)"}  # fmt: skip
    return F.struct(
        F.lit(kind).alias("type"),
        second.cast("long").alias("second"),
        (F.lit(number) if isinstance(number, int) else number).cast("int").alias("number"),
        *[values.get(name, F.lit(None)).cast(type_).alias(name) for name, type_ in blank.items()],
    )


def _session_events(sessions: DataFrame, lines: DataFrame, chance: Chance) -> DataFrame:
    session, start = F.col("session"), F.col("second")
    totals = lines.groupBy(session).agg(
        F.sum(F.col("unit_price") * F.col("quantity") - F.col("discount")).alias("value")
    )
    shelf = F.col("first_product") % len(SHELVES)
    noun = F.col("noun")
    department = nth(DEPARTMENTS, F.floor(shelf / SHELVES_A_DEPARTMENT).cast("int"))
    query = F.when(
        chance.chance(0.12, "query typo", session), typo(chance, noun, "query", session)
    ).otherwise(noun)
    landing = F.when(F.col("kind").isin("browse", "nudge"), "/").otherwise(
        F.concat(F.lit("/c/"), F.lower(department))
    )
    dwell = 1_500 + chance.whole(20_000, "page dwell", session)
    events = F.array_compact(
        F.array(
            _event("page_view", start, 0, page=landing, dwell_ms=dwell),
            F.when(
                (F.col("kind") != "message") & chance.chance(0.35, "searches", session),
                _event("search", start + 9, 1, query=query, page=F.lit("/search")),
            ),
            F.when(
                F.col("bought") > 0,
                _event(
                    "purchase", F.col("ordered_second"), 2, page=F.lit("/checkout/done"),
                    order_id=F.col("order_id"), value=F.col("value"),
                ),
            ),
        )
    )  # fmt: skip
    return (
        sessions.join(totals, "session", "left")
        .withColumn("noun", nth([row.noun for row in SHELVES], shelf.cast("int")))
        .withColumn("event", F.explode(events))
        .select(*WEB_COLUMNS, "event")
    )


WEB_COLUMNS = ("session", "second", "session_id", "device_id", "cookie_id", "account_id",
               "logged_after", "device_kind")  # fmt: skip


def _view_events(views: DataFrame, chance: Chance) -> DataFrame:
    session, position, at = F.col("session"), F.col("position"), F.col("seen_at")
    first = 10 + position * 10
    product = F.col("product")
    page = F.concat(F.lit("/p/"), product_id(product))
    # Longer looks at what fits: dwell time is the implicit sign of interest it is taken for.
    dwell = F.exp(8.6 + 0.25 * F.col("affinity") + 0.7 * chance.normal("dwell", session, position))
    abandoned = ~F.col("wanted") & chance.chance(0.1, "abandoned", session, position)
    taken_out = abandoned & chance.chance(0.4, "taken out", session, position)
    events = F.array_compact(
        F.array(
            _event("product_view", at, first, product=product, page=page, dwell_ms=F.floor(dwell)),
            F.when(
                chance.chance(0.25, "hovers", session, position),
                _event("hover", at + 4, first + 1, product=product, page=page,
                       dwell_ms=300 + chance.whole(2_500, "hover dwell", session, position)),
            ),
            F.when(
                F.col("wanted") | abandoned,
                _event("add_to_cart", at + 15, first + 2, product=product, page=page),
            ),
            F.when(
                taken_out,
                _event("remove_from_cart", at + 30, first + 3, product=product,
                       page=F.lit("/cart")),
            ),
        )
    )  # fmt: skip
    return views.withColumn("event", F.explode(events)).select(*WEB_COLUMNS, "event")


def _web_rows(events: DataFrame, chance: Chance) -> DataFrame:
    event = F.col("event")
    logged_in = event["second"] >= F.col("second") + F.col("logged_after")
    agent = F.lit(None).cast("string")
    for kind, text in AGENTS.items():
        agent = F.when(F.col("device_kind") == kind, text).otherwise(agent)
    return events.select(
        event["second"].alias("place"),
        chance.code("event", F.col("session"), event["number"]).alias("code"),
        event["type"].alias("type"),
        "session_id",
        "device_id",
        "cookie_id",
        F.when(logged_in, F.col("account_id")).alias("account_id"),
        event["product"].alias("product"),
        event["query"].alias("query"),
        event["dwell_ms"].alias("dwell_ms"),
        event["page"].alias("page"),
        event["order_id"].alias("order_id"),
        F.lit(None).cast("string").alias("message_id"),
        event["value"].alias("value"),
        agent.alias("user_agent"),
        "device_kind",
    )


def _message_events(messages: DataFrame, chance: Chance) -> DataFrame:
    """Report openings and clicks: of all channels, under the mail system's old names."""
    person, campaign = F.col("person"), F.col("campaign")
    shown = F.array(*message_products(chance))
    clicked = F.get(shown, chance.whole(F.size(shown), "clicked product", person, campaign))
    said = F.array_compact(
        F.array(
            F.when(F.col("opened"), _event("email_open", F.col("opened_at"), 0)),
            F.when(
                F.col("clicked"), _event("email_click", F.col("clicked_at"), 1, product=clicked)
            ),
        )
    )
    event = F.col("event")
    none = F.lit(None).cast("string")
    return (
        messages.where("opened")
        .withColumn("event", F.explode(said))
        .select(
            event["second"].alias("place"),
            chance.code("message event", person, campaign, event["number"]).alias("code"),
            event["type"].alias("type"),
            none.alias("session_id"),
            none.alias("device_id"),
            none.alias("cookie_id"),
            none.alias("account_id"),
            event["product"].alias("product"),
            event["query"].alias("query"),
            event["dwell_ms"].alias("dwell_ms"),
            event["page"].alias("page"),
            event["order_id"].alias("order_id"),
            F.col("message").alias("message_id"),
            event["value"].alias("value"),
            none.alias("user_agent"),
            none.alias("device_kind"),
        )
    )


def _written(events: DataFrame, clock: Clock) -> DataFrame:
    return events.select(
        day_of(F.col("place")).alias("day"),
        "place",
        F.concat(F.lit("E"), F.col("code")).alias("event_id"),
        clock.utc_text(F.col("place")).alias("occurred_at"),
        "type", "session_id", "device_id", "cookie_id", "account_id",
        product_id(F.col("product")).alias("product_id"),
        "query", "dwell_ms", "page", "order_id", "message_id", "value", "user_agent",
        "device_kind",
    )  # fmt: skip
