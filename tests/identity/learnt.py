"""A matcher learnt from the small population, and its records weighed night by night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import pyarrow as pa

from jobs.identity.formed import Former, inline
from jobs.identity.matched import Weighed, weigh
from jobs.identity.matching.fields import find_fields
from jobs.identity.matching.matcher import Matcher, hash_key, train
from jobs.identity.matching.settings import MatchSettings

KEY = hash_key(b"a secret of the tests")


def learnt(people: pd.DataFrame, *, pairs: int = 20_000) -> Matcher:
    """Learn from records of :func:`tests.identity.matching.people.population`."""
    _, fields = find_fields(people, said={}, without=("who", "id"))
    found = train(people, fields, MatchSettings(pairs=pairs), key=KEY, until=date(2026, 3, 1))
    assert found is not None
    return found


class Nights:
    """Records, which have their id as index, weighed night by night."""

    def __init__(self, people: pd.DataFrame, matcher: Matcher) -> None:
        self.people, self.matcher = people, matcher
        self.blocks: dict[str, list[int]] = {}
        self.matches: dict[tuple[str, str], tuple[float, str]] = {}
        self.opened = 0

    def night(self, new: Sequence[str], asked: Sequence[tuple[str, str]] = ()) -> Weighed:
        """Weigh a night's records, and keep what came of it as the tables would."""
        held = sorted(set(self.blocks) - set(new))
        table = pa.table(
            {
                "record_id": pa.array(held, pa.string()),
                "blocks": pa.array([self.blocks[r] for r in held], pa.list_(pa.int64())),
            }
        )
        found = weigh(sorted(new), table, self.matcher, self.former, asked)
        self.blocks |= {row["record_id"]: row["blocks"] for row in found.blocks.to_pylist()}
        self.matches |= {
            (row["left_id"], row["right_id"]): (row["weight"], row["comparison"])
            for row in found.matches.to_pylist()
        }
        return found

    @property
    def former(self) -> Former:
        """Brings records into their form, and counts how many were opened for it."""
        return inline(self._open, self.matcher, KEY)

    def _open(self, records: Sequence[str]) -> pd.DataFrame:
        self.opened += len(records)
        return self.people.loc[list(records)].reset_index(drop=True)
