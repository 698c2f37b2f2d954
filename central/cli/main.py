"""tallyhouse: run the centre or one of its processes, load a house, add devices, people and tokens."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import DatabaseError

from central.cli import (
    backup,
    conformance,
    device,
    imports,
    labels,
    ledger,
    orders,
    processes,
    records,
    release,
    rules,
    settings,
    tls,
    token,
    user,
)
from central.errors import CentralError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False
)
app.add_typer(processes.app)
app.add_typer(ledger.app)
app.add_typer(imports.app)
app.add_typer(backup.app)
app.add_typer(conformance.app)
app.add_typer(device.app, name="device")
device.app.add_typer(orders.app)
app.add_typer(tls.app, name="tls")
app.add_typer(user.app, name="user")
app.add_typer(token.app, name="token")
app.add_typer(release.app, name="release")
app.add_typer(labels.app, name="labels")
app.add_typer(records.app, name="audit")
app.add_typer(rules.app, name="rules")
app.add_typer(settings.app, name="config")


def main() -> None:
    """Entry point: what went wrong is a line on stderr and exit code 1."""
    with _worded_errors():
        app()


@contextmanager
def _worded_errors() -> Iterator[None]:
    try:
        yield
    except CentralError as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename or 'the system'}: {error.strerror or error}; check the path, its rights and the disk"
    except DatabaseError as error:
        told = f"database: {error.orig}; is the file a house, the disk not full, and no other program holding it?"
    else:
        return
    typer.echo(f"tallyhouse: {told}", err=True)
    sys.exit(1)
