"""Silver: typed, normalised, deduplicated; PII only as keyed tokens."""

from jobs.lake.contract import Column, Privacy, Refresh, Subject, Table
from jobs.lake.tables.columns import (
    COOKIE_ID,
    CUSTOMER_NO,
    DEVICE_ID,
    EMAIL_TOKEN,
    ENGINEERING,
    IDENTIFIER,
    LOGIN,
    LOYALTY_NO,
    PHONE_TOKEN,
    PRODUCT_ID,
    PROTECTED,
    PROVENANCE,
    PSEUDO,
    PUBLIC,
    SOURCE,
    token,
)

MONEY = "decimal(18,4)"
PROVENANCE_NAMES = tuple(c.name for c in PROVENANCE)


def _silver(
    name: str,
    key: str,
    columns: tuple[Column, ...],
    description: str,
    *,
    prune: str | None = None,
    cluster_by: tuple[str, ...] = (),
    insert_only: bool = False,
    named_by_source: bool = True,
    at: str | None = None,
) -> Table:
    """Declare a silver table; `named_by_source` where two feeds may give one key to two things."""
    return Table(
        layer="silver",
        name=name,
        columns=(SOURCE, *columns, *PROVENANCE),
        key=("source", key) if named_by_source else (key,),
        refresh=Refresh.MERGE,
        owner=ENGINEERING,
        otherwise=PUBLIC,
        description=description,
        version=None if insert_only else "version",
        prune=prune,
        at=at,
        cluster_by=cluster_by,
    )


CUSTOMERS = _silver(
    "customers",
    "record_id",
    (
        Column(
            "record_id",
            "string",
            "Record of a source, as `<set>.<feed>:<key>`.",
            Privacy.PSEUDONYMOUS,
            nullable=False,
            names=Subject.RECORD,
        ),
        IDENTIFIER,
        CUSTOMER_NO,
        LOGIN,
        LOYALTY_NO,
        EMAIL_TOKEN,
        PHONE_TOKEN,
        token("first_name", "first name, normalised"),
        token("last_name", "last name, normalised"),
        token("birth_date", "date of birth"),
        token("street", "street and number, normalised"),
        token("postcode", "postcode, normalised"),
        Column("city", "string", "Town.", PSEUDO),
        Column("country", "string", "Country, as the source writes it.", PSEUDO),
        Column("gender", "string", "Gender, as the source writes it.", PROTECTED),
        Column("attributes", "map<string,string>", "Other attributes of the record.", PROTECTED),
        Column("registered_at", "timestamp", "When the record was made at its source (UTC)."),
        Column("updated_at", "timestamp", "When it was last changed there (UTC)."),
    ),
    "Customer records, one row a record of a source; several may be one person.",
    prune="source",
    named_by_source=False,
)

ORDER_LINES = _silver(
    "order_lines",
    "line_id",
    (
        Column("line_id", "string", "The line, as its feed names it.", nullable=False),
        Column("order_id", "string", "The order.", nullable=False),
        Column("line_no", "int", "Line in the order, where the source numbers them."),
        Column(
            "original_order_id", "string", "For a return or a cancellation: the order it undoes."
        ),
        Column("kind", "string", "sale, return, cancellation or adjustment.", nullable=False),
        IDENTIFIER,
        CUSTOMER_NO,
        LOGIN,
        DEVICE_ID,
        Column("ordered_at", "timestamp", "Time of the order (UTC).", nullable=False),
        Column("order_date", "date", "Business day in the shop's time zone.", nullable=False),
        PRODUCT_ID,
        Column("description", "string", "Text of the line, as the source writes it.", PSEUDO),
        Column("quantity", "decimal(18,3)", "Pieces or measure; negative where goods came back."),
        Column("unit_price", MONEY, "Price of one, in `currency`."),
        Column("discount", MONEY, "Discount on the line, in `currency`, with the quantity's sign."),
        Column("amount", MONEY, "Value of the line after discount, signed, in `currency`."),
        Column("currency", "string", "ISO 4217.", nullable=False),
        Column("fx_rate", "decimal(18,8)", "Units of the base currency for one of `currency`."),
        Column("amount_base", MONEY, "Value of the line in the set's base currency, signed."),
        Column("channel", "string", "web, store, app or as the source writes it."),
        Column("store_id", "string", "Store, for orders in one."),
    ),
    "Order lines; returns and cancellations are lines of their own kind.",
    prune="order_id",
    at="ordered_at",
)

EVENTS = _silver(
    "events",
    "event_id",
    (
        Column("event_id", "string", "The event, as its feed names it.", nullable=False),
        Column(
            "type",
            "string",
            "page_view, product_view, search, hover, add_to_cart, remove_from_cart, purchase, "
            "email_open, email_click or redemption.",
            nullable=False,
        ),
        IDENTIFIER,
        CUSTOMER_NO,
        LOGIN,
        DEVICE_ID,
        COOKIE_ID,
        Column("session_id", "string", "Session.", PSEUDO),
        Column("occurred_at", "timestamp", "Time of the event (UTC).", nullable=False),
        Column("event_date", "date", "Business day in the shop's time zone.", nullable=False),
        PRODUCT_ID,
        Column("query", "string", "Words searched for.", PSEUDO),
        Column("page", "string", "Page.", PSEUDO),
        Column("dwell_ms", "bigint", "Time on the page, milliseconds."),
        Column("order_id", "string", "For a purchase: the order."),
        Column("message_id", "string", "For an open, a click, a redemption: the message."),
        Column("value", MONEY, "Value of the event in the shop's currency, if any."),
        Column("device_kind", "string", "mobile, desktop, tablet or as the source writes it."),
    ),
    "Behavioural events of web, app and email.",
    prune="event_date",
    at="occurred_at",
    insert_only=True,
)

CONSENTS = _silver(
    "consents",
    "consent_id",
    (
        Column("consent_id", "string", "The act, as its feed names it.", nullable=False),
        IDENTIFIER,
        CUSTOMER_NO,
        EMAIL_TOKEN,
        PHONE_TOKEN,
        Column("channel", "string", "email, sms, push, post; null where it is for all."),
        Column("purpose", "string", "marketing, personalization or analytics.", nullable=False),
        Column("status", "string", "granted or withdrawn.", nullable=False),
        Column("basis", "string", "Lawful basis of the processing."),
        Column("occurred_at", "timestamp", "When it was given or withdrawn (UTC).", nullable=False),
        Column("collected_via", "string", "Where it was collected."),
    ),
    "Consents given and withdrawn, one row an act.",
    at="occurred_at",
)

PRODUCTS = _silver(
    "products",
    "product_id",
    (
        Column("product_id", "string", "Product, as the shop numbers it.", nullable=False),
        Column("name", "string", "Name."),
        Column("description", "string", "Text."),
        Column("category", "string", "Path of categories, from wide to narrow, joined by ` > `."),
        Column("department", "string", "First category of the path."),
        Column("brand", "string", "Brand."),
        Column("price", MONEY, "Price now, in `currency`."),
        Column("currency", "string", "ISO 4217."),
        Column("url", "string", "Page of the product."),
        Column("image_url", "string", "Picture."),
        Column("stock", "bigint", "Pieces in stock; null where the source does not say."),
        Column(
            "item_type",
            "string",
            "product, service (postage, fees), gift_card or adjustment; only a product is ever "
            "recommended.",
            nullable=False,
        ),
        Column("launched_on", "date", "First day on sale."),
        Column("updated_at", "timestamp", "When it was last changed at its source (UTC)."),
    ),
    "Products, latest state.",
    named_by_source=False,
)

MESSAGES = _silver(
    "messages",
    "message_id",
    (
        Column("message_id", "string", "The message, over all sources.", nullable=False),
        IDENTIFIER,
        CUSTOMER_NO,
        EMAIL_TOKEN,
        Column("channel", "string", "email, sms, push, post."),
        Column("campaign_id", "string", "Campaign."),
        Column("campaign_type", "string", "Kind of campaign, as the source writes it."),
        Column("subject", "string", "Subject line.", PSEUDO),
        Column("product_ids", "array<string>", "Products shown in it, in order."),
        Column("sent_at", "timestamp", "When it was sent (UTC).", nullable=False),
    ),
    "Messages: what was sent to whom.",
    # Opens and clicks, which come from another feed, name the message only.
    named_by_source=False,
    at="sent_at",
)

FEEDBACK = _silver(
    "feedback",
    "feedback_id",
    (
        Column("feedback_id", "string", "The review, as its feed names it.", nullable=False),
        IDENTIFIER,
        CUSTOMER_NO,
        PRODUCT_ID,
        Column("rating", "int", "Stars, 1 to 5.", nullable=False),
        Column("text", "string", "Words of the review.", PSEUDO),
        Column("written_at", "timestamp", "When it was written (UTC).", nullable=False),
    ),
    "Ratings and reviews.",
    at="written_at",
)

TABLES = (CUSTOMERS, ORDER_LINES, EVENTS, CONSENTS, PRODUCTS, MESSAGES, FEEDBACK)
