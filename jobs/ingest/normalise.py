"""Normal forms of personal values, so that two ways of writing one value give one token."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

import phonenumbers

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+")
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S")


def email(text: str) -> str | None:
    """Lower-case address without white space; None when it is no address.

    >>> email(" Ann.Lee@Example.com ")
    'ann.lee@example.com'
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return plain if _EMAIL.fullmatch(plain) and ".." not in plain else None


def phone(text: str, region: str) -> str | None:
    """Write a number in E.164, read as dialled in ``region`` (ISO 3166); None when it is none.

    >>> phone("020 7946 0018", "GB")
    '+442079460018'
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def name(text: str) -> str | None:
    """Letters only, case and accents folded.

    >>> name("O'Brien-Müller")
    'obrienmuller'
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())
    return plain or None


def birth_date(text: str) -> str | None:
    """ISO 8601 date; None when it is no date or lies outside 1900 to today's century.

    >>> birth_date("24/12/1971")
    '1971-12-24'
    """
    for pattern in _DATES:
        try:
            found = datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007  a day, no time
        except ValueError:
            continue
        return found.isoformat() if date(1900, 1, 1) <= found < date(2100, 1, 1) else None
    return None


def normaliser(column: str, region: str) -> Callable[[str], str | None]:
    """Return the function that normalises a canonical PII column."""
    if column == "phone":
        return lambda text: phone(text, region)
    return {"email": email, "birth_date": birth_date}.get(column, name)
