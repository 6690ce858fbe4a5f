"""Person records with known truth, for measuring how matching grows; drawn from a seed.

A third of the people live two to four in a house and share its last name, address and landline; a
few share a mail box. Names are made of syllables, with a head of common ones as in any country. A
duplicate repeats a record with the slips of clerks and forms: nicknames aside, those of
``jobs/simulate``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_SYLLABLES = """
an ar be bra ca chi da del do el en fa fer ga gra ha hol in is ja jo ka kel la lin lo ma mar mi mo
na nel no ol or pa per qui ra ri ro sa sel ta ter to u va ve vin wa wil xa yo za
"""
DOMAINS = ("example.com", "example.org", "mail.example", "post.example", "inbox.example")


def people_records(records: int, *, duplicates: float = 0.25, seed: int = 1) -> pd.DataFrame:
    """Make person records.

    Parameters
    ----------
    records : int
        How many.
    duplicates : float
        Share of them that repeat another's person.
    seed : int
        Of the draws.

    Returns
    -------
    DataFrame
        record_id, person (the truth), first_name, last_name, birth_date, gender, email, phone,
        street, city, postcode; in no order.
    """
    draw = np.random.default_rng(seed)
    people = records - round(records * duplicates)
    truth = _people(people, draw)
    extra = draw.integers(0, people, records - people)
    rows = np.concatenate([np.arange(people), extra])
    written = truth.iloc[rows].reset_index(drop=True)
    written["person"] = rows
    again = np.arange(records) >= people
    _dirty(written, again, draw)
    order = draw.permutation(records)
    written = written.iloc[order].reset_index(drop=True)
    written.insert(0, "record_id", np.arange(records))
    return written


def _people(count: int, draw: np.random.Generator) -> pd.DataFrame:
    sizes = draw.choice([1, 2, 3, 4], count, p=[0.67, 0.18, 0.08, 0.07])
    house = np.repeat(np.arange(count), sizes)[:count]
    first = _names(4_000, draw)[_common(4_000, count, draw)]
    last = _names(40_000, draw)[_common(40_000, count, draw)[house]]
    number = np.arange(count) * 61_803_399 % 10**8
    own = np.char.add("+44713", np.char.zfill((number % 10**7).astype(str), 7))
    landline = np.char.add("+442079", np.char.zfill((house % 10**6).astype(str), 6))
    local = np.char.add(np.char.add(np.char.add(first, "."), last), (number % 997).astype(str))
    mail = np.char.add(np.char.add(local, "@"), np.array(DOMAINS)[draw.integers(0, 5, count)])
    family = np.char.add(np.char.add("family.", last), "@example.com")
    streets = _names(20_000, draw)[draw.integers(0, 20_000, count)[house]]
    doors = draw.integers(1, 180, count)[house].astype(str)
    areas = draw.integers(0, 2_500, count)[house]
    unit = np.char.add(draw.integers(0, 10, count)[house].astype(str), _letters(count, draw)[house])
    code = np.char.add(np.char.add("Q", areas.astype(str)), np.char.add(" ", unit))
    born = np.datetime64("1940-01-01") + draw.integers(0, 25_000, count)
    return pd.DataFrame(
        {
            "first_name": first,
            "last_name": last,
            "birth_date": born.astype(str),
            "gender": np.where(draw.random(count) < 0.5, "F", "M"),
            "email": np.where(draw.random(count) < 0.03, family, mail),
            "phone": np.where(draw.random(count) < 0.15, landline, own),
            "street": np.char.add(np.char.add(doors, " "), np.char.add(streets, " street")),
            "city": _names(400, draw)[areas % 400],
            "postcode": code,
        }
    ).astype(object)


def _dirty(rows: pd.DataFrame, again: NDArray[np.bool_], draw: np.random.Generator) -> None:
    """Miss values everywhere, and slip in what is written again."""
    count = len(rows)
    slips = {"first_name": 0.12, "last_name": 0.1, "email": 0.06, "street": 0.1, "birth_date": 0.05}
    for column, share in slips.items():
        hit = np.flatnonzero(again & (draw.random(count) < share))
        rows.loc[hit, column] = [_slip(v, draw) for v in rows[column].to_numpy()[hit]]
    moved = np.flatnonzero(again & (draw.random(count) < 0.15))
    other = draw.integers(0, count, len(moved))
    for column in ("street", "city", "postcode"):
        rows.loc[moved, column] = rows[column].to_numpy()[other]
    for column, share in (("email", 0.3), ("phone", 0.3)):
        hit = np.flatnonzero(again & (draw.random(count) < share))
        rows.loc[hit, column] = None
    for column, share in (("email", 0.1), ("phone", 0.2), ("birth_date", 0.12), ("gender", 0.1)):
        rows.loc[draw.random(count) < share, column] = None


def _slip(value: str, draw: np.random.Generator) -> str:
    """One letter dropped, doubled, or swapped with the next."""
    if len(value) < 4:
        return value
    at, kind = int(draw.integers(1, len(value) - 1)), int(draw.integers(0, 3))
    middle = ("", value[at] * 2, value[at + 1] + value[at])[kind]
    return value[:at] + middle + value[at + (2 if kind == 2 else 1) :]


def _names(count: int, draw: np.random.Generator) -> NDArray[np.str_]:
    parts = np.array(_SYLLABLES.split())
    picked = parts[draw.integers(0, len(parts), (count, 3))]
    return np.char.add(np.char.add(picked[:, 0], picked[:, 1]), picked[:, 2])


def _common(kinds: int, count: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Places in a list of names, the first ones the commonest."""
    return np.floor(draw.random(count) ** 2.5 * kinds).astype(np.int64)


def _letters(count: int, draw: np.random.Generator) -> NDArray[np.str_]:
    letters = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))
    picked = letters[draw.integers(0, len(letters), (count, 2))]
    return np.char.add(picked[:, 0], picked[:, 1])
