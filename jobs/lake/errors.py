"""Errors that tell who must act: a retry helps against what is transient, never against data."""


class BespokeError(Exception):
    """An error whose message is meant for the person at the command; no stack trace is shown."""


class DataError(BespokeError):
    """The data, a setting or a decision is in the way: running again changes nothing."""


class TransientError(BespokeError):
    """Something outside of data and code is in the way: running later may help."""


class LockedError(TransientError):
    """Another run writes this lake."""


class ClockError(TransientError):
    """The machine's clock is behind what has been written."""


def first_line(error: object) -> str:
    """Return the first line of an error that says something: Spark's begin with an empty one."""
    return str(error).strip().partition("\n")[0].strip()
