"""Amounts as people read them: counts, sizes, times, shares and changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

NONE = "\N{EN DASH}"
"""Stands where there is no value."""
MINUS = "\N{MINUS SIGN}"


def count(value: float | None) -> str:
    """Return a number with thousands separators.

    Examples
    --------
    >>> count(104641)
    '104,641'
    """
    return NONE if value is None else f"{value:,.0f}"


def brief(value: float | None) -> str:
    """Return a round number in few letters, as for an axis.

    Examples
    --------
    >>> brief(500_000), brief(8_000_000), brief(2.5e9)
    ('500,000', '8 M', '2.5 bn')
    """
    for unit, word in ((1e9, "bn"), (1e6, "M")):
        if value is not None and abs(value) >= unit:
            return f"{value / unit:g} {word}"
    return count(value)


def size(value: float | None) -> str:
    """Return bytes in the unit that fits.

    Examples
    --------
    >>> size(677_612)
    '678 kB'
    """
    if value is None:
        return NONE
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(value) < 999.5:
            return (
                f"{value:,.0f} {unit}" if unit == "bytes" or value >= 99.5 else _short(value, unit)
            )
        value /= 1000
    return f"{value:,.1f} TB"


def _short(value: float, unit: str) -> str:
    return f"{value:.1f}".removesuffix(".0") + f" {unit}"


def span(seconds: float | None) -> str:
    """Return a length of time.

    Examples
    --------
    >>> span(143), span(7.6), span(5400)
    ('2 min 23 s', '7.6 s', '1 h 30 min')
    """
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if seconds >= 9.5 or whole == seconds else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def share(value: float | None) -> str:
    """Return a share as a percentage that never calls something nothing.

    Examples
    --------
    >>> share(0.0034), share(0.00001), share(0)
    ('0.34%', '<0.01%', '0%')
    """
    if value is None:
        return NONE
    if 0 < value < 0.0001:
        return "<0.01%"
    text = f"{value:.2%}" if 0 < value < 0.0995 else f"{value:.0%}"
    return text.replace(".00%", "%")


def change(now: float | None, before: float | None) -> str:
    """Return the difference of two counts, with its sign."""
    if now is None or before is None:
        return NONE
    return signed(now - before, count)


def signed(value: float, written: Callable[[float], str]) -> str:
    """Return a difference with its sign.

    Examples
    --------
    >>> signed(2, count), signed(0, count)
    ('+2', '0')
    """
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{written(abs(value))}"


def figure(value: float | None) -> str:
    """Return a metric between 0 and 1 with four digits."""
    return NONE if value is None else f"{value:.4f}"


def day(value: date | None) -> str:
    """Return a date.

    Examples
    --------
    >>> day(date(2026, 8, 9))
    '9 August 2026'
    """
    return NONE if value is None else f"{value.day} {value:%B %Y}"


def short_day(value: date | None) -> str:
    """Return a date that fits a narrow place."""
    return NONE if value is None else f"{value.day} {value:%b} {value.year}"


def moment(value: datetime | None) -> str:
    """Return a time to the minute, UTC."""
    return NONE if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """Return a number and its noun.

    Examples
    --------
    >>> counted(1, "rule"), counted(1200, "rule")
    ('1 rule', '1,200 rules')
    """
    return f"{value:,} {one if value == 1 else many or one + 's'}"
