"""Programs at the broker: a token that may read `out` also opens MQTT, as the password of the user `out.NAME`."""

from datetime import datetime

from sqlalchemy import Connection

from central.errors import Refused
from central.fleet import broker
from central.fleet.broker import PROGRAM_PREFIX, BrokerFolder, Listener
from central.store import people
from protocols.errors import BadIdentifier
from protocols.identity import checked_name

SCOPE = "out:read"


def listeners(conn: Connection) -> list[Listener]:
    """Every program whose token may read what is announced."""
    return [Listener(token.name, token.site) for token in people.tokens_with(conn, SCOPE)]


def dismiss(conn: Connection, folder: BrokerFolder, centre: str, name: str) -> None:
    """The program may no longer sign in; one that is connected is out once the broker reads its lists again."""
    broker.remove_password(folder, f"{PROGRAM_PREFIX}{name}")
    broker.write_access(folder, centre, listeners(conn))


def dismiss_ended(conn: Connection, folder: BrokerFolder, centre: str, now: datetime) -> list[str]:
    """Dismiss the programs whose token has come to its end and who can still sign in; their names."""
    ended = [token.name for token in people.tokens_with(conn, SCOPE) if not token.is_valid(now)]
    late = [name for name in ended if broker.has_password(folder, f"{PROGRAM_PREFIX}{name}")]
    for name in late:
        dismiss(conn, folder, centre, name)
    return late


def admit(conn: Connection, folder: BrokerFolder, centre: str, name: str, token: str) -> Listener:
    """Let the program that holds `token` sign in at the broker. Raises Refused when its name cannot be a user name."""
    try:
        checked_name(name, "the name of a program that reads out")
    except BadIdentifier as error:
        raise Refused(str(error)) from error
    admitted = next(listener for listener in listeners(conn) if listener.program == name)
    broker.set_password(folder, admitted.user, token)
    broker.write_access(folder, centre, listeners(conn))
    return admitted
