"""Settings of maintenance."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

MEGABYTE = 1 << 20


class MaintenanceSettings(BaseModel):
    """What is kept, for how long, and when what is not goes.

    Attributes
    ----------
    schedule : str
        Cron expression, in the zone of the schedules (``airflow.time_zone``).
    retries : int
        How often it comes again while a night is at work; the pauses grow to half an hour.
    small_file_mb : int
        A file below this size is joined with others of its folder.
    target_file_mb : int
        About how large the files are that it is joined into.
    memory_mb : int
        Memory for rows that are sorted or joined; what is more goes to the home's scratch folder.
    keep_days : int
        Days for which former versions of a table can be read, and files that belong to none stay.
        Never below seven: a reader or a writer may be at work with them for a while.
    checkpoint_after : int
        Commits after which the log's state is written in one piece.
    exports_days, logs_days : int
        Days for which export folders, which hold addresses in the clear, and log files are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: str = "0 12 * * 0"
    retries: int = Field(default=12, ge=0)
    small_file_mb: int = Field(default=32, ge=1)
    target_file_mb: int = Field(default=128, ge=1)
    memory_mb: int = Field(default=1024, ge=256)
    keep_days: int = Field(default=30, ge=7)
    checkpoint_after: int = Field(default=10, ge=1)
    exports_days: int = Field(default=30, ge=1)
    logs_days: int = Field(default=60, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "MaintenanceSettings":
        if self.small_file_mb > self.target_file_mb:
            raise ValueError("small_file_mb is above target_file_mb: joined files would stay small")
        return self

    @property
    def small_bytes(self) -> int:
        """``small_file_mb`` in bytes."""
        return self.small_file_mb * MEGABYTE

    @property
    def target_bytes(self) -> int:
        """``target_file_mb`` in bytes."""
        return self.target_file_mb * MEGABYTE
