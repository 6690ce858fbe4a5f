"""What may stand on a page that is passed on: no value of anybody's row.

Errors and reasons quote what they refused, for the engineer who mends it. They have them from
``bespoke runs`` and ``bespoke quarantine list``.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"(?<!\w)'(?:[^']|'(?=\w))*'?")
_ADDRESS = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+")
_AFTER = re.compile(r"\b(too old|in the future): [\d:. T+-]+")


def discreet(text: str) -> str:
    """Return a text without the values that it quotes, and without addresses.

    Examples
    --------
    >>> discreet("dwell_ms: not a bigint: '12s'")
    'dwell_ms: not a bigint: …'
    """
    return _ADDRESS.sub("…", _AFTER.sub(r"\1", _QUOTED.sub("…", text)))


def reason(text: str) -> str:
    """Return the rule that refused a row, the same for every value.

    Examples
    --------
    >>> reason("dwell_ms: not a bigint: '12s'")
    'dwell_ms: not a bigint'
    """
    return discreet(text).removesuffix(": …")
