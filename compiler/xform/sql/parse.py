"""Text to tree to intermediate form, with diagnostics in the rendered text's offsets turned into
places of the written file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from xform.base.codes import (
    SQL_EMPTY,
    SQL_NOT_A_QUERY,
    SQL_PARAMETER,
    SQL_SEVERAL_STATEMENTS,
    SQL_SYNTAX,
    SQL_TOO_DEEP,
    SQL_UNKNOWN_DIALECT,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import LineIndex, SourceMap, Span
from xform.sql.brackets import enclosed
from xform.sql.ir import SqlUnit

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.tokenizer_core import Token

    from xform.template.rendered import Reference, Rendered


NO_MAP = SourceMap()
PARSER_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What sqlglot raises, besides errors of its own, where an operand is missing or out of place;
and what reading its tree raises where it let such a thing pass."""


@dataclass(frozen=True)
class Place:
    """Turns offsets into rendered text into spans of the written file.

    `source` gives the written text; it is asked for only where something is to be said of it.
    """

    path: str
    source: Callable[[], str]
    source_map: SourceMap = NO_MAP

    def span(self, start: int, end: int) -> Span:
        begin, finish = self.source_map.locate(start, end)
        return self._lines.span(self.path, begin, finish)

    def whole(self, start: int, end: int) -> Span:
        """The span of an expression, with its brackets."""
        begin, finish = self.source_map.locate(start, end)
        return self._lines.span(self.path, *enclosed(self.source(), begin, finish))

    def written(self, start: int, end: int) -> str:
        """The text of a stretch, as it stands in the file."""
        begin, finish = self.source_map.locate(start, end)
        return self.source()[begin:finish]

    @cached_property
    def _lines(self) -> LineIndex:
        return LineIndex(self.source())


def parse_model(
    asset: AssetName, place: Place, rendered: Rendered, dialect: str, *, sliced: bool = False
) -> tuple[SqlUnit | None, tuple[Diagnostic, ...]]:
    """Parse and lower one model's rendered SQL. `sliced`: it may name the bounds of the intervals
    that are computed, as `@start` and `@end`."""
    return parse_query(asset, place, rendered.text, dialect, rendered.references, sliced=sliced)


def parse_query(
    asset: AssetName | None,
    place: Place,
    text: str,
    dialect: str,
    references: Sequence[Reference] = (),
    *,
    sliced: bool = False,
) -> tuple[SqlUnit | None, tuple[Diagnostic, ...]]:
    parser, hint = find_dialect(dialect)
    if parser is None:
        return None, (unknown_dialect(asset, place, dialect, hint),)
    tokens, wrong = tokens_of(asset, place, text, parser)
    if wrong is not None:
        return None, (wrong,)
    bounds = _bounds(tokens, dialect) if sliced and "@" in text else ()
    statements, wrong = trees_of(asset, place, text, tokens, parser)
    wrong = wrong or _not_one_query(asset, place, text, statements)
    if wrong is not None:
        return None, (wrong,)
    unit, problems = lower_tree(
        asset, place, text, statements[0], tokens, dialect, references, sliced=sliced
    )
    release(statements[0])
    if unit is not None and bounds:
        unit = msgspec.structs.replace(unit, bounds=bounds)
    return unit, problems


def _bounds(tokens: Sequence[Token], dialect: str) -> tuple[tuple[int, int, str], ...]:
    """The places of `@start` and `@end`, which become parameters to the parser: in DuckDB `@` is
    the absolute value, and a parameter begins with `$`."""
    found: list[tuple[int, int, str]] = []
    for sign, word in pairwise(tokens):
        which = word.text.lower()
        if sign.text == "@" and which in ("start", "end") and word.start == sign.end + 1:
            found.append((sign.start, word.end + 1, which))
            if dialect == "duckdb":
                sign.text = "$"
    return tuple(found)


def unknown_dialect(asset: AssetName | None, place: Place, dialect: str, hint: str) -> Diagnostic:
    return diagnose(
        SQL_UNKNOWN_DIALECT, f"unknown dialect '{dialect}'", place.path, hint, asset=asset
    )


def tokens_of(
    asset: AssetName | None, place: Place, text: str, parser: Dialect
) -> tuple[list[Token], Diagnostic | None]:
    """The tokens of a text, marked for the parser."""
    from sqlglot.errors import SqlglotError

    from xform.sql.limits import too_deep
    from xform.sql.syntax import unreadable
    from xform.sql.tokens import mark

    try:
        tokens = list(parser.tokenize(text))
    except SqlglotError as error:
        return [], unreadable(asset, place.span, text, str(error))
    bracket = too_deep(tokens, text)
    if bracket is not None:
        return [], _too_deep(asset, place, bracket.start, bracket.end + 1)
    mark(tokens, parser)
    return tokens, None


def trees_of(
    asset: AssetName | None, place: Place, text: str, tokens: Sequence[Token], parser: Dialect
) -> tuple[list[exp.Expr], Diagnostic | None]:
    """The statements that tokens of `text` make up, without those that are only comments."""
    from sqlglot.errors import ParseError, SqlglotError

    from xform.sql.syntax import gap, stuck, syntax_error, unmatched, unreadable

    missing = gap(asset, place.span, text, tokens, type(parser).__name__.lower())
    if missing is not None:
        return [], missing
    reading = parser.parser()
    readable = _readable(tokens, text, parser)
    trees: Sequence[exp.Expr | None] | None
    try:
        trees = reading.parse(readable, text)
    except ParseError as error:
        trees = _with_plain_names(readable, text, parser)
        if trees is None:
            return [], syntax_error(asset, place.span, text, tokens, error)
    except SqlglotError as error:
        return [], unreadable(asset, place.span, text, str(error))
    except RecursionError:
        return [], _too_deep(asset, place, *first_word(text))
    except PARSER_FAILURES:
        return [], stuck(asset, place.span, text, tokens, reading)
    wrong = unmatched(asset, place.span, text, tokens)
    if wrong is not None:
        return [], wrong
    return [tree for tree in trees if tree is not None and not _is_comment(tree)], None


def _with_plain_names(
    tokens: Sequence[Token], text: str, parser: Dialect
) -> Sequence[exp.Expr | None] | None:
    """The statements, where the parser has taken a name for a keyword; else None."""
    from sqlglot.errors import SqlglotError

    from xform.sql.rewording import plain_names

    named = plain_names(tokens) if type(parser).__name__ == "DuckDB" else None
    if named is None:
        return None
    try:
        return parser.parser().parse(named, text)
    except (SqlglotError, RecursionError, *PARSER_FAILURES):
        return None


def _readable(tokens: Sequence[Token], text: str, parser: Dialect) -> list[Token]:
    """The tokens, with what the parser does not read in words that it does."""
    from xform.sql.pipes import PIPE, unpiped

    readable = unpiped(tokens) if PIPE in text else list(tokens)
    if type(parser).__name__ == "DuckDB" and "pivot" in text.lower():
        from xform.sql.rewording import named_values

        readable = named_values(readable)
    return readable


def lower_tree(
    asset: AssetName | None,
    place: Place,
    text: str,
    tree: exp.Expr,
    tokens: Sequence[Token],
    dialect: str,
    references: Sequence[Reference] = (),
    *,
    parameters: bool = False,
    sliced: bool = False,
) -> tuple[SqlUnit | None, tuple[Diagnostic, ...]]:
    """Lower one parsed query. `parameters`: whether it may hold query parameters; `sliced`: those
    that are bounds of intervals."""
    from xform.sql.lower import lower
    from xform.sql.pipes import PIPE
    from xform.sql.tokens import digest_tokens, end_of_query

    try:
        lowered = lower(tree, text, dialect, references, sliced=sliced)
    except RecursionError:
        return None, (_too_deep(asset, place, *first_word(text)),)
    except PARSER_FAILURES:
        return None, (out_of_place(asset, place, text, tokens),)
    if lowered.parameter is not None and not parameters:
        return None, (_parameter(asset, place, text, lowered.parameter, dialect),)
    # `<=>` is a distance in DuckDB and an equality to sqlglot: the tree does not tell them apart.
    careful = lowered.careful or "<=>" in text or PIPE in text
    whole = digest_tokens(tokens) if careful else ""
    unit = msgspec.structs.replace(lowered.unit, end=end_of_query(tokens, text), whole=whole)
    return unit, ()


_PLAIN = frozenset({str, bool, int, type(None)})


def release(tree: exp.Expr) -> None:
    """Let go of a tree that nobody reads any more: its nodes know their parents, and would lie in
    memory until the garbage collector had looked at every one of them."""
    from sqlglot import exp

    nodes: list[object] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, exp.Expr):
            node.parent = None
            nodes.extend([item for item in node.args.values() if type(item) not in _PLAIN])
        elif type(node) is list:
            nodes.extend(node)


def find_dialect(name: str) -> tuple[Dialect | None, str]:
    """sqlglot's dialect of a name, or what to do where there is none."""
    from sqlglot.dialects.dialect import Dialect, Dialects

    logging.getLogger("sqlglot").disabled = True  # it would talk to stderr past our diagnostics
    try:
        return Dialect.get_or_raise(name), ""
    except ValueError:
        known = [dialect.value for dialect in Dialects if dialect.value]
        return None, did_you_mean(name, known) or f"known are {', '.join(sorted(known))}"


def _not_one_query(
    asset: AssetName | None, place: Place, text: str, statements: Sequence[exp.Expr]
) -> Diagnostic | None:
    from sqlglot import exp

    if not statements:
        return diagnose(
            SQL_EMPTY,
            "the model holds no query",
            place.path,
            "write a SELECT, or delete the file",
            asset=asset,
        )
    if len(statements) > 1:
        return diagnose(
            SQL_SEVERAL_STATEMENTS,
            f"{len(statements)} statements in one model",
            place.span(*_second_statement(text, statements[1])),
            "keep one query per file; put others into models of their own",
            asset=asset,
        )
    tree = statements[0]
    if isinstance(tree, exp.Query | exp.Pivot | exp.Summarize | exp.Values | exp.Table):
        return None
    kind = (tree.key if not isinstance(tree, exp.Command) else tree.name).upper()
    return diagnose(
        SQL_NOT_A_QUERY,
        f"{kind} is not a query",
        place.span(*first_word(text)),
        "a model is one SELECT; xform writes the CREATE around it",
        asset=asset,
    )


def _parameter(
    asset: AssetName | None, place: Place, text: str, parameter: exp.Expr, dialect: str
) -> Diagnostic:
    written = parameter.sql(dialect)
    start = max(text.find(written), 0)
    at = (start, start + len(written)) if text.count(written) == 1 else first_word(text)
    return diagnose(
        SQL_PARAMETER,
        f"query parameter {written} in a model",
        place.span(*at),
        "use {{ var('name') }} for a value that is set from outside",
        asset=asset,
    )


def _is_comment(tree: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(tree, exp.Semicolon)


def _second_statement(text: str, tree: exp.Expr) -> tuple[int, int]:
    from xform.sql.leaves import extent

    start, end = extent([tree])
    semicolon = text.rfind(";", 0, start)
    begin = semicolon + 1 if semicolon >= 0 else start
    while begin < start and text[begin].isspace():
        begin += 1
    return begin, max(end, begin + 1)


def first_word(text: str) -> tuple[int, int]:
    """The first word behind comments."""
    at, size = 0, len(text)
    while at < size:
        if text[at].isspace():
            at += 1
        elif text.startswith("--", at):
            at = (text.find("\n", at) + 1) or size
        elif text.startswith("/*", at):
            found = text.find("*/", at)
            at = found + 2 if found >= 0 else size
        else:
            break
    end = at
    while end < size and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return at, max(end, at + 1)


def out_of_place(
    asset: AssetName | None, place: Place, text: str, tokens: Sequence[Token]
) -> Diagnostic:
    """A statement that was read, though its tree is not one of SQL (`delete select`)."""
    start, end = tokens[0].start, tokens[0].end + 1
    return diagnose(
        SQL_SYNTAX,
        f"SQL syntax error: something is out of place in this {text[start:end].upper()}",
        place.span(start, end),
        "look for a word too many, a name that is missing, or a keyword used as a name",
        asset=asset,
    )


def _too_deep(asset: AssetName | None, place: Place, start: int, end: int) -> Diagnostic:
    return diagnose(
        SQL_TOO_DEEP, "the query is nested too deeply to be understood",
        place.span(start, end),
        "split it into CTEs or models; long OR chains become IN lists", asset=asset,
    )  # fmt: skip
