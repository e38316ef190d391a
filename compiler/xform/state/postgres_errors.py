"""What a PostgreSQL server refuses, as a user can mend it, and without what must not be shown."""

from __future__ import annotations

import psycopg

from xform.project.profile import StateTarget
from xform.run.failures import StateError

# SQLSTATE (PostgreSQL's documentation, appendix A).
_LOST = ("57P01", "57P02", "57P03", "25P03", "08000", "08003", "08006")
_LOCKED = "55P03"
_NO_RIGHT = "42501"
_READ_ONLY = "25006"
_FOREIGN = ("42P01", "42703", "42P07", "42701", "42704")

_RUN_AGAIN = "run this again: nothing is lost, the warehouse has what was built"
_STANDBY = "name the server that takes writes, not a standby of it"
_ITS_OWN = (
    "give the state a 'schema' that nobody else writes to; the next run fills it from the "
    "warehouse, without the history of runs"
)
_WAIT = "wait until the other xform is done, then run this again"


def bad_url(target: StateTarget) -> StateError:
    return StateError(
        "the 'url' of the state is no URL of a PostgreSQL database",
        kind="io",
        at=target.span,
        help="write postgresql://USER:PASSWORD@HOST:PORT/DBNAME, with %XX for special characters "
        "in the password",
    )


def newer(target: StateTarget, version: int, known: int) -> StateError:
    return StateError(
        f"the state in schema '{target.schema}' was written by a newer xform (version {version}, "
        f"this one knows {known})",
        kind="newer",
        at=target.span,
        help="update xform, or give it another 'schema': the next run fills that from the "
        "warehouse, without the history of runs",
    )


def unreachable(target: StateTarget, error: Exception) -> StateError:
    """Why there is no connection."""
    said = _said(target, error)
    return StateError(
        f"the server of the state cannot be reached: {said}",
        kind="unreachable",
        at=target.span,
        help=_advice(said),
    )


def refused(target: StateTarget, error: psycopg.Error) -> StateError:
    """Why a statement was not carried out."""
    said, code = _said(target, error), error.sqlstate
    where = f"the state in schema '{target.schema}'"
    if code in _LOST or (code is None and isinstance(error, psycopg.OperationalError)):
        kind, text, advice = "unreachable", "the connection to the state is lost", _RUN_AGAIN
    elif code == _LOCKED:
        kind, text, advice = "busy", f"{where} is in use by another process", _WAIT
    elif code == _NO_RIGHT:
        kind, text, advice = "denied", f"{where} is denied", _grant(target.schema, said)
    elif code == _READ_ONLY:
        kind, text, advice = "denied", f"{where} cannot be written", _STANDBY
    elif code in _FOREIGN:
        kind, text, advice = "io", f"{where} is not whole, or others write there", _ITS_OWN
    else:
        kind, text, advice = "io", f"{where} cannot be used", "see what the server's log says"
    return StateError(f"{text}: {said}", kind=kind, at=target.span, help=advice)


def _grant(schema: str, said: str) -> str:
    """What gives the right, by what most servers say of it."""
    name = '"' + schema.replace('"', '""') + '"'
    if " table " in said or "owner" in said:
        return (
            "connect as the user that made the state, or have it run: "
            f"grant all on all tables in schema {name} to USER"
        )
    if " schema " in said:
        return f"have its owner run: grant usage, create on schema {name} to USER"
    return f"have an administrator run: create schema {name} authorization USER"


def _advice(said: str) -> str:
    """What to look at where no connection came about. The server's texts may be in any language;
    these are libpq's own or those of most servers."""
    if "password" in said or "authentication" in said or 'role "' in said:
        return "correct 'user' and 'password' of the state in profiles.yml"
    if 'database "' in said:
        return "correct 'dbname' of the state in profiles.yml, or have the database made"
    return "see that the server runs, and that 'host' and 'port' of the state are right"


def _said(target: StateTarget, error: Exception) -> str:
    """The first line of what the client or the server says, with stars in the place of secrets."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    primary = primary or str(error)
    line = next((line.strip() for line in primary.splitlines() if line.strip()), "")
    for beginning in ("connection failed: ", "connection is bad: "):
        line = line.removeprefix(beginning)
    for value in sorted(target.masked, key=len, reverse=True):
        line = line.replace(value, "***")
    return line or type(error).__name__
