"""What Alembic runs: all steps inside the writing transaction that `central.store.schema` opened.

A step that fails takes the whole upgrade with it: DDL is transactional here because we say BEGIN ourselves.
"""

from alembic import context

from central.store.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
