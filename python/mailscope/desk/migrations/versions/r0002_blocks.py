"""Blocks; since when a case is quiet; a history that the database itself refuses to rewrite."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SQLITE = "CREATE TRIGGER history_{what} BEFORE {what} ON history BEGIN SELECT RAISE(ABORT, 'history is final'); END"
_FUNCTION = """CREATE FUNCTION history_is_final() RETURNS trigger AS
$$ BEGIN RAISE EXCEPTION 'history is final'; END $$ LANGUAGE plpgsql"""
_POSTGRES = "CREATE TRIGGER history_{what} BEFORE {what} ON history EXECUTE FUNCTION history_is_final()"


def upgrade() -> None:
    """Adds the table, the column and the triggers."""
    op.add_column("cases", sa.Column("quiet_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "blocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("planned", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("approvals", sa.JSON(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commands", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_blocks_case_id", "blocks", ["case_id"], unique=False)
    op.create_index("ix_blocks_prefix", "blocks", ["prefix"], unique=False)
    op.create_index("ix_blocks_state", "blocks", ["state"], unique=False)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute(_FUNCTION)
    for what in ("UPDATE", "DELETE"):
        op.execute((_SQLITE if is_sqlite else _POSTGRES).format(what=what))


def downgrade() -> None:
    """Removes them."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for what in ("UPDATE", "DELETE"):
        op.execute(f"DROP TRIGGER history_{what}" + ("" if is_sqlite else " ON history"))
    if not is_sqlite:
        op.execute("DROP FUNCTION history_is_final()")
    op.drop_table("blocks")
    op.drop_column("cases", "quiet_since")
