"""Which schema a database has, and how it gets the one that this code speaks (Alembic, run from here)."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData

from central.store.engine import reading, writing
from central.store.metadata import metadata

_STORE = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Bring the database to this code's schema, all of it or nothing; no effect when it is there already."""
    with writing(engine) as conn:
        command.upgrade(_alembic(conn), "head")


def is_current(engine: Engine) -> bool:
    """Whether the database has the schema that this code speaks."""
    return revision(engine) == newest_revision()


def revision(engine: Engine) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    with reading(engine) as conn:
        return MigrationContext.configure(conn).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this code speaks."""
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def whole_metadata() -> MetaData:
    """The MetaData with every table of the store in it."""
    for module in iter_modules([str(_STORE)]):
        if not module.ispkg:
            import_module(f"central.store.{module.name}")
    return metadata


def _alembic(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_STORE / "migrations"))
    config.attributes["connection"] = conn
    return config
