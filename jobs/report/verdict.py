"""The verdict: whether the last night is sound, in words, and what to do if it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from jobs.report.amounts import count, counted, day, share, span
from jobs.report.durations import Duration, usual
from jobs.report.exports import Export
from jobs.report.feeds import Feed
from jobs.report.nights import AFTERWARDS, Night
from jobs.report.quality import Quality

LONG = 2.0
"""A stage that took this many times its median is worth a warning."""
SLOWER = 30.0
"""Seconds that a stage must be slower by, too: a short one doubles by chance."""
FEW = 0.5
"""So is an export with less than this share of its usual recipients."""
ENOUGH = 5
"""Nights before a median says what is usual."""


@dataclass(frozen=True)
class Verdict:
    """What stands at the top of the page.

    Attributes
    ----------
    tone : str
        good, warn, bad or none.
    headline : str
        One sentence.
    sentences : tuple of str
        What went on, a sentence each.
    warnings : tuple of str
        What somebody should look at, though nothing stopped.
    commands : tuple of tuple of str
        What to do next: why, and the command.
    """

    tone: str
    headline: str
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()


def verdict(
    nights: Sequence[Night],
    shown: date | None,
    took: Sequence[Duration],
    feeds: Sequence[Feed],
    quality: Quality,
    exports: Sequence[Export],
    *,
    at_work: bool = False,
) -> Verdict:
    """Judge the last night by what it left, and by whether somebody is writing the lake now."""
    if not nights:
        return Verdict(
            "none",
            "No night has run yet.",
            ("This page fills when the first one has.",),
            (),
            (("Run one", "bespoke run"),),
        )
    last = nights[-1]
    warnings = (
        *_said(last),
        *_rules(last, quality),
        *_files(feeds),
        *_slow(nights, took),
        *_few(last, exports),
    )
    if last.sound:
        tone = "warn" if warnings else "good"
        end = f", with {counted(len(warnings), 'warning')}." if warnings else "."
        headline = f"The night of {day(last.night)} is {'published' if warnings else 'sound'}{end}"
    else:
        tone = "warn" if last.state in ("unfinished", "given up") else "bad"
        headline = _broken_headline(last)
    sentences = (*_course(nights), *_pointer(last, shown))
    if at_work and last.state == "unfinished":
        headline = f"The night of {day(last.night)} is at work: {last.last_job} is done."
        return Verdict(
            tone, headline, sentences, warnings, (("See how far it is", "bespoke runs"),)
        )
    return Verdict(tone, headline, sentences, warnings, tuple(_commands(last, quality, feeds)))


def _broken_headline(last: Night) -> str:
    if last.state == "unfinished":
        return (
            f"The night of {day(last.night)} has not come to its end: "
            f"{last.last_job} was its last job."
        )
    if last.state == "given up":
        return f"The night of {day(last.night)} was given up: {last.troubles[0].text}."
    told = [t for t in last.troubles if t.state == last.state and t.job not in AFTERWARDS]
    where = " and ".join(dict.fromkeys(t.source or t.job for t in told))
    if last.state == "stopped":
        return f"The night of {day(last.night)} was stopped by its checks, at {where}."
    return f"The night of {day(last.night)} failed, in {where}."


def _course(nights: Sequence[Night]) -> Iterator[str]:
    """Say how long it took and what it read."""
    last = nights[-1]
    former = [night.seconds for night in nights[:-1] if night.sound]
    took = f"It worked {span(last.seconds)}"
    middle = usual(former)
    if not last.sound:
        yield f"{took} until then."
    elif middle is None:
        yield f"{took}; there is no earlier night to hold that against."
    else:
        yield f"{took}; the median of {counted(len(former), 'earlier night')} is {span(middle)}."
    if last.rows:
        bad = last.rows["quarantined"]
        part = f" ({share(bad / last.rows['read'])})" if bad and last.rows["read"] else ""
        yield (
            f"It read {counted(last.rows['read'], 'row')}: "
            f"{count(last.rows['accepted'])} accepted, "
            f"{count(bad)} refused{part}, {count(last.rows['duplicate'])} already known."
        )


def _pointer(last: Night, shown: date | None) -> Iterator[str]:
    if shown is None:
        yield "Nothing has been published so far, so people are shown nothing."
    elif shown == last.night:
        yield "People are shown its lists."
    else:
        yield f"People are shown the lists of {day(shown)}."


def _said(last: Night) -> Iterator[str]:
    for trouble in last.troubles:
        name = trouble.source or trouble.job
        if trouble.state == "succeeded":
            yield f"{name}: {trouble.text}"
        elif last.sound:
            yield f"{name} {trouble.state}: {trouble.text}"


def _rules(last: Night, quality: Quality) -> Iterator[str]:
    for broken in quality.broken:
        if broken.night == last.night and broken.outcome != "failed":
            let = f", let pass: {broken.why}" if broken.why else ""
            yield f"{broken.table}: {broken.rule} does not hold ({broken.observed}{let})"


def _files(feeds: Sequence[Feed]) -> Iterator[str]:
    for feed in feeds:
        if feed.refused_files:
            files = counted(len(feed.refused_files), "file")
            yield f"{feed.name}: {files} refused, the first because: {feed.refused_files[0]}"
        if feed.new_columns:
            yield f"{feed.name}: the catalogue does not know {', '.join(feed.new_columns)}"


def _slow(nights: Sequence[Night], took: Sequence[Duration]) -> Iterator[str]:
    """Name stages that took much longer than usual, once there is a usual."""
    if sum(night.sound for night in nights[:-1]) < ENOUGH:
        return
    for stage in took:
        if stage.job is None and stage.last is not None and stage.usual is not None:
            over = stage.last - stage.usual
            if over >= SLOWER and stage.last > LONG * stage.usual:
                yield f"{stage.stage} took {span(stage.last)}; usual is {span(stage.usual)}."


def _few(last: Night, exports: Sequence[Export]) -> Iterator[str]:
    """Say when the night's export is broken, or much shorter than usual."""
    before = [export.rows for export in exports if export.night < last.night and export.whole]
    recipients = usual(before)
    for export in exports:
        if export.night != last.night:
            continue
        if export.rows is None or not export.whole:
            yield "The export of the night is not whole."
        elif recipients and len(before) >= ENOUGH and export.rows < FEW * recipients:
            yield f"The export has {count(export.rows)} recipients; usual are {count(recipients)}."


def _commands(last: Night, quality: Quality, feeds: Sequence[Feed]) -> Iterator[tuple[str, str]]:
    if last.state == "given up":
        yield "To run it after all", f'bespoke abandon --date {last.night} --take-back --why "…"'
        return
    if any(trouble.state != "succeeded" for trouble in last.troubles):
        yield "See every job that failed", "bespoke runs --failed"
    stopped = [t for t in last.troubles if t.state == "stopped"]
    subjects = [t.source for t in stopped if t.source] or [
        b.table for b in quality.broken if b.night == last.night and b.outcome == "failed"
    ]
    for subject in dict.fromkeys(subjects):
        release = f'bespoke release {subject} --date {last.night} --why "…"'
        yield f"Mend {subject}; or, if it may pass as it is", release
    if not last.sound:
        yield "Then run the night again", f"bespoke run --date {last.night}"
    for job in dict.fromkeys(t.job for t in last.troubles if t.state != "succeeded"):
        if last.sound:
            yield f"Then run {job} again", f"bespoke job {job} --date {last.night}"
    if last.state in ("failed", "stopped"):
        give_up = f'bespoke abandon --date {last.night} --why "…"'
        yield "Or give the night up: later ones go on without it", give_up
    for feed in feeds:
        if feed.refused_files or (feed.bad or 0) > max(2 * (feed.usual_bad or 0), 0.01):
            yield f"See what was refused of {feed.name}", _listing(feed)


def _listing(feed: Feed) -> str:
    return f"bespoke quarantine list --source {feed.name}"
