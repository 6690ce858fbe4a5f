"""Which night: the business day of a run, and the last one that a source set has."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from jobs.ingest.catalogue import SourceSet, source_set
from jobs.ingest.headers import FileRefusedError
from jobs.ingest.landing import landing_folder, last_day
from jobs.lake.errors import DataError
from jobs.lake.settings import Settings, conf_folder, home

log = logging.getLogger("bespoke")

SIMULATED = "demo"
"""The set whose files the simulator makes."""


@dataclass(frozen=True)
class Chosen:
    """The source set that the settings name, and where its files lie.

    Attributes
    ----------
    sources : SourceSet
        The set.
    landing : Path
        Folder of the main source's files.
    """

    sources: SourceSet
    landing: Path

    @property
    def simulated(self) -> bool:
        """Whether the simulator makes the files."""
        return self.sources.name == SIMULATED

    @property
    def truth(self) -> Path:
        """Where the truth about a simulated world is kept, apart from what jobs read."""
        return self.landing.parent.parent / "truth" / self.landing.name

    def last_night(self) -> date | None:
        """Last business day of the set's files, or None while none name a day."""
        if self.sources.main.last_night is not None:
            return self.sources.main.last_night
        name = next(n for n, source in self.sources.sources.items() if source is self.sources.main)
        feeds = [f for n, _, f in self.sources.feeds() if n.partition(".")[0] == name]
        return last_day(self.landing, [f for f in feeds if f.path])

    def ended_on(self) -> date | None:
        """Last business day of a set that gets no more files; None for one that lives."""
        if self.sources.main.last_night is not None or self.simulated:
            return self.last_night()
        return None


def chosen(settings: Settings) -> Chosen:
    """Return the source set that the settings name.

    Raises
    ------
    DataError
        There is no such set, or nobody said where its files are.
    """
    sources = source_set(conf_folder() / "sources", settings.source)
    try:
        folder = landing_folder(sources, sources.main, home(), settings.landing)
    except FileRefusedError as error:
        raise DataError(str(error)) from None
    return Chosen(sources, folder)


def night_of(wanted: date, settings: Settings) -> date:
    """Return the night that a run asked for `wanted` handles.

    That is `wanted` itself, but for a set that has ended: there every later night is its last one
    again, since nothing new can come and freshness would only stop the run.
    """
    ended = chosen(settings).ended_on()
    if ended is not None and wanted > ended:
        log.warning("%s", instead(settings.source, ended, wanted))
        return ended
    return wanted


def instead(source: str, ended: date, wanted: date) -> str:
    """Say that a night after a set's end is not run."""
    return (
        f"set {source} ends on {ended}: that night is run, not {wanted}; "
        "files of later days are not read"
    )


def day_after(as_of: date) -> date:
    """Return the day on which a night's run starts."""
    return as_of + timedelta(days=1)
