"""A small population: households that share a name, an address and a phone, and typing errors."""

from __future__ import annotations

import numpy as np
import pandas as pd

_FIRST = """
anna bernard carla david emma frank gina henry irene jack kathleen liam mary noah olga patrick
rita samuel tina victor wendy xavier yvonne zachary alice brian cecilia dominic edith felix
"""
_LAST = """
smith jones brown taylor wilson evans thomas johnson roberts walker wright robinson thompson
white hughes edwards green hall wood harris clark lewis jackson turner hill moore cooper ward
morris king watson baker harrison morgan patel young allen mitchell anderson phillips
"""
_ROADS = "mill church park victoria station london queen manor grange springfield orchard"
FIRST, LAST, ROADS = (words.split() for words in (_FIRST, _LAST, _ROADS))
TOWNS = {"york": "YO1", "leeds": "LS1", "bath": "BA1", "hull": "HU1", "derby": "DE1"}
COLUMNS = ["id", "first_name", "last_name", "dob", "address", "city", "postcode", "phone", "who"]


def population(seed: int, households: int, *, copies: float) -> pd.DataFrame:
    """Make persons, two or three a household, some of them told twice, with a slip or two.

    Parameters
    ----------
    seed : int
        Of the draw.
    households : int
        How many.
    copies : float
        Share of the persons who are told a second time.

    Returns
    -------
    DataFrame
        A row a record in random order, its id first and the true person last, as text.
    """
    draw = np.random.default_rng(seed)
    rows: list[list[str]] = []
    persons = 0
    for _ in range(households):
        last, town = draw.choice(LAST), draw.choice(list(TOWNS))
        home = [
            f"{draw.integers(1, 200)} {draw.choice(ROADS)} road",
            town,
            f"{TOWNS[town]} {draw.integers(1, 9)}{draw.choice(['AB', 'DH', 'EJ', 'LN', 'PQ'])}",
            f"0{draw.integers(10**9, 10**10)}",
        ]
        for first in draw.choice(FIRST, draw.integers(2, 4), replace=False):
            born = np.datetime64("1940-01-01") + draw.integers(0, 365 * 60)
            told = [str(first), str(last), str(born), *map(str, home)]
            rows.append([*told, f"p{persons}"])
            if draw.random() < copies:
                for place in draw.choice([0, 1, 2, 3, 6], draw.integers(1, 3), replace=False):
                    told[place] = mistyped(told[place], draw)
                rows.append([*told, f"p{persons}"])
            persons += 1
    order = draw.permutation(len(rows))
    return pd.DataFrame(
        [[f"r{place:04d}", *rows[row]] for place, row in enumerate(order)], columns=COLUMNS
    )


def mistyped(value: str, draw: np.random.Generator) -> str:
    """Change, leave out or swap a letter or digit after the first."""
    at = int(draw.choice([i for i, c in enumerate(value) if i and c.isalnum()]))
    letter = str(draw.integers(0, 10)) if value[at].isdigit() else chr(draw.integers(97, 123))
    if value[at].isdigit():
        return value[:at] + letter + value[at + 1 :]
    swapped = value[: at - 1] + value[at] + value[at - 1] + value[at + 1 :]
    changed = [value[:at] + letter + value[at + 1 :], value[:at] + value[at + 1 :], swapped]
    return changed[draw.integers(3)]
