"""Bringing files: templates out, a file in, what each row would do, and then the rows themselves."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from uuid import uuid4

from flask import Blueprint, Response, abort, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, row_number, show
from central.console.language import language
from central.console.redraw import answer
from central.deciding import waking
from central.errors import CentralError
from central.imports import desk, registry, templates
from central.imports.desk import Desk
from central.imports.findings import Finding
from central.imports.posting import NOUN
from central.imports.words import worded
from central.parts import Parts, parts
from central.spreadsheets.reading import MOST_BYTES
from central.spreadsheets.writing import CSV_TYPE, XLSX_TYPE
from central.store import uploads
from central.store.uploads import Upload
from central.translations.catalogue import translator

blueprint = Blueprint("imports", __name__)
CHANGED = frozenset({NOUN})
MOST_FILES = 8
MOST_NAME = 120
_FORM_BYTES = 1 << 20


@dataclass(frozen=True)
class Line:
    """One thing found in a row, as a person reads it."""

    row: int
    state: str
    column: str
    words: str


@dataclass(frozen=True)
class Shown:
    """A file as the page draws it. `words`: what is to say of all of it."""

    upload: Upload
    title: str
    is_stopped: bool
    counts: Mapping[str, int]
    noted: int
    lines: tuple[Line, ...]
    words: tuple[str, ...]


@blueprint.url_value_preprocessor
def _let_files_in(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    request.max_content_length = MOST_BYTES + _FORM_BYTES


def _files(look: Look) -> Rows:
    found = uploads.newest(look.conn, look.site, MOST_FILES)
    return {"files": [_shown(upload, desk.stands_still(upload, look.now)) for upload in found]}


PAGE = Page("imports", "setup/imports/page.html", (Fragment("files", "setup/imports/_files.html", CHANGED, _files),))
PAGES = (PAGE,)


@blueprint.get("/setup/imports")
def page() -> ResponseReturnValue:
    """What can be brought, and what was."""
    return show(PAGE, kinds=registry.KINDS)


@blueprint.get("/setup/imports/templates/<kind>.<form>")
def template(kind: str, form: str) -> ResponseReturnValue:
    """A file of a kind to fill."""
    try:
        found = registry.kind_named(kind)
    except CentralError:
        abort(404)
    if form == "csv":
        body, media_type = templates.as_csv(found).encode(), CSV_TYPE
    elif form == "xlsx":
        body, media_type = templates.as_xlsx(found, translator(language())), XLSX_TYPE
    else:
        abort(404)
    return Response(
        body, content_type=media_type, headers={"Content-Disposition": f"attachment; filename={found.name}.{form}"}
    )


@blueprint.post("/setup/imports")
@may("data.import")
def bring() -> ResponseReturnValue:
    """Keep a file and begin to check it."""
    running, sent = parts(), request.files.get("file")
    kind = request.form.get("kind", "")
    if sent is None or not sent.filename or kind not in desk.kinds():
        return answer(CHANGED, _("Choose a file first."))
    worker = _desk(running)
    worker.folder.mkdir(parents=True, exist_ok=True)
    path = worker.folder / uuid4().hex
    sent.save(path)
    now, form = running.now(), request.form
    upload = Upload(
        site=running.site,
        kind=kind,
        file_name=_plain(sent.filename),
        path=str(path),
        decimal=form.get("decimal") or None,
        dates=form.get("dates") or None,
        uploaded_by=current_person().name,
        uploaded_at=now,
        updated_at=now,
    )
    with running.writing() as conn:
        upload = replace(upload, id=uploads.add(conn, upload))
    desk.tidy(running.writing, running.site, now)
    return _begun(worker.check, upload)


@blueprint.post("/setup/imports/<number>/post")
@may("data.import")
def post(number: str) -> ResponseReturnValue:
    """Put in the rows of a file that was checked."""
    running, upload = parts(), _upload(number)
    is_ready = upload.state == "checked" or desk.stands_still(upload, running.now())
    then: uploads.State = "checking" if upload.state == "checking" else "posting"  # a check that died is made again
    if is_ready:
        with running.writing() as conn:
            is_ready = uploads.claim(conn, upload, then, current_person().name, running.now())
    if not is_ready:
        return answer(CHANGED, _("Nothing was imported: the file is being read, or was posted already."))
    worker = _desk(running)
    return _begun(worker.check if then == "checking" else worker.post, _upload(number))


@blueprint.post("/setup/imports/<number>/discard")
@may("data.import")
def discard(number: str) -> ResponseReturnValue:
    """Forget a file."""
    try:
        desk.take_away(parts().writing, _upload(number), parts().now())
    except CentralError as error:
        return answer(CHANGED, _("Nothing was changed: %(why)s", why=error))
    return answer(CHANGED)


@blueprint.get("/setup/imports/<number>/verdicts.csv")
def verdicts(number: str) -> ResponseReturnValue:
    """The verdict on every row of a file."""
    path = desk.verdict_file(_upload(number))
    if not path.is_file():
        abort(404)
    return send_file(path, CSV_TYPE, as_attachment=True, download_name="verdicts.csv")


def _begun(work: Callable[[Upload], None], upload: Upload) -> ResponseReturnValue:
    Thread(target=work, args=(upload,), name=f"import-{upload.id}", daemon=True).start()
    return answer(CHANGED)


def _plain(name: str) -> str:
    """A file's name as it is shown: without folders, in one line, not longer than a line. No path is made of it."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable()).strip()[:MOST_NAME] or "file"


def _upload(number: str) -> Upload:
    with parts().reading() as conn:
        found = uploads.get(conn, parts().site, row_number(number))
    if found is None:
        abort(404)
    return found


def _desk(running: Parts) -> Desk:
    return Desk(
        reading=running.reading,
        writing=running.writing,
        wake=lambda conn, facts: waking.wake(conn, running.capabilities, facts, running.now()),
        now=running.now,
        folder=Path(running.engine.url.database or ".").parent / "uploads",
    )


def _shown(upload: Upload, is_stopped: bool) -> Shown:
    report, translated = upload.report or {}, translator(language())
    lines = [
        Line(verdict["row"], verdict["state"], finding["column"], worded(Finding(**finding), translated))
        for verdict in report.get("shown", ())
        for finding in (*verdict["faults"], *verdict["notes"])
    ]
    words = tuple(worded(Finding(**finding), translated) for finding in report.get("findings", ()))
    title = translated(registry.kind_named(upload.kind).title)
    return Shown(upload, title, is_stopped, report.get("counts", {}), report.get("noted", 0), tuple(lines), words)
