"""Who may write an environment: the last one that the warehouse has seen.

Every lease has a token greater than those before it (`run.leases.Lease`). A writer leaves its token
in the ledger; one that was stopped for long and goes on finds a greater one there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xform.run.failures import LeaseLost

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Fence:
    """Each method is to be called inside a transaction. Raises LeaseLost."""

    environment: str
    token: int

    def check(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Look whether a later one has been here."""
        self._last(cursor)

    def hold(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Look, and leave the token: another transaction that does so meanwhile conflicts."""
        if self._last(cursor) is None:
            cursor.execute("insert into _xform.ledger_meta values (?, ?)", [self._key, self._text])
        else:
            cursor.execute(
                "update _xform.ledger_meta set value = ? where key = ?", [self._text, self._key]
            )

    @property
    def _key(self) -> str:
        return f"fence:{self.environment}"

    @property
    def _text(self) -> str:
        return str(self.token)

    def _last(self, cursor: duckdb.DuckDBPyConnection) -> int | None:
        rows = cursor.execute(
            "select value from _xform.ledger_meta where key = ?", [self._key]
        ).fetchall()
        if not rows:
            return None
        token = int(rows[0][0])
        if token > self.token:
            raise LeaseLost(self.environment, token)
        return token
