"""Gold: profiles, segments and interactions, by person."""

from dataclasses import replace

from jobs.lake.contract import Column, Refresh, Table
from jobs.lake.tables.columns import (
    AS_OF,
    IDENTIFIER,
    KNOWN_FROM,
    LOADED_ON,
    PERSON_ID,
    PRODUCT_ID,
    PSEUDO,
    PUBLIC,
)

MONEY = "decimal(20,4)"
ANALYTICS = "analytics"


def _count(name: str, what: str) -> Column:
    return Column(name, "bigint", what, PSEUDO, nullable=False)


def _money(name: str, what: str, nullable: bool = False) -> Column:
    return Column(name, MONEY, what, PSEUDO, nullable)


def _summed(name: str, of: tuple[Column, ...], sums: tuple[Column, ...], description: str) -> Table:
    """Declare a table of events summed up by identifier, night and some more columns."""
    grain = (IDENTIFIER, *of, KNOWN_FROM, LOADED_ON)
    return Table(
        layer="gold",
        name=name,
        columns=(*grain, *sums),
        key=tuple(column.name for column in grain),
        refresh=Refresh.REPLACE_DATE,
        owner=ANALYTICS,
        otherwise=PUBLIC,
        description=description,
        at="last_event_at",
        date="loaded_on",
    )


_SESSION = Column("session_id", "string", "Session; null for events of none.", PSEUDO)

VISITS = _summed(
    "visits",
    (
        _SESSION,
        Column("event_date", "date", "Business day in the shop's time zone.", nullable=False),
    ),
    (
        _count("events", "Events, of whatever type."),
        _count("product_views", "Product views."),
        _count("searches", "Searches."),
        _count("cart_adds", "Additions to the cart."),
        _count("dwell_ms", "Time on product pages, milliseconds."),
        Column("last_event_at", "timestamp", "Last event (UTC).", PSEUDO, nullable=False),
    ),
    "Events summed up by identifier, session and day: what a night reads of the events of former "
    "nights. The person is found in `identity.identifiers`.",
)

TOUCHPOINTS = _summed(
    "touchpoints",
    (
        _SESSION,
        Column("product_id", "string", "Product, if the event names one."),
        Column("message_id", "string", "Message, if it happened in one."),
        Column(
            "kind",
            "string",
            "add_to_cart, product_view, email_open or email_click.",
            PSEUDO,
            nullable=False,
        ),
        Column("occurred_on", "date", "Business day in the shop's time zone.", nullable=False),
    ),
    (
        _count("times", "How many times."),
        Column("last_event_at", "timestamp", "Last event (UTC).", PSEUDO),
    ),
    "What each identifier did with a product or a message in each session, summed up from events. "
    "Purchases are not among them: `silver.order_lines` has those.",
)

PROFILES = Table(
    layer="gold",
    name="profiles",
    columns=(
        PERSON_ID,
        AS_OF,
        Column("kind", "string", "known or anonymous.", nullable=False),
        Column("country", "string", "Country of the latest record.", PSEUDO),
        Column("registered_on", "date", "Day of the earliest registration.", PSEUDO),
        Column("first_order_on", "date", "Business day of the first sale.", PSEUDO),
        Column("last_order_on", "date", "Business day of the last sale.", PSEUDO),
        Column("days_since_order", "int", "Days from the last sale to `as_of`.", PSEUDO),
        _count("orders", "Orders with at least one sale line."),
        _count("items", "Pieces sold, returns not subtracted."),
        _count("products", "Distinct products bought."),
        _count("returned_lines", "Lines returned or cancelled."),
        _money("gross_revenue", "Sum of the sale lines, base currency."),
        _money("net_revenue", "Net revenue, base currency (`jobs/profiles/revenue.py`)."),
        _money("average_order_value", "Gross revenue by orders; null without one.", nullable=True),
        Column(
            "order_interval_days", "double", "Mean days between orders; null below two.", PSEUDO
        ),
        _count("orders_90d", "Orders of the last 90 days."),
        _money("net_revenue_90d", "Net revenue of the last 90 days."),
        Column("top_department", "string", "Department most bought from.", PSEUDO),
        Column("top_product", "string", "Product most often bought.", PSEUDO),
        Column("main_channel", "string", "Channel most often ordered in.", PSEUDO),
        _count("sessions", "Sessions."),
        _count("sessions_30d", "Sessions of the last 30 days."),
        _count("product_views", "Product views."),
        _count("searches", "Searches."),
        _count("cart_adds", "Additions to the cart."),
        _count("dwell_seconds", "Time on product pages, whole seconds."),
        Column("last_seen_at", "timestamp", "Last event or order (UTC).", PSEUDO),
        _count("messages_sent", "Messages sent to the person."),
        _count("messages_opened", "Messages opened."),
        _count("messages_clicked", "Messages clicked."),
        _count("reviews", "Reviews written."),
        Column("average_rating", "double", "Mean stars given; null without a review.", PSEUDO),
        Column(
            "email_marketing", "boolean", "Agreed to marketing by email on some address.", PSEUDO
        ),
        Column("personalization", "boolean", "Agreed to personalization.", PSEUDO),
    ),
    key=("person_id", "as_of"),
    refresh=Refresh.REPLACE_DATE,
    owner=ANALYTICS,
    otherwise=PUBLIC,
    description="One row a person and night: what is known of the person at the end of that day.",
    date="as_of",
    partition_by=("as_of",),
    retention_days=400,
)

RFM = Table(
    layer="gold",
    name="rfm",
    columns=(
        PERSON_ID,
        AS_OF,
        Column("recency_days", "int", "Days from the last sale to `as_of`.", PSEUDO, False),
        Column("frequency", "bigint", "Orders in the window.", PSEUDO, False),
        Column("monetary", MONEY, "Net revenue in the window, base currency.", PSEUDO, False),
        Column("r_score", "int", "5 for the most recent fifth, 1 for the least.", PSEUDO, False),
        Column("f_score", "int", "5 for the most frequent fifth, 1 for the least.", PSEUDO, False),
        Column("m_score", "int", "5 for the highest fifth, 1 for the lowest.", PSEUDO, False),
        Column("segment", "string", "Named segment (`conf/segments/rfm.yaml`).", PSEUDO, False),
    ),
    key=("person_id", "as_of"),
    refresh=Refresh.REPLACE_DATE,
    owner=ANALYTICS,
    otherwise=PUBLIC,
    description="Recency, frequency and monetary value of every person with an order.",
    date="as_of",
    partition_by=("as_of",),
    retention_days=400,
)

CLUSTERS = Table(
    layer="gold",
    name="clusters",
    columns=(
        PERSON_ID,
        AS_OF,
        Column("cluster", "int", "Label, the same from night to night.", PSEUDO, False),
        Column("name", "string", "What sets the cluster apart.", PSEUDO, False),
        Column("distance", "double", "Distance to the centre, standard deviations.", PSEUDO, False),
    ),
    key=("person_id", "as_of"),
    refresh=Refresh.REPLACE_DATE,
    owner=ANALYTICS,
    otherwise=PUBLIC,
    description="Behavioural cluster (k-means) of every person with behaviour who agreed to "
    "personalization.",
    date="as_of",
    partition_by=("as_of",),
    retention_days=400,
)

CLUSTER_CENTRES = Table(
    layer="gold",
    name="cluster_centres",
    columns=(
        AS_OF,
        Column("cluster", "int", "Label, the same from night to night.", nullable=False),
        Column("name", "string", "What sets the cluster apart.", nullable=False),
        Column("persons", "bigint", "Persons in it.", nullable=False),
        Column("centre", "map<string,double>", "Feature to its mean, standardised."),
        Column("silhouette", "double", "Silhouette of the whole clustering."),
    ),
    key=("as_of", "cluster"),
    refresh=Refresh.REPLACE_DATE,
    owner=ANALYTICS,
    otherwise=PUBLIC,
    description="Centres of the behavioural clusters of each night; they keep the labels stable.",
    date="as_of",
    retention_days=400,
)

SEGMENTS = Table(
    layer="gold",
    name="segments",
    columns=(
        PERSON_ID,
        Column("family", "string", "rfm or cluster.", nullable=False),
        Column("segment", "string", "Name of the segment.", PSEUDO, nullable=False),
        Column("valid_from", "date", "First day in the segment.", nullable=False),
        Column("valid_to", "date", "First day no longer in it; null while it holds."),
    ),
    key=("person_id", "family", "valid_from"),
    refresh=Refresh.REPLACE_ALL,
    owner=ANALYTICS,
    otherwise=PUBLIC,
    description="Who was in which segment on any day, as half-open spans [valid_from, valid_to).",
)

INTERACTIONS = Table(
    layer="gold",
    name="interactions",
    columns=(
        PERSON_ID,
        Column("product_id", "string", "Product, as the shop numbers it.", nullable=False),
        Column(
            "kind",
            "string",
            "purchase, add_to_cart, product_view, email_click, review or return.",
            PSEUDO,
            nullable=False,
        ),
        Column("occurred_on", "date", "Business day.", PSEUDO, nullable=False),
        Column("quantity", "double", "Pieces for a purchase or return, times otherwise.", PSEUDO),
        Column("value", MONEY, "Value in base currency for a purchase or return.", PSEUDO),
    ),
    key=("person_id", "product_id", "kind", "occurred_on"),
    refresh=Refresh.REPLACE_ALL,
    owner=ANALYTICS,
    otherwise=PUBLIC,
    description="What each person did with each product on each day; the recommender learns of it.",
    cluster_by=("person_id",),
)

EVERYBODY = "*"
"""``person_id`` of the scores of all those who have none of their own; no person's begins so."""

SCORES = Table(
    layer="gold",
    name="scores",
    columns=(
        replace(PERSON_ID, description="Person; `*` for all those who have no rows of their own."),
        AS_OF,
        Column("rank", "int", "1 for the best.", nullable=False),
        PRODUCT_ID,
        Column("score", "double", "Score of the model.", PSEUDO, nullable=False),
        Column("strategy", "string", "als, popular_in_segment or popular.", nullable=False),
        Column(
            "because", "string", "als: the person's own product that speaks most for it.", PSEUDO
        ),
        Column("because_bought", "boolean", "Whether the person has bought `because`.", PSEUDO),
        Column("model_version", "string", "Registered model and version."),
    ),
    key=("person_id", "as_of", "rank"),
    refresh=Refresh.REPLACE_DATE,
    owner="data science",
    otherwise=PUBLIC,
    description="Products ranked by the champion model for each person of whom something may be "
    "used, and once by what is popular for everybody else, before what may be shown.",
    date="as_of",
    partition_by=("as_of",),
    retention_days=30,
)

TABLES = (
    VISITS,
    TOUCHPOINTS,
    PROFILES,
    RFM,
    CLUSTERS,
    CLUSTER_CENTRES,
    SEGMENTS,
    INTERACTIONS,
    SCORES,
)
