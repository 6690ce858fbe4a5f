"""Mapping: how one feed's rows become canonical, with what its set says of all feeds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta

from jobs.ingest.catalogue import Feed, Source
from jobs.ingest.kinds import KINDS, Kind


@dataclass(frozen=True)
class Mapping:
    """How one feed's rows become canonical.

    Attributes
    ----------
    name : str
        ``<source>.<feed>``.
    source, feed : Source, Feed
        From the catalogue.
    main : Source
        The set's main source: business day, base currency and rates are its.
    future_tolerance : timedelta
        How much later than the end of its file's day a row may be.
    """

    name: str
    source: Source
    feed: Feed
    main: Source
    future_tolerance: timedelta

    @property
    def kind(self) -> Kind:
        """The canonical feed."""
        return KINDS[self.feed.kind]

    @property
    def reading(self) -> str:
        """Digest of what says how files become rows of bronze.

        Rows that wait in bronze since another one hold what was personal or undeclared by that.
        """
        feed = self.feed
        said = {
            "format": feed.format.model_dump() if feed.format else None,
            "table": feed.jdbc.table if feed.jdbc else None,
            "fields": sorted(feed.field_names),
            "key": feed.key,
            "pii": sorted(feed.pii),
            "personal": {c: feed.columns[c].expr for c in self.kind.pii if c in feed.columns},
            "country": self.source.country,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]

    def of_files_with(self, fields: tuple[str, ...]) -> Mapping:
        """Return the mapping as of a feed whose files have these columns."""
        return replace(self, feed=self.feed.model_copy(update={"fields": fields}))

    @property
    def time_zone(self) -> str:
        """Time zone of times without an offset."""
        return self.feed.time_zone or self._own.time_zone

    @property
    def currency(self) -> str:
        """Currency of amounts that name none."""
        return self.feed.currency or self._own.currency

    @property
    def _own(self) -> Source:
        """The source, with what it leaves out taken from the main one."""
        left_out = {"time_zone", "currency"} - self.source.model_fields_set
        return self.source.model_copy(update={n: getattr(self.main, n) for n in left_out})
