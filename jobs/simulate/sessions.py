"""How a visit looks to the systems: device, cookie, login, and how much is looked at and bought."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance
from jobs.simulate.devices import phone, phone_browser
from jobs.simulate.keys import account_id, customer_no
from jobs.simulate.records import known_customer
from jobs.simulate.settings import SimulateSettings
from jobs.simulate.taste import Taste

MOST_VIEWS = 8
SECONDS_A_VIEW = 45
FIRST_VIEW = 20
"""Seconds from the start of a visit to its first product."""
COOKIE_DAYS = 30
STORES = ("S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08")
BUYS = {"browse": 0.2, "message": 0.3, "replenish": 1.0, "nudge": 1.0, "store": 1.0}
"""Chance that a visit of a kind ends in an order."""
LOGS_IN_LATE = 0.35
"""Of people of the hard world: no login on the web before a day drawn for them."""


def sessions(
    visits: DataFrame, settings: SimulateSettings, chance: Chance, taste: Taste
) -> DataFrame:
    """Make one row a session: a visit with its size, its first product and who it was known as.

    `views` products are looked at, the first `bought` of them are bought (none: 0).
    `logged_after` is the second within the session from which the account is known, null for
    never. Store visits are sessions of one kind, without device and without events.
    """
    keyed = visits.withColumn(
        "session", chance.bits("session", F.col("person"), F.col("day"), F.col("turn"))
    )
    return (
        keyed.transform(_extent, chance)
        .transform(_device, settings, chance)
        .transform(_login, settings, chance)
        .transform(_order, chance)
        .withColumn("shelf", F.lit(None).cast("int"))
        .withColumn("wanted", F.col("bought") > 0)
        .transform(taste.with_product, "found", F.col("session"), F.lit(0))
        .withColumn("first_product", F.coalesce("first_product", "found"))
        .drop("shelf", "wanted", "found")
    )


def _extent(visits: DataFrame, chance: Chance) -> DataFrame:
    session = F.col("session")
    share = F.lit(0.0)
    for kind, chance_of_order in BUYS.items():
        share = F.when(F.col("kind") == kind, chance_of_order).otherwise(share)
    many = F.floor(-1.1 * F.log(1.0 - chance.uniform("bought", session)))
    looked = 1 + F.floor(-2.4 * F.log(1.0 - chance.uniform("views", session)))
    return (
        visits.withColumn(
            "bought",
            F.when(chance.chance(share, "buys", session), F.least(1 + many, F.lit(6)))
            .otherwise(0)
            .cast("int"),
        )
        .withColumn(
            "views",
            F.when(F.col("kind") == "store", F.col("bought"))
            .otherwise(F.greatest(F.col("bought"), F.least(looked, F.lit(MOST_VIEWS))))
            .cast("int"),
        )
        .withColumn("shift", chance.whole(MOST_VIEWS, "shift", session))
        .withColumn("length", FIRST_VIEW + F.col("views") * SECONDS_A_VIEW + 40)
    )


def _device(visits: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Draw the device: one of the person's, or the household's tablet that all of it use.

    In the hard world a phone may have been bought from another, with a browser set up anew.
    """
    person, session = F.col("person"), F.col("session")
    number = chance.whole(F.col("device_count"), "device", session)
    on_tablet = F.col("shares_tablet") & chance.chance(0.3, "tablet", session)
    in_app = F.col("uses_app") & F.col("account_since").isNotNull() & (number == 0) & ~on_tablet
    channel = (
        F.when(F.col("kind") == "store", "store")
        .when(in_app & (F.col("account_since") <= F.col("second")), "app")
        .otherwise("web")
    )
    own = person * 8 + number
    device, browser = (own, own)
    if settings.hard:
        device, browser = phone(settings, chance, own), phone_browser(settings, chance, own)
    tablet = F.col("household") * 8 + 7
    key = F.when(on_tablet, tablet).otherwise(device)
    browser_key = F.when(on_tablet, tablet).otherwise(browser)
    age = chance.whole(COOKIE_DAYS, "cookie age", browser_key)
    # Private windows have a cookie of their own each; others keep theirs for a month.
    private = chance.chance(0.07, "private window", session)
    cookie_key = F.when(private, session).otherwise(browser_key)
    epoch = F.when(private, -1).otherwise(F.floor((F.col("day") + age) / COOKIE_DAYS))
    online = F.col("kind") != "store"
    fingerprinted = (channel == "app") | chance.chance(0.92, "fingerprint", session)
    return (
        visits.withColumn("channel", channel)
        .withColumn(
            "device_kind",
            F.when(online & on_tablet, "tablet")
            .when(online & (number == 0), "phone")
            .when(online, "desktop"),
        )
        .withColumn(
            "device_id",
            F.when(online & fingerprinted, F.concat(F.lit("D"), chance.code("device", key))),
        )
        .withColumn(
            "cookie_id",
            F.when(
                online & (channel != "app"),
                F.concat(F.lit("K"), chance.code("cookie", cookie_key, epoch)),
            ),
        )
        .withColumn(
            "session_id", F.when(online, F.concat(F.lit("S"), chance.code("session id", session)))
        )
    )


def _login(visits: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Draw when within the session the account becomes known; buyers mostly log in to pay.

    In the hard world some who have an account do without it until some day of the window.
    """
    session = F.col("session")
    share = F.when(F.col("bought") > 0, 0.92).otherwise(0.4)
    has_account = F.coalesce(F.col("account_since") <= F.col("second"), F.lit(False))
    logs_in = has_account & chance.chance(share, "logs in", session)
    if settings.hard:
        person = F.col("person")
        from_day = chance.whole(settings.days, "first login", person)
        waits = chance.chance(LOGS_IN_LATE, "logs in late", person)
        logs_in = logs_in & (~waits | (F.col("day") >= from_day))
    within = 5 + chance.whole(F.col("length") - 30, "login second", session)
    return visits.withColumn(
        "logged_after",
        F.when(F.col("channel") == "app", 0).when((F.col("channel") == "web") & logs_in, within),
    )


def _order(visits: DataFrame, chance: Chance) -> DataFrame:
    """Name the order, its customer as far as the till or the web shop knew, and its moment."""
    person, session = F.col("person"), F.col("session")
    logged_in = F.col("logged_after").isNotNull()
    linked = F.col("account_linked") & (F.col("record_since") <= F.col("second"))
    card_shown = chance.chance(0.88, "card shown", session)
    at_till = known_customer(chance, F.col("second"), "till record", session)
    return (
        visits.withColumn("account_id", F.when(logged_in, account_id(person)))
        .withColumn(
            "customer_no",
            F.when(F.col("channel") == "store", F.when(card_shown, at_till)).when(
                logged_in & linked, customer_no(person, F.lit(0))
            ),
        )
        .withColumn(
            "order_id",
            F.when(F.col("bought") > 0, F.concat(F.lit("O"), chance.code("order", session))),
        )
        .withColumn("ordered_second", F.col("second") + F.col("length"))
        .withColumn(
            "store_id",
            F.when(F.col("channel") == "store", _store(chance)),
        )
    )


def _store(chance: Chance) -> Column:
    """Return the store: a household's own, now and then another."""
    away = chance.chance(0.12, "away", F.col("session"))
    return F.when(away, chance.pick(STORES, "store away", F.col("session"))).otherwise(
        chance.pick(STORES, "store home", F.col("household"))
    )


def views(sessions: DataFrame, chance: Chance, taste: Taste) -> DataFrame:
    """Make one row a product looked at; rows with `position < bought` are bought.

    Later products of an order often come from the shelf that goes with the first one's.
    """
    session, position = F.col("session"), F.col("position")
    slot = (position + F.col("shift")) % F.col("views")
    return (
        sessions.where("views > 0")
        .withColumn("position", F.explode(F.sequence(F.lit(0), F.col("views") - 1)))
        .withColumn("wanted", position < F.col("bought"))
        .withColumn(
            "shelf",
            F.when(
                F.col("wanted") & chance.chance(0.35, "companion", session, position),
                taste.companion_shelf(F.col("first_product")),
            ),
        )
        .transform(taste.with_product, "found", session, position)
        .withColumn(
            "product", F.when(position == 0, F.col("first_product")).otherwise(F.col("found"))
        )
        .drop("shelf", "found")
        .withColumn("affinity", taste.affinity(F.col("product")))
        .withColumn("seen_at", F.col("second") + FIRST_VIEW + slot * SECONDS_A_VIEW)
        .drop("taste_shares", "style_first", "style_second", "budget_tier", "record_count")
        .drop("record_since", "account_since", "account_linked", "device_count", "uses_app")
    )
