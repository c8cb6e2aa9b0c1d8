"""Whether a case's traffic stopped, and which of a case's notices is a reminder."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns; what went out before was a first notice."""
    op.add_column("cases", sa.Column("watched", sa.JSON(), nullable=True))
    op.add_column("notices", sa.Column("kind", sa.String(16), nullable=False, server_default="notice"))


def downgrade() -> None:
    """Removes them."""
    op.drop_column("notices", "kind")
    op.drop_column("cases", "watched")
