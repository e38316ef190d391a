"""Which inputs of a query that grows by time can be looked at interval by interval.

A model that is computed interval by interval must come out as if it were computed at once. It does
where each interval of the output depends on the same interval of the inputs alone: then a filter
on the output's time column may as well stand on the inputs. That is so where the column passes
straight through: every GROUP BY, window and DISTINCT ON on the way keeps times apart, no LIMIT
counts rows across them, no outer join makes up rows without it. What joins beside counts as a
whole.

A query may also say itself what it reads, by `@start` and `@end`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from xform.base.names import AssetName
from xform.project.incremental import TimeRange
from xform.sema.facts import Schema
from xform.sql.ir import (
    BOUNDS,
    CteScan,
    Derived,
    Expr,
    Joined,
    Lambda,
    Name,
    Op,
    Over,
    Query,
    Relation,
    Select,
    SetOperation,
    Source,
    SqlUnit,
    Star,
    TableFunction,
    TableScan,
    Text,
    ValuesRelation,
    Window,
)

_UNITS = {"hour": 1, "day": 2, "week": 3, "month": 3}
"""How coarse a unit of date_trunc is; weeks and months hold whole days, and not each other."""


class SlicedInput(msgspec.Struct, frozen=True, array_like=True):
    """An input by intervals of its own `column`; None: it counts as a whole. `columns` are those
    that are read of it, empty for all."""

    asset: AssetName
    column: str | None
    columns: tuple[str, ...] = ()


class Sliced(msgspec.Struct, frozen=True, array_like=True):
    """How a query can be computed interval by interval. `at_once`: several may be computed by one
    statement."""

    inputs: tuple[SlicedInput, ...]
    at_once: bool


class NotSliced(msgspec.Struct, frozen=True):
    """Why a query cannot be computed interval by interval, and where that stands."""

    message: str
    start: int
    end: int


class _Stop(Exception):  # noqa: N818 - ends the tracing, never leaves this module
    def __init__(self, message: str, node: object = None) -> None:
        super().__init__(message)
        self.found = NotSliced(message, getattr(node, "start", 0), getattr(node, "end", 0))


@dataclass(frozen=True, slots=True)
class _Trace:
    """A column of a table, and the CTEs through which it came."""

    site: int
    column: str
    ctes: tuple[int, ...] = ()


@dataclass
class _Tracer:
    unit: SqlUnit
    assets: Sequence[AssetName | None]
    schemas: Mapping[AssetName, Schema]
    time: TimeRange
    ctes: dict[int, Query] = field(default_factory=dict)
    recursive: set[int] = field(default_factory=set)
    reached: Counter[int] = field(default_factory=Counter)

    # Columns -------------------------------------------------------------------------------------

    def column(self, query: Query, name: str) -> list[_Trace]:
        """Where an output column comes from, straight."""
        match query:
            case Select():
                return self._of_select(query, name)
            case SetOperation():
                return self._of_set(query, name)
            case _:
                raise _Stop(f"'{name}' is not read from a table")

    def _of_set(self, query: SetOperation, name: str) -> list[_Trace]:
        names = self.names(query.first)
        if names is None or name not in names:
            raise _Stop(f"where '{name}' comes from cannot be told")
        at = names.index(name)
        found = self.column(query.first, name)
        for step in query.steps:
            if step.limit:
                raise _Stop("LIMIT counts rows of all times together", step)
            if step.by_name:
                found += self.column(step.query, name)
                continue
            others = self.names(step.query)
            if others is None or at >= len(others):
                raise _Stop(f"where '{name}' comes from cannot be told", step)
            found += self.column(step.query, others[at])
        return found

    def _of_select(self, query: Select, name: str) -> list[_Trace]:
        if query.limit:
            raise _Stop("LIMIT counts rows of all times together", query.limit[0])
        if query.sample is not None or any(source.sample for source in query.sources):
            raise _Stop("a sample is drawn from all times together", query)
        if any(source.join.endswith("positional") for source in query.sources):
            raise _Stop("a positional join pairs rows of all times", query)
        expr = self._projected(query, name)
        self._kept_apart(query, expr, name)
        return self._straight(query, expr)

    def _projected(self, query: Select, name: str) -> Expr:
        """The expression of an output; of a star, the name itself."""
        starred: Star | None = None
        for projection in query.projections:
            expr = projection.expr
            if isinstance(expr, Star):
                replaced = dict(expr.replace)
                if name in replaced:
                    return replaced[name]
                starred = starred or expr
            elif (projection.alias or projection.name.lower()) == name:
                return expr
        if starred is None or starred.rename or starred.pattern or starred.repeats:
            raise _Stop(f"where '{name}' comes from cannot be told", starred)
        return Name((*starred.qualifier, name), name, starred.start, starred.end)

    def _straight(self, query: Select, expr: Expr) -> list[_Trace]:
        """The tables that an expression, evaluated in a SELECT, is a column of."""
        match expr:
            case Name():
                return self._named(query, expr)
            case Op(tag="cast", args=(inner, Text(text=kind))):
                if kind == "DATE" and self.time.zone is None and self._holds("day"):
                    return self._straight(query, inner)
                if kind.startswith("TIMESTAMP") and kind != "TIMESTAMPTZ":
                    return self._straight(query, inner)
            case Op(tag="date_trunc", args=(Text(text=unit), inner)):
                if self.time.zone is None and self._holds(unit.strip("'").lower()):
                    return self._straight(query, inner)
            case _:
                pass
        raise _Stop("the time column is computed here, not passed on", expr)

    def _holds(self, unit: str) -> bool:
        """Whether an interval holds whole units."""
        grain = self.time.grain
        return unit == grain or _UNITS.get(unit, 9) < _UNITS[grain]

    def _named(self, query: Select, name: Name) -> list[_Trace]:
        source, key = self._source_of(query, name)
        if source is None:
            aliased = next((p.expr for p in query.projections if p.alias == name.parts[-1]), None)
            if len(name.parts) == 1 and aliased is not None and aliased is not name:
                return self._straight(query, aliased)
            raise _Stop(f"where '{name.written}' comes from cannot be told", name)
        at = query.sources.index(source)
        if self._optional(query, at):
            raise _Stop(f"an outer join makes rows without '{name.written}'", name)
        found = self._within(source.relation, key)
        for other, column in self._equal(query, source, key):
            found += self._within(other.relation, column)
        return found

    def _within(self, relation: Relation, key: str) -> list[_Trace]:
        """The tables that a column of an item of FROM comes from."""
        match relation:
            case TableScan():
                listed = self._scanned(relation)
                if relation.columns:
                    at = relation.columns.index(key)
                    if listed is None:
                        raise _Stop(f"where '{key}' comes from cannot be told", relation)
                    key = listed[at]
                return [_Trace(relation.site, key)]
            case CteScan():
                if relation.cte in self.recursive:
                    raise _Stop("a recursive CTE reads rows of all times", relation)
                self.reached[relation.cte] += 1
                inner = self._renamed(self.ctes[relation.cte], relation.columns, key)
                traces = self.column(self.ctes[relation.cte], inner)
                return [_Trace(t.site, t.column, (*t.ctes, relation.cte)) for t in traces]
            case Derived():
                inner = self._renamed(relation.query, relation.columns, key)
                return self.column(relation.query, inner)
            case TableFunction() if relation.pure:
                return []
            case ValuesRelation():
                return []
            case _:
                raise _Stop(f"where '{key}' comes from cannot be told", relation)

    def _renamed(self, query: Query, columns: tuple[str, ...], key: str) -> str:
        if not columns:
            return key
        names = self.names(query)
        if names is None or key not in columns:
            raise _Stop(f"where '{key}' comes from cannot be told")
        return names[columns.index(key)]

    # Names ---------------------------------------------------------------------------------------

    def names(self, query: Query) -> list[str] | None:
        """The output columns of a query, folded; None where they cannot be told."""
        if isinstance(query, SetOperation):
            return self.names(query.first)
        if not isinstance(query, Select):
            return None
        found: list[str] = []
        for projection in query.projections:
            expr = projection.expr
            if not isinstance(expr, Star):
                found.append(projection.alias or projection.name.lower())
                continue
            if expr.pattern or expr.repeats or expr.rename or expr.names:
                return None
            taken = {name[-1] for name in expr.exclude}
            for source in query.sources:
                if expr.qualifier and _alias(source.relation) != expr.qualifier[-1]:
                    continue
                if source.join in ("semi", "anti"):
                    continue
                columns = self._columns(source.relation)
                if columns is None or source.natural:
                    return None
                found += [c for c in columns if c not in taken and c not in source.using]
        return found

    def _columns(self, relation: Relation) -> list[str] | None:
        match relation:
            case TableScan():
                return list(relation.columns) or self._scanned(relation)
            case CteScan():
                if relation.cte in self.recursive:
                    return None
                return list(relation.columns) or self.names(self.ctes[relation.cte])
            case Derived():
                return list(relation.columns) or self.names(relation.query)
            case _:
                return list(relation.columns) or None if hasattr(relation, "columns") else None

    def _scanned(self, scan: TableScan) -> list[str] | None:
        asset = self.assets[scan.site]
        schema = self.schemas.get(asset) if asset is not None else None
        if schema is None or schema.columns is None:
            return None
        return [column.name.lower() for column in schema.columns]

    def _source_of(self, query: Select, name: Name) -> tuple[Source | None, str]:
        """The item of FROM whose column a name is, and the column."""
        key = name.parts[-1].lower()
        visible = [s for s in query.sources if s.join not in ("semi", "anti")]
        if len(name.parts) > 1:
            alias = name.parts[-2]
            return next((s for s in visible if _alias(s.relation) == alias), None), key
        if len(query.sources) == 1:
            source = query.sources[0]
            columns = self._columns(source.relation)
            return (source if columns is None or key in columns else None), key
        for source in visible:
            columns = self._columns(source.relation)
            if columns is None:
                return None, key
            if key in columns:
                return source, key
        return None, key

    def _optional(self, query: Select, at: int) -> bool:
        """Whether an outer join may leave out what stands at a place of FROM."""
        if any(word in query.sources[at].join.split() for word in ("left", "full")):
            return True
        if "asof" in query.sources[at].join.split():
            return True  # which row is taken is decided over all times
        later = [source.join.split() for source in query.sources[at + 1 :]]
        return any("right" in join or "full" in join for join in later)

    def _equal(self, query: Select, source: Source, key: str) -> Iterator[tuple[Source, str]]:
        """Columns of other items of FROM that are the same in every row joined."""
        for other in query.sources:
            kind = other.join
            if other is source or not (kind == "inner" or kind == "left"):
                continue
            if key in other.using:
                yield other, key
            for condition in _conjuncts(other.on):
                match condition:
                    case Op(tag="eq", args=(Name() as one, Name() as two)):
                        sides = [self._source_of(query, one), self._source_of(query, two)]
                        for (mine, column), (theirs, found) in (sides, sides[::-1]):
                            if mine is source and column == key and theirs is other:
                                yield other, found
                    case _:
                        pass

    # What keeps times apart ----------------------------------------------------------------------

    def _kept_apart(self, query: Select, expr: Expr, name: str) -> None:
        group = query.group
        if group is not None and not group.all:
            if group.sets:
                raise _Stop("grouping sets put times together", query)
            if not any(self._is_time(query, key, expr, name) for key in group.keys):
                raise _Stop(f"GROUP BY puts times together: '{name}' is not among its keys", query)
        if query.distinct_on and not any(
            self._is_time(query, key, expr, name) for key in query.distinct_on
        ):
            raise _Stop(f"DISTINCT ON puts times together: '{name}' is not in it", query)
        named = dict(query.windows)
        for over in self._windows(query):
            keys = [*over.window.partition]
            base = named.get(over.window.base or "")
            while base is not None:
                keys += base.partition
                base = named.get(base.base or "")
            if not any(self._is_time(query, key, expr, name) for key in keys):
                raise _Stop(f"a window looks at all times: '{name}' is not in its PARTITION BY",
                            over.window)  # fmt: skip

    def _windows(self, query: Select) -> list[Over]:
        exprs = [projection.expr for projection in query.projections]
        exprs += [order.expr for order in query.order]
        exprs += [query.qualify] if query.qualify is not None else []
        return [node for expr in exprs for node in _nodes(expr) if isinstance(node, Over)]

    def _is_time(self, query: Select, key: Expr, expr: Expr, name: str) -> bool:
        """Whether a key is the time column, under whatever name."""
        if isinstance(key, Text) and key.text.isdecimal():
            at = int(key.text) - 1
            return at < len(query.projections) and query.projections[at].expr is expr
        if isinstance(key, Name):
            if len(key.parts) == 1 and key.parts[0] == name:
                source, _ = self._source_of(query, key)
                if source is None or not isinstance(expr, Name):
                    return True
            if isinstance(expr, Name):
                mine, theirs = self._source_of(query, key), self._source_of(query, expr)
                return mine[0] is not None and mine == theirs
            return False
        return _same(key, expr)

    # What a query says itself --------------------------------------------------------------------

    def said(self, query: Query) -> list[_Trace]:
        """The tables that conditions on `@start` and `@end` bound."""
        found: list[_Trace] = []
        for select in _selects(query):
            conditions = [*_conjuncts(select.where)]
            for source in select.sources:
                if source.join in ("inner", "left", "semi"):
                    conditions += _conjuncts(source.on)
            bounded: dict[tuple[str, ...], set[str]] = {}
            names: dict[tuple[str, ...], Name] = {}
            for condition in conditions:
                for name, bounds in _bounded(condition, exact=self.time.lookback == 0):
                    bounded.setdefault(name.parts, set()).update(bounds)
                    names[name.parts] = name
            for parts, bounds in bounded.items():
                if bounds >= {"start", "end"}:
                    try:
                        found += self._named_anywhere(select, names[parts])
                    except _Stop:
                        continue
        return found

    def exact(self, query: Query) -> int:
        """How many bounds only say which times are read."""
        return sum(
            len(bounds)
            for select in _selects(query)
            for condition in _conjuncts(select.where)
            for _, bounds in _bounded(condition, exact=True)
        )

    def _named_anywhere(self, query: Select, name: Name) -> list[_Trace]:
        source, key = self._source_of(query, name)
        return self._within(source.relation, key) if source is not None else []


def sliced(
    unit: SqlUnit,
    assets: Sequence[AssetName | None],
    schemas: Mapping[AssetName, Schema],
    time: TimeRange,
) -> tuple[Sliced, NotSliced | None]:
    """How a query can be computed, and why its time column does not pass straight through, where
    it does not: then it must say itself what it reads. `unit.tables` are `assets`."""
    tracer = _Tracer(unit, assets, schemas, time)
    _note_ctes(unit.query, tracer)
    why: NotSliced | None = None
    traces: list[_Trace] = []
    if unit.whole:
        why = NotSliced("this query is not understood well enough", 0, 0)
    else:
        try:
            traces = tracer.column(unit.query, time.column.lower())
        except _Stop as stop:
            why, traces = stop.found, []
            tracer.reached.clear()
        except RecursionError:
            why = NotSliced("the query is nested too deeply", 0, 0)
    if unit.bounds and not traces:
        traces = tracer.said(unit.query)
    at_once = why is None and len(unit.bounds) == tracer.exact(unit.query)
    return Sliced(tuple(_inputs(tracer, traces)), at_once), why


def _inputs(tracer: _Tracer, traces: Sequence[_Trace]) -> Iterator[SlicedInput]:
    """A table counts by intervals where each place that reads it does, by one column."""
    reads = Counter(node.cte for select in _selects(tracer.unit.query) for node in _scans(select))
    sites: dict[int, set[str]] = {}
    for trace in traces:
        if all(tracer.reached[cte] >= reads[cte] for cte in trace.ctes):
            sites.setdefault(trace.site, set()).add(trace.column)
    for asset in sorted({asset for asset in tracer.assets if asset is not None}):
        places = [site for site, at in enumerate(tracer.assets) if at == asset]
        columns = {column for site in places for column in sites.get(site, {""})}
        only = next(iter(columns)) if len(columns) == 1 else ""
        yield SlicedInput(asset, only or None)


def _note_ctes(query: Query, tracer: _Tracer) -> None:
    for each in _queries(query):
        for cte in each.ctes:
            if cte.columns:
                tracer.recursive.add(cte.number)  # renamed columns: not looked through
            tracer.ctes[cte.number] = cte.query
            if cte.recursive:
                tracer.recursive.add(cte.number)


def _scans(select: Select) -> Iterator[CteScan]:
    stack = [source.relation for source in select.sources]
    while stack:
        relation = stack.pop()
        if isinstance(relation, CteScan):
            yield relation
        elif isinstance(relation, Joined):
            stack.extend(source.relation for source in relation.sources)


def _selects(query: Query) -> Iterator[Select]:
    return (each for each in _queries(query) if isinstance(each, Select))


def _queries(query: Query) -> Iterator[Query]:
    """A query and all queries in it."""
    stack: list[object] = [query]
    seen_types = (msgspec.Struct, tuple)
    while stack:
        item = stack.pop()
        if isinstance(item, Query):
            yield item
        if isinstance(item, msgspec.Struct):
            stack.extend(
                value
                for name in item.__struct_fields__
                if isinstance(value := getattr(item, name), seen_types)
            )
        elif isinstance(item, tuple):
            stack.extend(value for value in item if isinstance(value, seen_types))


def _nodes(expr: Expr) -> Iterator[Expr]:
    """An expression and all within it, without queries."""
    stack: list[Expr] = [expr]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case Op():
                stack.extend(node.args)
            case Over():
                stack.append(node.function)
                stack.extend(_of_window(node.window))
            case Lambda():
                stack.append(node.body)
            case Star():
                stack.extend(value for _, value in node.replace)
            case _:
                pass


def _of_window(window: Window) -> Iterator[Expr]:
    yield from window.partition
    yield from (order.expr for order in window.order)
    yield from window.frame


def _conjuncts(condition: Expr | None) -> Iterator[Expr]:
    if condition is None:
        return
    if isinstance(condition, Op) and condition.tag == "and":
        for operand in condition.args:
            yield from _conjuncts(operand)
    else:
        yield condition


_LOW, _HIGH = {"gte", "gt"}, {"lt", "lte"}


def _bounded(condition: Expr, *, exact: bool) -> Iterator[tuple[Name, set[str]]]:
    """A column that a condition compares with `@start` or `@end`. Not `exact`: also with what is
    computed from them, for so far back an interval is said to look."""
    match condition:
        case Op(tag="between this low high", args=(Name() as name, low, high)):
            # Up to and with the end: only where a bound is computed from it.
            if not exact:
                yield name, _bounds_in(low) | _bounds_in(high)
        case Op(tag=tag, args=(Name() as name, other)) if tag in _LOW | _HIGH:
            yield name, _side(tag, other, exact)
        case Op(tag=tag, args=(other, Name() as name)) if tag in _LOW | _HIGH:
            yield (
                name,
                _side({"gte": "lte", "gt": "lt", "lt": "gt", "lte": "gte"}[tag], other, exact),
            )
        case _:
            return


def _side(tag: str, other: Expr, exact: bool) -> set[str]:
    """Which bound a comparison sets."""
    while isinstance(other, Op) and other.tag == "cast":
        other = other.args[0]
    found = _bounds_in(other)
    if exact and not isinstance(other, Text):
        return set()
    if tag in _LOW:
        return found & {"start"} if not exact or tag == "gte" else set()
    return found & {"end"} if not exact or tag == "lt" else set()


def _bounds_in(expr: Expr) -> set[str]:
    texts = {node.text for node in _nodes(expr) if isinstance(node, Text)}
    return {which for which, text in BOUNDS.items() if text in texts}


def _alias(relation: Relation) -> str | None:
    alias = getattr(relation, "alias", None)
    return alias if isinstance(alias, str) else None


def _same(one: Expr, other: Expr) -> bool:
    """Whether two expressions are written alike."""
    match one, other:
        case Name(), Name():
            return one.parts == other.parts
        case Text(), Text():
            return one.text == other.text
        case Op(), Op():
            return (
                one.tag == other.tag
                and len(one.args) == len(other.args)
                and all(_same(a, b) for a, b in zip(one.args, other.args, strict=True))
            )
        case _:
            return False
