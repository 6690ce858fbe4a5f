"""A server for tools that speak JDBC or ODBC: Spark's own Thrift server, over the lake's tables.

Everything it needs is in the PySpark distribution. Tables are views there, by the names that they
have everywhere, so that a tool which writes to one is refused; those of bronze and the vault are
not listed. That keeps mistakes out and nobody else: the server runs whatever statement it is given,
those that name a path too, with all that its owner may read and write. It asks for no password, so
it listens on loopback, which every account of the machine reaches: who is elsewhere comes through a
tunnel, or a gateway that knows who may.
"""

from __future__ import annotations

import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

from jobs.cli.logs import terminal
from jobs.lake.errors import BespokeError
from jobs.lake.folders import Folder, lake_root
from jobs.lake.query import stored_tables
from jobs.lake.settings import SparkSettings, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOOPBACK = "127.0.0.1"
LEFT_OUT = ("bronze", "vault")
"""Layers with encrypted or raw values, which a tool has no use for; a path leads there still."""
OPEN = (
    "It runs any statement, of files too, with all your rights, for every account of this machine "
    "that reaches the port. Stop it when you are done."
)
SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


class JdbcError(BespokeError):
    """The server cannot be started; the message says why."""


def serve(port: int) -> None:
    """Start the server, say how to connect and who may, and wait for Ctrl-C or SIGTERM.

    Raises
    ------
    JdbcError
        The port is taken, or there are no tables yet.
    """
    from jobs.lake.session import open_session

    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            raise JdbcError(f"port {port} is taken: name another: --port {port + 1}")
    lake = lake_root()
    names = [name for name in stored_tables(lake) if name.split(".")[0] not in LEFT_OUT]
    if not names:
        raise JdbcError(f"{lake} holds no tables yet: `bespoke run` makes them")
    console = terminal()
    console.print(f"Starting, with {len(names)} tables …")
    spark = open_session(bound(settings().spark, port))
    show(spark, lake, names)
    # It looks for a catalogue of Hive's, which there is none of, and says so on many screens.
    jvm: Any = spark._jvm
    log4j = jvm.org.apache.logging.log4j
    log4j.core.config.Configurator.setLevel("DataNucleus", log4j.Level.OFF)
    server = getattr(jvm, SERVER).startWithContext(spark._jsparkSession.sqlContext())
    console.print(OPEN)
    console.print(f"Connect to jdbc:hive2://{LOOPBACK}:{port} as anybody; Ctrl-C stops it")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.stop()
    spark.stop()


def bound(wanted: SparkSettings, port: int) -> SparkSettings:
    """Return the settings of a session whose server listens on a port of loopback."""
    own = {
        "spark.hadoop.hive.server2.thrift.bind.host": LOOPBACK,
        "spark.hadoop.hive.server2.thrift.port": str(port),
        # Reading tables only: nothing of Hive's is kept.
        "spark.sql.catalogImplementation": "in-memory",
    }
    return wanted.model_copy(update={"conf": wanted.conf | own})


def show(spark: SparkSession, lake: Folder, names: list[str]) -> None:
    """Make a view of each table, by its name, of the version that is the latest when it is read."""
    for name in names:
        layer, _, table = name.partition(".")
        spark.sql(f"CREATE DATABASE IF NOT EXISTS `{layer}`")
        rows = f"SELECT * FROM delta.`{lake / layer / table}`"  # noqa: S608 - our own names
        spark.sql(f"CREATE OR REPLACE VIEW `{layer}`.`{table}` AS {rows}")
