"""Runs the migrations on the connection that the desk opened."""

from alembic import context

from mailscope.desk.records import Record

context.configure(connection=context.config.attributes["connection"], target_metadata=Record.metadata)
context.run_migrations()
