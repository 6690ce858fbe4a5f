"""The shop's clock: seconds of local wall time since the first midnight, written as systems do.

All conversion goes through TIMESTAMP_NTZ, so the session's own time zone does not matter.
"""

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

DAY = 86_400
HOUR = 3_600


class Clock:
    """Writes moments, given as whole local seconds since midnight of the first day."""

    def __init__(self, first_day: date, time_zone: str) -> None:
        self._midnight = F.lit(f"{first_day.isoformat()} 00:00:00").cast("timestamp_ntz")
        self._first_day = F.lit(first_day)
        self._time_zone = time_zone

    def date(self, day: Column) -> Column:
        """Return the calendar date of a day counted from the first."""
        return F.date_add(self._first_day, day.cast("int"))

    def local(self, second: Column) -> Column:
        """Return the wall time as TIMESTAMP_NTZ."""
        return F.timestamp_add("SECOND", second.cast("long"), self._midnight)

    def local_text(self, second: Column) -> Column:
        """Return the wall time as `YYYY-MM-DD HH:MM:SS`."""
        return self.local(second).cast("string")

    def utc_text(self, second: Column) -> Column:
        """Return the moment as `YYYY-MM-DDTHH:MM:SSZ`."""
        return F.concat(
            F.replace(self._utc(second).cast("string"), F.lit(" "), F.lit("T")), F.lit("Z")
        )

    def offset_text(self, second: Column) -> Column:
        """Return the moment as `YYYY-MM-DDTHH:MM:SS+HH:MM` with the shop's offset."""
        minutes = F.timestamp_diff("MINUTE", self._utc(second), self.local(second))
        sign = F.when(minutes < 0, "-").otherwise("+")
        clock = F.format_string("%02d:%02d", F.floor(F.abs(minutes) / 60), F.abs(minutes) % 60)
        wall = F.replace(self.local(second).cast("string"), F.lit(" "), F.lit("T"))
        return F.concat(wall, sign, clock)

    def _utc(self, second: Column) -> Column:
        return F.convert_timezone(F.lit(self._time_zone), F.lit("UTC"), self.local(second))


def day_of(second: Column) -> Column:
    """Return the local day, counted from the first, that a moment falls in."""
    return F.floor(second / DAY).cast("int")
