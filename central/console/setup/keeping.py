"""What is kept and for how long, how much space it takes, what goes next; and the backups."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from central.console.fragments import Fragment, Look, Page, Rows, show
from central.floor.keeping import keeping

blueprint = Blueprint("keeping", __name__)


def _kept(look: Look) -> Rows:
    return {"keeping": keeping(look.conn, look.parts.limits)}


KEPT = Fragment("kept", "setup/keeping/_kept.html", frozenset({"backup", "kept"}), _kept)
PAGE = Page("keeping", "setup/keeping/page.html", (KEPT,))
PAGES = (PAGE,)


@blueprint.get("/setup/keeping")
def page() -> ResponseReturnValue:
    """Every noun that has a limit, and the newest backup."""
    return show(PAGE)
