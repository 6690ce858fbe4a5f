"""The seven canonical feeds: their tables, their columns, and what of them is personal."""

from __future__ import annotations

from functools import cached_property

from pydantic import BaseModel, ConfigDict

from jobs.lake.contract import Privacy, Table
from jobs.lake.tables import bronze, silver


class Kind(BaseModel):
    """One of the seven canonical feeds: its tables and its canonical columns."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    bronze: Table
    silver: Table
    time: str | None
    """Column that says when a row happened; rows of the future and of long ago are refused."""
    pii: tuple[str, ...] = ()
    """Canonical columns that are PII; silver has a token of each, the vault the value."""

    @property
    def id(self) -> str:
        """Column that names a row of the silver table."""
        return self.silver.key[-1]

    def protects(self, name: str) -> bool:
        """Whether a canonical column is one that no model and no ranking may see."""
        return name in self.pii or self.silver.column(name).privacy is Privacy.PROTECTED

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Canonical columns that a catalogue may map."""
        derived = {
            *silver.PROVENANCE_NAMES,
            "source",
            "identifier",
            "order_date",
            "event_date",
            "department",
            "fx_rate",
            "amount_base",
            self.id,
        }
        plain = [n for n in self.silver.names if n not in derived and not n.endswith("_token")]
        return (*plain, *self.pii)


_PERSON = ("email", "phone", "first_name", "last_name", "birth_date", "street", "postcode")

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="crm",
            bronze=bronze.BRONZE_CRM,
            silver=silver.CUSTOMERS,
            time="updated_at",
            pii=_PERSON,
        ),
        Kind(
            name="orders",
            bronze=bronze.BRONZE_ORDERS,
            silver=silver.ORDER_LINES,
            time="ordered_at",
        ),
        Kind(name="events", bronze=bronze.BRONZE_EVENTS, silver=silver.EVENTS, time="occurred_at"),
        Kind(
            name="consents",
            bronze=bronze.BRONZE_CONSENTS,
            silver=silver.CONSENTS,
            time="occurred_at",
            pii=("email", "phone"),
        ),
        Kind(
            name="products",
            bronze=bronze.BRONZE_PRODUCTS,
            silver=silver.PRODUCTS,
            time="updated_at",
        ),
        Kind(
            name="messages",
            bronze=bronze.BRONZE_MESSAGES,
            silver=silver.MESSAGES,
            time="sent_at",
            pii=("email",),
        ),
        Kind(
            name="feedback",
            bronze=bronze.BRONZE_FEEDBACK,
            silver=silver.FEEDBACK,
            time="written_at",
        ),
    )
}
