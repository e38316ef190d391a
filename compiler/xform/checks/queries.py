"""Data tests as queries that count what is wrong.

Every query yields one row with one whole number, 0 where the test passes:

- not_null: rows with NULL in any of the columns;
- unique: rows in excess, that is, rows that would have to go until every key stands once; a key
  with a NULL in it is no key;
- accepted_values: rows whose value is none of them; NULL is let through;
- range: rows below `min` or above `max`, both inclusive; NULL is let through. A date as `max` of
  a timestamp is its midnight;
- relationships: rows whose value is in no row of the other asset's field; NULL is let through;
- row_count: how many rows are missing to `min`, or are too many for `max`.

Only rows that meet `where` are tested (and counted).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from xform.base.codes import CHECK_ARGUMENT, CHECK_RELATION, CHECK_UNSTORED
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.checks.declared import tests_of
from xform.checks.literals import Scalar, in_words, is_beyond, is_one_of, scalar_of
from xform.plan.plan import Audit
from xform.project.assets import Asset, TestKind, TestSpec

Quote: TypeAlias = Callable[[str], str]
Resolve: TypeAlias = Callable[[str], AssetName | None]

_ROWS = "_tested"
_PARTNERS = "_partners"
_SHOWN = 5
"""Values that a description lists at most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a test claims: the query that counts what is wrong, the claim, and its opposite."""

    sql: str
    description: str
    failure: str


@dataclass(frozen=True, slots=True)
class _Context:
    asset: Asset
    physical: Mapping[AssetName, str]
    resolve: Resolve
    quote: Quote


def audits_of(
    asset: Asset, physical: Mapping[AssetName, str], resolve: Resolve, quote: Quote
) -> tuple[tuple[Audit, ...], list[Diagnostic]]:
    """The tests of an asset, ready to run.

    `physical` gives the relation of each stored asset as SQL text, to be spliced in as it is;
    `resolve` the asset that a written name means; `quote` makes an identifier. A test that cannot
    be put as a query is left out, with a diagnostic.
    """
    context = _Context(asset, physical, resolve, quote)
    audits: list[Audit] = []
    diagnostics: list[Diagnostic] = []
    for name, spec in tests_of(asset):
        claim = _claim(spec, name, context)
        if isinstance(claim, Diagnostic):
            diagnostics.append(claim)
            continue
        where = f"where {spec.where.strip()}, " if spec.where else ""
        audits.append(
            Audit(
                name=name,
                asset=asset.name,
                sql=claim.sql,
                blocking=spec.severity == "error",
                span=spec.span,
                columns=spec.columns,
                description=where + claim.description,
                failure=where + claim.failure,
            )
        )
    return tuple(audits), diagnostics


def _claim(spec: TestSpec, name: str, context: _Context) -> Claim | Diagnostic:
    relation = context.physical.get(context.asset.name)
    if relation is None:
        return _unstored(spec, name, context.asset.name)
    rows = f"{relation} as {_ROWS}"
    if spec.where:
        # On a line of its own, so that a comment at its end hides nothing.
        rows = f"(select * from {relation} where (\n{spec.where}\n)) as {_ROWS}"
    columns = [f"{_ROWS}.{context.quote(column)}" for column in spec.columns]
    shown = ", ".join(spec.columns)
    match spec.kind:
        case TestKind.NOT_NULL:
            nulls = " or ".join(f"{column} is null" for column in columns)
            never = "is never NULL" if len(columns) == 1 else "are never NULL"
            either = " or ".join(spec.columns)
            return Claim(_count(rows, nulls), f"{shown} {never}", f"{either} is NULL")
        case TestKind.UNIQUE:
            verb = "is" if len(columns) == 1 else "are together"
            return Claim(
                _excess(rows, columns), f"{shown} {verb} unique", f"{shown} {verb} repeated"
            )
        case TestKind.ACCEPTED_VALUES:
            return _accepted(spec, name, rows, columns, shown)
        case TestKind.RANGE:
            return _range(spec, name, rows, columns, shown)
        case TestKind.RELATIONSHIPS:
            return _relationship(spec, name, rows, columns, context)
        case TestKind.ROW_COUNT:
            return _row_count(spec, name, rows)
        case never_kind:
            assert_never(never_kind)


def _count(rows: str, wrong: str) -> str:
    return f"select count(*) from {rows} where {wrong}"


def _excess(rows: str, columns: list[str]) -> str:
    keys = ", ".join(columns)
    known = " and ".join(f"{column} is not null" for column in columns)
    return (
        "select cast(coalesce(sum(copies - 1), 0) as bigint) from ("
        f"select count(*) as copies from {rows} where {known} group by {keys} having count(*) > 1)"
    )


def _accepted(
    spec: TestSpec, name: str, rows: str, columns: list[str], shown: str
) -> Claim | Diagnostic:
    given = [value for value in spec.args.get("values") or () if value is not None]
    values: list[Scalar] = []
    for each in given:
        value = scalar_of(each)
        if value is None:
            return _argument(spec, name, f"value {each!r} cannot be compared in SQL")
        values.append(value)
    if not values or not columns:
        return _argument(spec, name, "accepts no value at all" if columns else "names no column")
    wrong = " or ".join(
        f"({column} is not null and not {is_one_of(column, values)})" for column in columns
    )
    listed = ", ".join(map(in_words, values[:_SHOWN]))
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return Claim(
        _count(rows, wrong),
        f"{shown} is one of {listed}{more}",
        f"{shown} is none of {listed}{more}",
    )


def _range(
    spec: TestSpec, name: str, rows: str, columns: list[str], shown: str
) -> Claim | Diagnostic:
    bounds: dict[str, Scalar] = {}
    for key in ("min", "max"):
        given = spec.args.get(key)
        if given is None:
            continue
        bound = scalar_of(given)
        if bound is None or isinstance(bound, bool):
            return _argument(spec, name, f"'{key}' cannot be {given!r}")
        bounds[key] = bound
    if not bounds or not columns:
        return _argument(spec, name, "has no bound" if columns else "names no column")
    low, high = bounds.get("min"), bounds.get("max")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        return _argument(spec, name, f"'min' {low} is above 'max' {high}")
    sides = {"min": "<", "max": ">"}
    beyond = [is_beyond(column, sides[key], bounds[key]) for column in columns for key in bounds]
    claim, failure = _between(bounds)
    return Claim(_count(rows, " or ".join(beyond)), f"{shown} is {claim}", f"{shown} is {failure}")


def _between(bounds: Mapping[str, Scalar]) -> tuple[str, str]:
    low, high = bounds.get("min"), bounds.get("max")
    if low is not None and high is not None:
        span = f"{in_words(low)} to {in_words(high)}"
        return f"within {span}", f"outside {span}"
    if low is not None:
        return f"at least {in_words(low)}", f"below {in_words(low)}"
    assert high is not None, "one bound is given"
    return f"at most {in_words(high)}", f"above {in_words(high)}"


def _relationship(
    spec: TestSpec, name: str, rows: str, columns: list[str], context: _Context
) -> Claim | Diagnostic:
    if len(columns) != 1:
        return _argument(spec, name, "must test exactly one column")
    written = str(spec.args.get("to"))
    partner = context.resolve(written)
    if partner is None:
        return diagnose(
            CHECK_RELATION,
            f"test {name} refers to '{written}', which is no asset",
            spec.span,
            "write the asset's name in 'to:', with its schema where the name alone is ambiguous",
            asset=context.asset.name,
        )
    relation = context.physical.get(partner)
    if relation is None:
        return _unstored(spec, name, partner)
    field = str(spec.args.get("field") or spec.columns[0])
    found = (
        f"select 1 from {relation} as {_PARTNERS} "
        f"where {_PARTNERS}.{context.quote(field)} = {columns[0]}"
    )
    return Claim(
        _count(rows, f"{columns[0]} is not null and not exists ({found})"),
        f"every {spec.columns[0]} is a {field} of {partner}",
        f"{spec.columns[0]} is no {field} of {partner}",
    )


def _row_count(spec: TestSpec, name: str, rows: str) -> Claim | Diagnostic:
    low, high = spec.args.get("min"), spec.args.get("max")
    for key, bound in (("min", low), ("max", high)):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
            return _argument(spec, name, f"'{key}' must be a whole number, not {bound!r}")
    if low is None and high is None:
        return _argument(spec, name, "has no bound")
    if low is not None and high is not None and low > high:
        return _argument(spec, name, f"'min' {low} is above 'max' {high}")
    parts: list[str] = []
    if low is not None:
        parts.append(f"{low} - count(*)")
    if high is not None:
        parts.append(f"count(*) - {high}")
    if low is not None and high is not None:
        claim, failure = f"{low} to {high} rows", f"not {low} to {high} rows; off by"
    elif low is not None:
        claim, failure = f"at least {low} rows", f"fewer than {low} rows; missing"
    else:
        claim, failure = f"at most {high} rows", f"more than {high} rows; too many"
    sql = f"select greatest(0, {', '.join(parts)}) from {rows}"
    return Claim(sql, f"there are {claim}", f"there are {failure}")


def _unstored(spec: TestSpec, name: str, asset: AssetName) -> Diagnostic:
    return diagnose(
        CHECK_UNSTORED,
        f"test {name} reads {asset}, of which nothing is stored",
        spec.span,
        f"make {asset} a view or a table, or test a model that reads it",
    )


def _argument(spec: TestSpec, name: str, finding: str) -> Diagnostic:
    return diagnose(
        CHECK_ARGUMENT,
        f"test {name} {finding}",
        spec.span,
        "correct the arguments of the test: texts, numbers, true, false or dates",
    )
