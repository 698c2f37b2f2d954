"""What a person reads on a page, and the forms on it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from sqlalchemy import select

from central.store.decisions import decisions
from central.store.engine import reading
from tests.journeys.console_house import ConsoleHouse

SPOKEN_ATTRIBUTES = ("alt", "aria-label", "title", "placeholder", "data-text")
UNREAD = ("script", "style", "code", "pre", "time", "cite")


@dataclass
class Spoken(HTMLParser):
    """All text of a page, and the attributes that are read out."""

    texts: list[str] = field(default_factory=list)
    _inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where we are, and what the tag says."""
        if tag in UNREAD:
            self._inside.append(tag)
        elif tag != "link":
            self.texts += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        """Leave what is not read."""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Text that is read."""
        if not self._inside and data.strip():
            self.texts.append(data.strip())


def spoken(html: str) -> list[str]:
    """What a page says, piece by piece."""
    parser = Spoken()
    parser.feed(html)
    return parser.texts


def token(client: FlaskClient, path: str = "/setup/account") -> str:
    """The token of the forms that this browser was shown."""
    html = client.get(path).get_data(as_text=True)
    return html.partition('name="csrf_token" value="')[2].partition('"')[0]


def open_proposal(house: ConsoleHouse) -> str:
    """The id of the newest proposal without a verdict."""
    with reading(house.engine) as conn:
        waiting = select(decisions.c.id).where(decisions.c.state == "proposed").order_by(decisions.c.decided_at.desc())
        return str(conn.execute(waiting.limit(1)).scalar_one())


def pages(house: ConsoleHouse) -> list[str]:
    """Every page of the console."""
    return [
        "/", "/stock", "/stock?state=differs", "/stock/shelves/b-04", "/stock/shelves/a-01?range=14d", "/equipment",
        "/equipment/conveyor-1", "/equipment/pump-1?range=24h",
        "/equipment/alarms", "/equipment/alarms/device/eye-01", "/plan", f"/why/decision/{open_proposal(house)}",
        "/why/event/eye-01/101", "/why/event/eye-01/113", "/why/event/ear-01/101", "/setup/devices", "/setup/devices/eye-01",
        "/setup/account",
        "/setup/ledger", "/setup/keeping",
    ]  # fmt: skip
