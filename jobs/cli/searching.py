"""Search of a home for personal values, and what of it is as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jobs.cli.nights import chosen
from jobs.lake.folders import lake_root
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.privacy.audit import REQUEST, Act, note
from jobs.privacy.places import place_of, places
from jobs.privacy.search import Search


def searched(
    values: Sequence[str], why: str, more: Sequence[Path] = ()
) -> list[dict[str, str | int | bool]]:
    """Look for values in all files of this home; which of them are found where.

    Parameters
    ----------
    values : sequence of str
        Personal values, tokens or ids.
    why : str
        The reason.
    more : sequence of Path
        Folders beside the home.

    Returns
    -------
    list of dict
        ``file``, ``within``, ``form``, ``value`` (its number, from 1) and ``place``: what the
        listed place is that the file lies in, or ``NOT LISTED``.
    """
    wanted = Search(values)
    data, here = home(), chosen(settings())
    note(Lake(lake_root()), Act(REQUEST, "search of the home", why, len(values)))
    listed = places(data, [here.landing], here.truth if here.simulated else None)
    return [
        {
            "file": hit.path,
            "within": hit.within.strip(),
            "form": hit.form,
            "value": hit.value + 1,
            "place": place_of(Path(hit.path), listed) or "NOT LISTED",
        }
        for hit in wanted.below([data, *more])
    ]
