"""Outages: what a run stands on gives out (disk, memory, MLflow), said so that it can be mended.

Such errors come from the JVM, from Rust, from SQLite or over the network, each in words of its
own. Whatever was written last when it happened, nothing is published before a night has come to
its end, and the same night run again goes on from the last commit.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb

from jobs.lake.errors import TransientError, first_line
from jobs.lake.settings import Settings, home

_DISK = ("No space left on device", "database or disk is full", "Disk quota exceeded")
_HEAP = (
    "java.lang.OutOfMemoryError",
    "SparkOutOfMemoryError",
    "GC overhead limit exceeded",
    "INVALID_DRIVER_MEMORY",
)
_MEMORY = ("Cannot allocate memory", "std::bad_alloc", "Out of Memory Error")
_JVM_GONE = (
    "Py4JNetworkError",
    "Answer from Java side is empty",
    "Error while sending or receiving",
)
_STORES = ("mlflow", "sqlalchemy")
_AWAY = re.compile(
    r"OperationalError|Max retries exceeded|Connection refused|Connection reset|timed out"
    r"|No module named 'psycopg2'|failed with exception|unable to open database",
)
_AGAIN = "Nothing is published of this night; then run it again: it goes on where it was."


class OutageError(TransientError):
    """Something that a run stands on has given out."""


class DiskFullError(OutageError):
    """There is no room left."""


class MemoryShortError(OutageError):
    """The memory does not suffice."""


class ModelsAwayError(OutageError):
    """MLflow cannot be reached."""


@contextmanager
def outages_named(settings: Settings) -> Iterator[None]:
    """Raise an outage in the place of an error that comes of one.

    Raises
    ------
    OutageError
        Something has given out.
    """
    try:
        yield
    except Exception as error:
        named = outage(error, settings)
        if named is None:
            raise
        raise named from error


def outage(
    error: BaseException, settings: Settings, *, of_models: bool = True
) -> OutageError | None:
    """Return the outage that an error, or one that led to it, comes of; None for any other.

    Parameters
    ----------
    error : BaseException
        As it was caught.
    settings : Settings
        What the message names.
    of_models : bool
        Whether a database that cannot be reached is MLflow's, as it is within a night's steps.
    """
    if isinstance(error, OutageError):
        return None
    chain = list(_chain(error))
    said = "\n".join(f"{type(each).__name__}: {each}" for each in chain)
    full = {errno.ENOSPC, errno.EDQUOT}
    if any(isinstance(e, OSError) and e.errno in full for e in chain) or _says(said, _DISK):
        return DiskFullError(disk_full())
    if _says(said, _HEAP):
        return MemoryShortError(heap_short(settings))
    if any(isinstance(e, MemoryError) for e in chain) or _says(said, _MEMORY):
        return MemoryShortError(
            f"the machine's memory does not suffice. Close something, or lower "
            f"spark.driver_memory ({settings.spark.driver_memory}) or ingest.side_by_side. {_AGAIN}"
        )
    if of_models and any(_of_a_store(e) for e in chain) and _AWAY.search(said):
        return ModelsAwayError(models_away(settings, first_line(error)[:300]))
    if _says(said, _JVM_GONE) or any(_refused_by_the_jvm(e) for e in chain):
        return MemoryShortError(jvm_gone(settings))
    return None


def disk_full() -> str:
    """Say that there is no room, and where."""
    place = next(path for path in (home(), *home().parents) if path.exists())
    free = shutil.disk_usage(place).free >> 20
    return (
        f"the disk of {home()} is full: {free:,} MiB are free, to which Spark's scratch files come "
        "when its JVM ends. Make room, as with `bespoke maintain`, or move the home "
        f"(BESPOKE_HOME). {_AGAIN}"
    )


def heap_short(settings: Settings) -> str:
    """Say that the JVM's memory did not suffice."""
    return (
        f"Spark's memory does not suffice: raise spark.driver_memory "
        f"({settings.spark.driver_memory}), if the machine has more, or lower ingest.side_by_side "
        f"({settings.ingest.side_by_side}) and ingest.files_per_batch "
        f"({settings.ingest.files_per_batch}). {_AGAIN}"
    )


def jvm_gone(settings: Settings) -> str:
    """Say that the JVM has ended, which most often is for want of memory."""
    return (
        "Spark's JVM has ended in the midst of its work, most often because the memory was short: "
        f"raise spark.driver_memory ({settings.spark.driver_memory}) if the log says "
        f"OutOfMemoryError, lower it if the system killed it (dmesg). {_AGAIN}"
    )


def models_away(settings: Settings, why: str) -> str:
    """Say that MLflow cannot be reached; without a password that its address may hold."""
    place = without_password(settings.models.tracking_uri or f"sqlite:///{home() / 'mlflow.db'}")
    return (
        f"MLflow cannot be reached at {place} (models.tracking_uri): {without_password(why)}. "
        f"Start it, or mend the setting. {_AGAIN}"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _says(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _of_a_store(error: BaseException) -> bool:
    """Whether an error is one of MLflow's or of its database's."""
    if type(error).__module__.partition(".")[0] in _STORES:
        return True
    # One of a driver that lacks, which is raised as MLflow makes its store.
    return isinstance(error, ModuleNotFoundError) and error.name == "psycopg2"


def _refused_by_the_jvm(error: BaseException) -> bool:
    """Whether a connection was refused, or lost, where Python talks with its JVM."""
    if not isinstance(error, ConnectionError):
        return False
    modules = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    return any(module.startswith("py4j.") for module in modules)


def without_password(text: str) -> str:
    """Return a text with the passwords of the addresses in it left out."""
    return re.sub(r"(://[^/@:\s]*):[^@/\s]*@", r"\1:***@", text)
