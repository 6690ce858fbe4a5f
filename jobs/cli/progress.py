"""Progress of a run: one line a stage, with its seconds and its counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from jobs.lake.errors import first_line

NAME = 12


class Progress:
    """Shows stages as they start and end.

    Parameters
    ----------
    console : Console
        Where lines go. On a terminal the stage that runs is shown, too.
    counts : callable
        Given a time, says what the stage that started then has done, as recorded in the lake.
    """

    def __init__(self, console: Console, counts: Callable[[datetime], str]) -> None:
        self._console = console
        self._counts = counts
        self._status: Status | None = None
        self._name = ""
        self._since = 0.0
        self._began = datetime.now(UTC)
        self.errors: dict[str, str] = {}

    def begin(self, name: str) -> None:
        """Note that a stage starts."""
        self._close()
        self._name, self._since, self._began = name, time.monotonic(), datetime.now(UTC)
        if self._console.is_terminal:
            self._status = self._console.status(f"{name} …")
            self._status.start()

    def end(self, said: str | None = None) -> None:
        """Note that it is done; without words it is said what the lake recorded."""
        self._line("[green]✓[/green]", self._counts(self._began) if said is None else said)

    def fail(self, error: str, *, again: bool) -> None:
        """Note that it failed, and whether it will be tried again."""
        self.errors[self._name] = error
        first = first_line(error)
        self._line("[red]✗[/red]", f"{first} (tried again)" if again else first)

    @contextmanager
    def stage(self, name: str) -> Iterator[list[str]]:
        """Show a piece of work; what is put into the list is said at its end."""
        self.begin(name)
        said: list[str] = []
        try:
            yield said
        except BaseException as error:
            self.fail(str(error) or type(error).__name__, again=False)
            raise
        self.end(", ".join(said))

    def _line(self, mark: str, said: str) -> None:
        self._close()
        seconds = f"{time.monotonic() - self._since:6.1f} s"
        self._console.print(f"{mark} {self._name:<{NAME}}{seconds}  {escape(said)}".rstrip())

    def _close(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def listener(progress: Progress, at_work: Callable[[], object]) -> Any:
    """Return an object by which Airflow tells ``progress`` of its tasks.

    ``at_work`` is called as each of them starts.
    """
    from airflow.listeners import hookimpl

    class Tasks:
        """Airflow's hooks; their names and parameters are Airflow's."""

        @hookimpl
        def on_task_instance_running(self, task_instance: Any) -> None:
            progress.begin(task_instance.task_id)
            at_work()

        @hookimpl
        def on_task_instance_success(self) -> None:
            progress.end()

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            progress.fail(str(error), again=str(task_instance.state) == "up_for_retry")

    return Tasks()
