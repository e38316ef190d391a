"""What each kind of data test claims, as expressions over the tested rows.

All of them count failures:

- not_null: rows with NULL in any of the columns;
- unique: rows in excess, that is, rows that would have to go until every key stands once; a key
  with a NULL in it is no key;
- accepted_values: rows whose value is none of them; NULL is let through;
- range: rows below `min` or above `max`, both inclusive; NULL is let through. A date as `max` of
  a timestamp is its midnight;
- regex: rows in whose value, as text, the pattern is not found; NULL is let through;
- expression: rows for which it is false; where it is NULL, a row is let through;
- relationships: rows whose value is in no row of the other asset's field; NULL is let through;
- row_count: how many rows are missing, or are too many;
- freshness: 1 where the newest value is too old, or there is none;
- recency: groups whose newest value is too old (without groups, as freshness);
- drift: how many statistics are too far from what they were.

Only rows that meet `where` are tested (and counted).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from xform.base.codes import CHECK_ARGUMENT, CHECK_RELATION, CHECK_UNSTORED
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.checks.literals import (
    Scalar,
    in_words,
    is_beyond,
    is_one_of,
    scalar_of,
    text_literal,
)
from xform.checks.written import WrittenTest
from xform.plan.audits import COUNTED, ROWS, Age, Drift, Rows, Rule
from xform.project.assets import Asset, TestKind, TestSpec

Quote: TypeAlias = Callable[[str], str]
Resolve: TypeAlias = Callable[[str], AssetName | None]

_PARTNERS = "_partners"
_SHOWN = 5
"""Values that a description lists at most."""


class Claim(NamedTuple):
    """What a test measures, and the claim and its opposite in words. `wrong` is true for a row
    that fails, where rows do. The rest is as in `plan.audits.Audit`."""

    description: str
    failure: str
    values: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    sql: str = ""
    wrong: str = ""
    by_row: bool = False
    rule: Rule = COUNTED
    reads: tuple[str, ...] = ()
    bad: str = ""
    lasting: bool = True


class Context(NamedTuple):
    """`physical` gives the relation of each stored asset as SQL text; `resolve` the asset that a
    written name means; `quote` makes an identifier; `written` are the tests that bring a query."""

    asset: Asset
    physical: Mapping[AssetName, str]
    resolve: Resolve
    quote: Quote
    written: Mapping[str, WrittenTest]


def claim(spec: TestSpec, name: str, context: Context) -> Claim | Diagnostic:
    """What a test claims, or why it cannot be put."""
    return _Claimer(spec, name, context).claim()


class _Claimer:
    def __init__(self, spec: TestSpec, name: str, context: Context) -> None:
        self._spec = spec
        self._name = name
        self._context = context
        self._columns = [f"{ROWS}.{context.quote(column)}" for column in spec.columns]
        self._shown = ", ".join(spec.columns)
        self._relation = context.physical.get(context.asset.name, "")

    def claim(self) -> Claim | Diagnostic:
        if not self._relation:
            return self._unstored(self._context.asset.name)
        match self._spec.kind:
            case TestKind.NOT_NULL:
                return self._not_null()
            case TestKind.UNIQUE:
                return self._unique()
            case TestKind.ACCEPTED_VALUES:
                return self._accepted()
            case TestKind.RANGE:
                return self._range()
            case TestKind.REGEX:
                return self._regex()
            case TestKind.EXPRESSION:
                return self._expression()
            case TestKind.RELATIONSHIPS:
                return self._relationship()
            case TestKind.ROW_COUNT:
                return self._row_count()
            case TestKind.FRESHNESS:
                return self._freshness()
            case TestKind.RECENCY:
                return self._recency()
            case TestKind.DRIFT:
                return self._drift()
            case TestKind.CUSTOM | TestKind.FILE:
                return self._query()

    # Rows, one by one ----------------------------------------------------------------------------

    def _rows(self, wrong: str, description: str, failure: str) -> Claim:
        return Claim(
            description,
            failure,
            (self._where(wrong, "false"),),
            ("count_if({0})",),
            wrong=wrong,
            by_row=True,
        )

    def _not_null(self) -> Claim:
        nulls = " or ".join(f"{column} is null" for column in self._columns)
        never = "is never NULL" if len(self._columns) == 1 else "are never NULL"
        either = " or ".join(self._spec.columns)
        return self._rows(nulls, f"{self._shown} {never}", f"{either} is NULL")

    def _accepted(self) -> Claim | Diagnostic:
        given = [value for value in self._spec.args.get("values") or () if value is not None]
        values: list[Scalar] = []
        for each in given:
            value = scalar_of(each)
            if value is None:
                return self._argument(f"value {each!r} cannot be compared in SQL")
            values.append(value)
        if not values or not self._columns:
            return self._argument("accepts no value at all" if self._columns else _NO_COLUMN)
        wrong = " or ".join(
            f"({column} is not null and not {is_one_of(column, values)})"
            for column in self._columns
        )
        listed = ", ".join(map(in_words, values[:_SHOWN]))
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        return self._rows(
            wrong,
            f"{self._shown} is one of {listed}{more}",
            f"{self._shown} is none of {listed}{more}",
        )

    def _range(self) -> Claim | Diagnostic:
        bounds: dict[str, Scalar] = {}
        for key in ("min", "max"):
            given = self._spec.args.get(key)
            if given is None:
                continue
            bound = scalar_of(given)
            if bound is None or isinstance(bound, bool):
                return self._argument(f"'{key}' cannot be {given!r}")
            bounds[key] = bound
        if not bounds or not self._columns:
            return self._argument("has no bound" if self._columns else _NO_COLUMN)
        low, high = bounds.get("min"), bounds.get("max")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            return self._argument(f"'min' {low} is above 'max' {high}")
        sides = {"min": "<", "max": ">"}
        beyond = " or ".join(
            is_beyond(column, sides[key], bounds[key]) for column in self._columns for key in bounds
        )
        within, outside = _between(bounds)
        return self._rows(beyond, f"{self._shown} is {within}", f"{self._shown} is {outside}")

    def _regex(self) -> Claim | Diagnostic:
        pattern = scalar_of(self._spec.args.get("pattern"))
        if not isinstance(pattern, str) or not self._columns:
            return self._argument("has no pattern" if self._columns else _NO_COLUMN)
        wrong = " or ".join(
            f"not regexp_matches(cast({column} as varchar), {text_literal(pattern)})"
            for column in self._columns
        )
        return self._rows(
            wrong, f"{self._shown} matches '{pattern}'", f"{self._shown} does not match '{pattern}'"
        )

    def _expression(self) -> Claim:
        text = str(self._spec.args["expression"]).strip()
        # On a line of its own, so that a comment at its end hides nothing.
        return self._rows(f"not (\n{text}\n)", f"{text} holds", f"{text} does not hold")

    def _relationship(self) -> Claim | Diagnostic:
        if len(self._columns) != 1:
            return self._argument("must test exactly one column")
        written = str(self._spec.args.get("to"))
        partner = self._context.resolve(written)
        if partner is None:
            return diagnose(
                CHECK_RELATION,
                f"test {self._name} refers to '{written}', which is no asset",
                self._spec.span,
                "write the asset's name in 'to:', with its schema where the name alone is "
                "ambiguous",
                asset=self._context.asset.name,
            )
        relation = self._context.physical.get(partner)
        if relation is None:
            return self._unstored(partner)
        (column,) = self._spec.columns
        field = str(self._spec.args.get("field") or column)
        partners = (
            f"select 1 from {relation} as {_PARTNERS} "
            f"where {_PARTNERS}.{self._context.quote(field)} = {self._columns[0]}"
        )
        found = self._rows(
            f"{self._columns[0]} is not null and not exists ({partners})",
            f"every {column} is a {field} of {partner}",
            f"{column} is no {field} of {partner}",
        )
        # The other side may have lost rows: what was fine need not be so now.
        return found._replace(by_row=False, reads=(relation,))

    # Rows, taken together ------------------------------------------------------------------------

    def _unique(self) -> Claim:
        verb = "is" if len(self._columns) == 1 else "are together"
        known = " and ".join(f"{column} is not null" for column in self._columns)
        keys = ", ".join(self._columns)
        key = self._columns[0] if len(self._columns) == 1 else f"row({keys})"
        key = f"case when {known} then {key} end" if len(self._columns) > 1 else key
        where = f" and (\n{self._spec.where}\n)" if self._spec.where else ""
        return Claim(
            f"{self._shown} {verb} unique",
            f"{self._shown} {verb} repeated",
            (self._where(key, "null"),),
            ("count({0}) - count(distinct {0})",),
            bad=f"select * from {self._relation} as {ROWS} where {known}{where} "
            f"qualify count(*) over (partition by {keys}) > 1",
        )

    def _row_count(self) -> Claim | Diagnostic:
        args = self._spec.args
        low, high = args.get("min"), args.get("max")
        for key, bound in (("min", low), ("max", high)):
            if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
                return self._argument(f"'{key}' must be a whole number, not {bound!r}")
        low_share, high_share = args.get("min_share"), args.get("max_share")
        if all(bound is None for bound in (low, high, low_share, high_share)):
            return self._argument("has no bound")
        for one, other, names in ((low, high, ("min", "max")),
                                  (low_share, high_share, ("min_share", "max_share"))):  # fmt: skip
            if one is not None and other is not None and one > other:
                return self._argument(f"'{names[0]}' {one} is above '{names[1]}' {other}")
        rule = Rows(low, high, low_share, high_share, self._spec.where is None)
        values = (self._where("true", "false"),) if self._spec.where else ()
        number = "count_if({0})" if values else "count(*)"
        return Claim(*_rows_in_words(rule), values, (number,), rule=rule)

    def _freshness(self) -> Claim | Diagnostic:
        if len(self._columns) != 1:
            return self._argument(_NO_COLUMN)
        return self._newest(self._spec.args.get("max_age"), self._spec.args.get("warn_age"))

    def _recency(self) -> Claim | Diagnostic:
        if len(self._columns) != 1:
            return self._argument(_NO_COLUMN)
        seconds: float | None = self._spec.args.get("max_age")
        groups = self._spec.args.get("group_by") or ()
        if not groups:
            return self._newest(seconds, None)
        (column,) = self._columns
        keys = ", ".join(f"{ROWS}.{self._context.quote(str(group))}" for group in groups)
        where = f" where (\n{self._spec.where}\n)" if self._spec.where else ""
        late = (
            f"select {keys}, max({column}) as newest from {self._relation} as {ROWS}{where} "
            f"group by all having coalesce(epoch(now()) - max(epoch({column})) > {seconds}, true)"
        )
        shown = ", ".join(map(str, groups))
        return Claim(
            f"the newest {self._shown} of each {shown} is at most {_age(seconds)} old",
            f"the newest {self._shown} of a {shown} is more than {_age(seconds)} old",
            sql=f"select count(*) from ({late}) as _late",
            bad=late,
            lasting=False,
        )

    def _newest(self, most: float | None, warn: float | None) -> Claim:
        rule = Age(most, warn)
        limit = _age(most if most is not None else warn)
        return Claim(
            f"the newest {self._shown} is at most {limit} old",
            f"the newest {self._shown} is more than {limit} old",
            (self._where(f"epoch({self._columns[0]})", "null"),),
            ("epoch(now()) - max({0})",),
            rule=rule,
            lasting=False,
        )

    def _drift(self) -> Claim | Diagnostic:
        if len(self._columns) != 1:
            return self._argument(_NO_COLUMN)
        (column,) = self._columns
        args = self._spec.args
        known = {
            "mean": (column, "avg({})"),
            "null_share": (f"case when {column} is null then 1.0 else 0.0 end", "avg({})"),
            "distinct_share": (column, "count(distinct {0}) / nullif(count({0}), 0)"),
        }
        given = {name: known[name] for name in known if args.get(name) is not None}
        values = {value: None for value, _ in given.values()}
        numbers = tuple(
            aggregate.replace("{}", "{0}").replace("{0}", f"{{{list(values).index(value)}}}")
            for value, aggregate in given.values()
        )
        rule = Drift(
            tuple((name, float(args[name])) for name in given),
            args.get("over") or 10,
            args.get("least") or 1,
        )
        names = " and ".join(name.replace("_", " ") for name in given)
        verb = "are" if len(given) > 1 else "is"
        return Claim(
            f"the {names} of {self._shown} {verb} as before",
            f"the {names} of {self._shown} {verb} not as before",
            tuple(self._where(value, "null") for value in values),
            numbers,
            rule=rule,
        )

    def _query(self) -> Claim | Diagnostic:
        """A query of bad rows."""
        written = self._context.written[self._name]
        reads: list[str] = []
        for asset in written.reads:
            relation = self._context.physical.get(asset)
            if relation is None:
                return self._unstored(asset)
            reads.append(relation)
        rows = written.query(reads)
        if self._spec.where:
            rows = f"select * from (\n{rows}\n) as {ROWS} where (\n{self._spec.where}\n)"
        others = tuple(relation for relation in reads if relation != self._relation)
        return Claim(
            f"{written.title} finds no row",
            f"{written.title} finds what should not be",
            sql=f"select count(*) from (\n{rows}\n) as _bad",
            bad=rows,
            reads=others,
            lasting=written.lasting,
        )

    # Parts ---------------------------------------------------------------------------------------

    def _where(self, expression: str, otherwise: str) -> str:
        """An expression over the tested rows only. CASE keeps the engine from evaluating it for
        others, which may not be fit for it."""
        where = self._spec.where
        if not where:
            return expression
        return f"case when (\n{where}\n) then {expression} else {otherwise} end"

    def _unstored(self, asset: AssetName) -> Diagnostic:
        return diagnose(
            CHECK_UNSTORED,
            f"test {self._name} reads {asset}, of which nothing is stored",
            self._spec.span,
            f"make {asset} a view or a table, or test a model that reads it",
        )

    def _argument(self, finding: str) -> Diagnostic:
        return diagnose(
            CHECK_ARGUMENT,
            f"test {self._name} {finding}",
            self._spec.span,
            "correct the arguments of the test: texts, numbers, true, false or dates",
        )


_NO_COLUMN = "names no column"


def _between(bounds: Mapping[str, Scalar]) -> tuple[str, str]:
    low, high = bounds.get("min"), bounds.get("max")
    if low is not None and high is not None:
        span = f"{in_words(low)} to {in_words(high)}"
        return f"within {span}", f"outside {span}"
    if low is not None:
        return f"at least {in_words(low)}", f"below {in_words(low)}"
    assert high is not None, "one bound is given"
    return f"at most {in_words(high)}", f"above {in_words(high)}"


def _rows_in_words(rule: Rows) -> tuple[str, str]:
    before = _sides(rule.low_share, rule.high_share, " times")
    counted = _sides(rule.low, rule.high, "")
    if not before:
        claim, failure = counted
        return f"there are {claim} rows", f"there are {failure} rows"
    if not counted:
        return (
            f"there are {before[0]} as many rows as before",
            f"there are {before[1]} as many rows as before",
        )
    claim = f"there are {counted[0]} rows, and {before[0]} as many as before"
    return claim, f"there are {counted[1]} rows, or {before[1]} as many as before"


def _sides(low: float | None, high: float | None, unit: str) -> Sequence[str]:
    if low is not None and high is not None:
        return f"{low} to {high}{unit}", f"not {low} to {high}{unit}"
    if low is not None:
        return f"at least {low}{unit}", f"fewer than {low}{unit}"
    if high is not None:
        return f"at most {high}{unit}", f"more than {high}{unit}"
    return ()


def _age(seconds: float | None) -> str:
    """An age in words: `2 days`."""
    seconds = seconds or 0.0
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return f"{seconds:g} seconds"
