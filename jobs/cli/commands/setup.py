"""``bespoke setup``."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def setup() -> None:
    """Get this machine ready: Java, the Delta jars, the keys."""
    from jobs.cli.java import install, java, usable
    from jobs.lake import jars
    from jobs.lake.settings import home, settings
    from jobs.privacy.keyring import key_file, make_keyring

    settings()
    typer.echo("settings: read")
    if not usable():
        typer.echo("Java: none that Spark runs on; installing one …")
        install()
    found = java()
    typer.echo(f"Java: {found[1]} ({found[0]})" if found else "Java: installed")
    try:
        jars.installed()
    except jars.JarsMissingError:
        typer.echo("Delta jars: fetching …")
    typer.echo(f"Delta jars: {len(jars.fetch())} in {jars.folder()}")
    key = key_file(home())
    made = not key.exists()
    make_keyring(key)
    typer.echo(f"keys: {'made' if made else 'there'}, in {key}; back them up apart from the data")
