"""Survivorship: the rules by which one record's value is taken for the person's, as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

Rule = Literal[
    "verified", "source_trust", "newest", "oldest", "most_frequent", "most_complete", "address"
]

ADDRESS = "address"
PARTS = ("street", "postcode", "city")
"""They are of one record: an address put together of two homes is nobody's."""
OF_ADDRESS: tuple[Rule, ...] = ("address",)
PERSONAL = ("first_name", "last_name", "birth_date", "email", "phone", "street", "postcode")
"""Attributes whose values only the vault holds; what is known of them are tokens."""
CLEAR = ("city", "country", "gender")
CONTACTS = ("email", "phone")
BIRTH_DATE = "birth_date"
OTHERS = "attributes."
"""What other attributes of a record begin with, as ``attributes.income``."""
CHOSEN = tuple(n for n in (*PERSONAL, *CLEAR) if n not in PARTS)


class GoldenSettings(BaseModel):
    """Which record's value survives.

    Each attribute has a list of rules. The first decides; where it leaves records with several
    values, the next one decides among them, and in the end the smallest ``record_id``.

    ===============  ===========================================================================
    verified         a contact that was proven: a mail to it was opened or clicked, or an act of
                     consent was collected in a way that ``verified_via`` names
    source_trust     the feed that comes first in ``sources``; those that are not named come last
    newest, oldest   the record changed last at its source, or made first
    most_frequent    the value that most records of the person tell
    most_complete    the record that tells most attributes; for an address, street and postcode
    address          for the country: the record that the address is of
    ===============  ===========================================================================

    Attributes
    ----------
    sources : tuple of str
        Feeds, as ``demo.crm_customers``, the most trusted first; those of other sets do nothing.
    attributes : dict
        Rules of first_name, last_name, birth_date, email, phone, address, country, gender and of
        other attributes of records, as ``attributes.income``. Street, postcode and city are of the
        record that the address is of.
    otherwise : tuple of str
        Rules of an attribute that is not named.
    strong : tuple of str
        Attributes on which records of one person should not differ; where they do,
        ``identity.conflicts`` lists them.
    verified_via : tuple of str
        Values of ``collected_via`` of consents that prove the address or number they name.
    birth_date_share : float
        A birth date of a greater share of all persons (and of more than may hold a contact)
        is what a till enters for everybody, and tells nothing. The commonest true one is that of
        one person in ten thousand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...] = ()
    attributes: dict[str, tuple[Rule, ...]] = Field(default_factory=dict)
    otherwise: tuple[Rule, ...] = ("most_complete", "newest")
    strong: tuple[str, ...] = ("birth_date",)
    verified_via: tuple[str, ...] = ("double_opt_in",)
    birth_date_share: float = Field(default=0.002, gt=0, le=1)

    def rules_of(self, attribute: str) -> tuple[Rule, ...]:
        """Return the rules of an attribute, in order."""
        if attribute in PARTS:
            return OF_ADDRESS
        return self.attributes.get(attribute, self.otherwise)

    @field_validator("sources")
    @classmethod
    def _each_source_once(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_repeated(sources)
        return sources

    @field_validator("attributes")
    @classmethod
    def _rules_fit(cls, found: dict[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
        for attribute, rules in found.items():
            _refuse_unknown(attribute)
            _refuse_unfit(attribute, rules)
        return found

    @field_validator("otherwise")
    @classmethod
    def _rules_fit_all(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        _refuse_unfit("an attribute that is not named", rules)
        return rules

    @field_validator("strong")
    @classmethod
    def _strong_are_known(cls, strong: tuple[str, ...]) -> tuple[str, ...]:
        for attribute in strong:
            if attribute not in PARTS:
                _refuse_unknown(attribute)
            if attribute == ADDRESS:
                raise ValueError("address has no value of its own: name street, postcode or city")
        return strong


def _refuse_unknown(attribute: str) -> None:
    if attribute in PARTS:
        raise ValueError(f"{attribute} is of the record that the address is of: set {ADDRESS}")
    named_other = attribute.startswith(OTHERS) and attribute != OTHERS
    if attribute not in (*CHOSEN, ADDRESS) and not named_other:
        known = ", ".join((*CHOSEN, ADDRESS))
        raise ValueError(f"no attribute {attribute!r}; there are {known} and {OTHERS}<name>")


def _refuse_unfit(attribute: str, rules: Sequence[str]) -> None:
    if not rules:
        raise ValueError(f"{attribute}: name one rule at least, of {', '.join(get_args(Rule))}")
    _refuse_repeated(rules)
    if "verified" in rules and attribute not in CONTACTS:
        raise ValueError(f"{attribute} cannot be verified: only {' and '.join(CONTACTS)} can")
    if ADDRESS in rules and attribute != "country":
        raise ValueError(f"{attribute}: the rule {ADDRESS} is for the country alone")


def _refuse_repeated(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} is named twice")
