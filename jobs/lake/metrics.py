"""Metrics: how each job ended, how long it took and what it met, sent to StatsD where one is set.

Nobody waits for them: a packet that nobody takes is lost, and the night goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

log = logging.getLogger("bespoke")


class MetricsSettings(BaseModel):
    """Where metrics go.

    Attributes
    ----------
    statsd_host : str or None
        A StatsD server, or what speaks for Prometheus like one; None sends nothing. Airflow sends
        its own there, below ``airflow``.
    statsd_port : int
        Its UDP port.
    prefix : str
        What the names begin with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    statsd_host: str | None = None
    statsd_port: int = Field(default=8125, ge=1, le=65535)
    prefix: str = "bespoke"


def send(
    settings: MetricsSettings,
    name: str,
    *,
    state: str,
    took: timedelta,
    counts: Mapping[str, int],
) -> None:
    """Send what a job has done.

    Parameters
    ----------
    settings : MetricsSettings
        Where to.
    name : str
        ``<dag>.<job>``, or ``<dag>.<job>.<feed>``.
    state : str
        succeeded, failed or stopped; counted as ``<name>.<state>``.
    took : timedelta
        A timer, ``<name>.duration``.
    counts : mapping of str to int
        Gauges, ``<name>.rows_read`` and the like.
    """
    if settings.statsd_host is None:
        return
    from statsd import StatsClient

    try:
        client = StatsClient(settings.statsd_host, settings.statsd_port, prefix=settings.prefix)
    except OSError as error:
        log.warning("metrics: %s is not to be found: %s", settings.statsd_host, error)
        return
    with client.pipeline() as packets:
        packets.timing(f"{name}.duration", took)
        packets.incr(f"{name}.{state}")
        for what, count in counts.items():
            packets.gauge(f"{name}.{what}", count)
    client.close()
