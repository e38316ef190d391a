"""Scripts: any number of statements of any kind, each lowered to the query whose result it
writes (`statements.py`), with what it writes and what the script has made before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from xform.base.codes import SQL_EMPTY, SQL_NOT_A_QUERY, TARGET_UNKNOWN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.sql.ir import SqlUnit
from xform.sql.parse import (
    PARSER_FAILURES,
    Place,
    find_dialect,
    lower_tree,
    out_of_place,
    tokens_of,
    trees_of,
    unknown_dialect,
)

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

ColumnsOf = Callable[[tuple[str, ...]], Sequence[str]]
"""The columns, as far as they are known, of a table by the parts of its name."""


class Statement(msgspec.Struct, frozen=True):
    """`unit` is None where the statement reads nothing, or could not be read (then with a
    diagnostic). `target` is the name of what is written, in parts; `names` are the columns of it
    that the outputs go to, as far as known; `creates` says that later statements may read it."""

    unit: SqlUnit | None
    target: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    creates: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    word: tuple[int, int] = (0, 0)
    """Where its first word stands."""


def read_script(
    place: Place, text: str, dialect: str, columns_of: ColumnsOf
) -> Iterator[Statement]:
    """The statements of a script, in order. `columns_of` is asked for targets whose columns the
    statement does not name; each statement is asked for only when those before were taken."""
    from sqlglot import exp

    from xform.sql.rewording import plainly

    parser, hint = find_dialect(dialect)
    if parser is None:
        yield Statement(None, diagnostics=(unknown_dialect(None, place, dialect, hint),))
        return
    tokens, wrong = tokens_of(None, place, text, parser)
    if wrong is not None:
        yield Statement(None, diagnostics=(wrong,))
        return
    empty = True
    variables: set[str] = set()
    for stretch in _stretches(tokens, dialect):
        trees, wrong = trees_of(None, place, text, stretch, parser)
        if wrong is not None:
            empty = False
            yield Statement(None, diagnostics=(wrong,))
        if len(trees) == 1 and isinstance(trees[0], exp.Command) and (plain := plainly(stretch)):
            again, wrong = trees_of(None, place, text, plain, parser)
            trees = again if wrong is None else trees
        for tree in trees:
            empty = False
            if dialect == "bigquery":
                _take_variables(tree, variables, columns_of)
            yield from _statements(place, text, tree, stretch, dialect, columns_of)
    if empty:
        found = diagnose(SQL_EMPTY, "there is no query here", place.path, "write a statement")
        yield Statement(None, diagnostics=(found,))


def _take_variables(tree: exp.Expr, variables: set[str], columns_of: ColumnsOf) -> None:
    """Note what DECLARE declares, in lower case; elsewhere put parameters in the place of such
    names. A column of the same name goes before a variable."""
    from sqlglot import exp

    for item in tree.expressions if isinstance(tree, exp.Declare) else ():
        declared = item.this if isinstance(item.this, list) else [item.this]
        variables.update(name.name.lower() for name in declared)
    if not variables:
        return
    columns = {
        name.lower() for table in tree.find_all(exp.Table) for name in columns_of(_parts(table))
    }
    for column in list(tree.find_all(exp.Column)):
        name = column.name.lower()
        if name in variables and name not in columns and len(column.parts) == 1:
            column.replace(exp.Parameter(this=exp.to_identifier(name)))


def _stretches(tokens: Sequence[Token], dialect: str) -> Iterator[list[Token]]:
    """Tokens between semicolons, so that an error in one statement leaves the others alone."""
    from sqlglot.tokenizer_core import TokenType

    from xform.sql.rewording import reworded

    stretch: list[Token] = []
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            stretch.append(token)
        elif stretch:
            yield from reworded(stretch, dialect)
            stretch = []
    if stretch:
        yield from reworded(stretch, dialect)


def _statements(
    place: Place,
    text: str,
    tree: exp.Expr,
    tokens: Sequence[Token],
    dialect: str,
    columns_of: ColumnsOf,
) -> Iterator[Statement]:
    from xform.sql.statements import as_queries

    word = (tokens[0].start, tokens[0].end + 1)
    try:
        queries = as_queries(tree, lambda table: columns_of(_parts(table)))
    except PARSER_FAILURES:
        yield Statement(None, diagnostics=(out_of_place(None, place, text, tokens),))
        return
    for written in queries:
        target = _parts(written.target) if written.target is not None else ()
        found: tuple[Diagnostic, ...] = ()
        unit = None
        if written.unknown:
            shown = text[word[0] : word[1]].upper()
            found = (
                diagnose(
                    SQL_NOT_A_QUERY,
                    f"what {shown} reads and writes is not looked into",
                    place.span(*word),
                    "write its queries as statements of their own to see their lineage",
                ),
            )
        elif written.query is not None:
            unit, found = lower_tree(
                None, place, text, written.query, tokens, dialect, parameters=True
            )
        if written.unplaced:
            said = diagnose(
                TARGET_UNKNOWN,
                f"which columns of '{'.'.join(target)}' are written is not known",
                place.span(*word),
                "list them: insert into … (a, b), or give the columns of the table",
            )
            found = (*found, said)
        yield Statement(unit, target, written.names, written.creates, found, word)


def _parts(table: exp.Table) -> tuple[str, ...]:
    from sqlglot import exp

    return tuple(
        f"@{part.name}" if isinstance(part, exp.Parameter) else part.name for part in table.parts
    )
