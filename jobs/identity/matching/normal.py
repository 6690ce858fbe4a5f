"""Normal forms of the values of person records: one spelling of what may be written in many.

Every value is worked out once, however many records hold it, and by the same code whichever
engine compares the records later.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jellyfish
import phonenumbers
from anyascii import anyascii
from dateutil import parser as dates
from nameparser import HumanName
from nicknames import NickNamer

from jobs.identity.matching.notation import EmailProvider

_SAYING_NOTHING = """
na|n a|null|none|nan|nil|nat|unknown|unk|test|testing|xxx|xx|missing|not known|not available
not provided|not given|anonymous|no name|no email|declined|tbd|undefined
"""
NOTHING = frozenset(word for line in _SAYING_NOTHING.splitlines() for word in line.split("|"))
"""What is written where nothing is known."""
_TITLES = frozenset(
    ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "rev", "herr", "frau", "mme", "mlle"]
)
_STREETS = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "dr": "drive",
    "pl": "place", "ct": "court", "cres": "crescent", "cr": "crescent", "ln": "lane",
    "tce": "terrace", "ter": "terrace", "hwy": "highway", "pde": "parade", "cl": "close",
    "cct": "circuit", "cir": "circle", "gr": "grove", "sq": "square", "blvd": "boulevard",
    "pkwy": "parkway", "apt": "apartment", "bldg": "building", "vlge": "village", "mt": "mount",
    "n": "north", "s": "south", "e": "east", "w": "west", "retrmnt": "retirement",
}  # fmt: skip
_BITS = {letter: bit for bit, letter in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
_ANY_PROVIDER = EmailProvider(domains=("*",))
_NO_PROVIDERS: Mapping[str, EmailProvider] = {}
_PIVOT = 30
"""Years of two digits above it are of the last century."""
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
"""What a date in words that leaves something out is taken from: not from today."""


def text(value: str) -> str | None:
    """Words in small ASCII letters and digits; None where nothing is told.

    >>> text("  Zoë O'Brien-Müller ")
    'zoe obrien muller'
    """
    plain = anyascii(unicodedata.normalize("NFKC", value)).casefold().replace("'", "")
    plain = re.sub(r"[^a-z0-9]+", " ", plain).strip()
    return None if plain in NOTHING else plain


def code(value: str) -> str | None:
    """Letters and digits alone, as of a postcode or a card; None for a row of one digit.

    >>> code("sw1a 1aa"), code("000-000")
    ('SW1A1AA', None)
    """
    plain = re.sub(r"[^A-Z0-9]", "", anyascii(value).upper())
    if text(value) is None or plain.lower() in NOTHING or (len(plain) > 3 and len(set(plain)) == 1):
        return None
    return plain


def name(value: str) -> str | None:
    """Write a name without titles.

    >>> name("Dr. José")
    'jose'
    """
    plain = text(value)
    if plain is None:
        return None
    words = plain.split()
    return " ".join(word for word in words if word not in _TITLES) or plain


def full_name(value: str) -> tuple[str | None, str | None, str | None]:
    """First, middle and last name.

    >>> full_name("Smith, Dr John Q.")
    ('john', 'q', 'smith')
    """
    words = value.split()
    if len(words) == 2 and "," not in value and "." not in value:
        return name(words[0]), None, name(words[1])
    told = HumanName(value)
    first, middle, last = (
        name(part) if part else None for part in (told.first, told.middle, told.last)
    )
    return (first, middle, last) if first or last else (None, None, name(value))


@lru_cache(1)
def _nicknames() -> NickNamer:
    return NickNamer()


def aliases(first_name: str) -> list[str] | None:
    """Return the name, those it is short for and those short for it; None where there are none.

    >>> "robert" in aliases("bob"), "bob" in aliases("robert"), aliases("xavo")
    (True, True, None)
    """
    first = first_name.split()[0]
    known = _nicknames().canonicals_of(first) | _nicknames().nicknames_of(first)
    return sorted({first} | known) if known or first != first_name else None


def letters(value: str) -> int:
    """Write which letters and digits a text has, a bit each.

    >>> (letters("anna") ^ letters("hanna")).bit_count()
    1
    """
    return sum(1 << _BITS[letter] for letter in set(value.lower()) if letter in _BITS)


def sound(value: str) -> str | None:
    """Write how the words sound, by Metaphone; numbers stay.

    >>> sound("catherine") == sound("kathryn")
    True
    """
    return " ".join(jellyfish.metaphone(word) or word for word in value.split()) or None


def email(value: str, providers: Mapping[str, EmailProvider] = _NO_PROVIDERS) -> str | None:
    """Write an address as that of its mail box, in small letters; None when it is none.

    Parameters
    ----------
    value : str
        The address.
    providers : mapping of str to EmailProvider
        By domain; the first domain of a provider stands for all of its own. Under others what
        follows a plus makes no box.

    Examples
    --------
    >>> email("Ann.Lee+shop@Example.com"), email("ann at example")
    ('ann.lee@example.com', None)
    """
    plain = unicodedata.normalize("NFKC", value).strip().lower()
    local, _, domain = plain.rpartition("@")
    provider = providers.get(domain)
    local = (provider or _ANY_PROVIDER).box(local)
    if not (local and domain) or re.search(r"\s", plain) or text(local) is None:
        return None
    return f"{local}@{provider.domains[0] if provider else domain}"


def phone(value: str, region: str | None) -> str | None:
    """Write a number in E.164 where the region or the number tells it, else the last nine digits.

    >>> phone("020 7946 0018", "GB"), phone("(555) 010-9999", None)
    ('+442079460018', '550109999')
    """
    digits = re.sub(r"\D", "", value)
    if len(set(digits)) < 2:
        return None
    try:
        number = phonenumbers.parse(value, region)
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        pass
    return digits[-9:] if len(digits) >= 5 and len(set(digits[-9:])) > 1 else None


def usual_region(values: Iterable[str]) -> str | None:
    """Tell the country of most numbers that say theirs; None where none does, or no most.

    >>> usual_region(["+44 20 7946 0018", "0044 113 496 0000", "020 7946 0018"])
    'GB'
    """
    codes: Counter[int] = Counter()
    for value in values:
        plain = re.sub(r"^\s*00", "+", value)
        if not plain.lstrip().startswith("+"):
            continue
        try:
            codes[phonenumbers.parse(plain, None).country_code or 0] += 1
        except phonenumbers.NumberParseException:
            continue
    for code, count in codes.most_common(1):
        region = str(phonenumbers.region_code_for_country_code(code))
        if 2 * count > codes.total() and region in phonenumbers.SUPPORTED_REGIONS:
            return region
    return None


def day(value: str, *, month_first: bool) -> str | None:
    """Write a date as ``YYYYMMDD``, also where it is none of the calendar, as after a typing error.

    >>> day("24/12/1971", month_first=False), day("12/24/71", month_first=True)
    ('19711224', '19711224')
    >>> day("1971-02-31 00:00", month_first=False)
    '19710231'
    """
    plain = anyascii(value).strip().removesuffix(".0")
    numbers = re.split(r"[-/. T:]", plain)
    if len(numbers) >= 3 and all(part.isdigit() for part in numbers[:3]):
        one, two, three = numbers[:3]
        if len(one) == 4:
            return f"{one}{two:0>2}{three:0>2}"
        if month_first:
            one, two = two, one
        if len(three) == 2:
            three = ("19" if int(three) > _PIVOT else "20") + three
        return f"{three:0>4}{two:0>2}{one:0>2}"
    digits = re.sub(r"\D", "", plain)
    if plain.isdigit() and len(plain) == 8 and not "15" <= plain[:2] <= "20":
        first, second = (plain[2:4], plain[:2]) if month_first else (plain[:2], plain[2:4])
        return plain[4:] + second + first
    if re.search(r"[A-Za-z]{3}", plain):
        try:
            told = dates.parse(plain, dayfirst=not month_first, default=_FIRST)
            if not re.search(r"\d{4}", plain):
                told = told.replace(
                    year=(1900 if told.year % 100 > _PIVOT else 2000) + told.year % 100
                )
            return str(told.strftime("%Y%m%d"))
        except (ValueError, OverflowError):
            return None
    return digits or None


def month_comes_first(values: list[str]) -> bool:
    """Tell whether dates of a column are written month before day, as in the United States."""
    found = [re.match(r"\s*(\d{1,2})[-/. ](\d{1,2})[-/. ]\d", value) for value in values]
    firsts = sum(int(m[1]) > 12 for m in found if m)
    seconds = sum(int(m[2]) > 12 for m in found if m)
    return seconds > firsts


def street(value: str) -> str | None:
    """Write a street in full words.

    >>> street("12 High St.")
    '12 high street'
    """
    plain = text(value)
    return " ".join(_STREETS.get(word, word) for word in plain.split()) if plain else None


def gender(value: str) -> str | None:
    """Write a gender by its first letter; what is neither stays as it is written."""
    plain = text(value)
    return (
        {"male": "m", "man": "m", "female": "f", "woman": "f"}.get(plain, plain) if plain else None
    )


def each_once(values: list[Any], form: Callable[[Any], Any]) -> list[Any]:
    """Work out every value once.

    >>> each_once([1, None, 1], str)
    ['1', None, '1']
    """
    known = {value: form(value) for value in set(values) if value is not None}
    return [None if value is None else known[value] for value in values]
