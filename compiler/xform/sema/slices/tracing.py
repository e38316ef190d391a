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
from collections.abc import Iterator
from dataclasses import dataclass, field

from xform.project.incremental import TimeRange
from xform.sema.slices.names import Names
from xform.sema.slices.parts import Stop, Trace
from xform.sema.slices.walking import alike, conjuncts, nodes
from xform.sql.ir import (
    CteScan,
    Derived,
    Expr,
    Name,
    Op,
    Over,
    Query,
    Relation,
    Select,
    SetOperation,
    Source,
    Star,
    TableFunction,
    TableScan,
    Text,
    ValuesRelation,
)

_UNITS = {"hour": 1, "day": 2, "week": 3, "month": 3}
"""How coarse a unit of date_trunc is; weeks and months hold whole days, and not each other."""


@dataclass
class Tracer(Names):
    """Follows the time column to the tables that it comes from."""

    time: TimeRange
    reached: Counter[int] = field(init=False, default_factory=Counter)
    """How often each CTE was gone through."""

    def column(self, query: Query, name: str) -> list[Trace]:
        """Where an output column comes from, straight."""
        match query:
            case Select():
                return self._of_select(query, name)
            case SetOperation():
                return self._of_set(query, name)
            case _:
                raise Stop(f"'{name}' is not read from a table")

    def _of_set(self, query: SetOperation, name: str) -> list[Trace]:
        names = self.names(query.first)
        if names is None or name not in names:
            raise Stop(f"where '{name}' comes from cannot be told")
        at = names.index(name)
        found = self.column(query.first, name)
        for step in query.steps:
            if step.limit:
                raise Stop("LIMIT counts rows of all times together", step)
            if step.by_name:
                found += self.column(step.query, name)
                continue
            others = self.names(step.query)
            if others is None or at >= len(others):
                raise Stop(f"where '{name}' comes from cannot be told", step)
            found += self.column(step.query, others[at])
        return found

    def _of_select(self, query: Select, name: str) -> list[Trace]:
        if query.limit:
            raise Stop("LIMIT counts rows of all times together", query.limit[0])
        if query.sample is not None or any(source.sample for source in query.sources):
            raise Stop("a sample is drawn from all times together", query)
        if any(source.join.endswith("positional") for source in query.sources):
            raise Stop("a positional join pairs rows of all times", query)
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
            raise Stop(f"where '{name}' comes from cannot be told", starred)
        return Name((*starred.qualifier, name), name, starred.start, starred.end)

    def _straight(self, query: Select, expr: Expr) -> list[Trace]:
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
        raise Stop("the time column is computed here, not passed on", expr)

    def _holds(self, unit: str) -> bool:
        """Whether an interval holds whole units."""
        grain = self.time.grain
        return unit == grain or _UNITS.get(unit, 9) < _UNITS[grain]

    def _named(self, query: Select, name: Name) -> list[Trace]:
        source, key = self.source_of(query, name)
        if source is None:
            aliased = next((p.expr for p in query.projections if p.alias == name.parts[-1]), None)
            if len(name.parts) == 1 and aliased is not None and aliased is not name:
                return self._straight(query, aliased)
            raise Stop(f"where '{name.written}' comes from cannot be told", name)
        at = query.sources.index(source)
        if self._optional(query, at):
            raise Stop(f"an outer join makes rows without '{name.written}'", name)
        found = self.within(source.relation, key)
        for other, column in self._equal(query, source, key):
            found += self.within(other.relation, column)
        return found

    def within(self, relation: Relation, key: str) -> list[Trace]:
        """The tables that a column of an item of FROM comes from."""
        match relation:
            case TableScan():
                listed = self.scanned(relation)
                if relation.columns:
                    at = relation.columns.index(key)
                    if listed is None:
                        raise Stop(f"where '{key}' comes from cannot be told", relation)
                    key = listed[at]
                return [Trace(relation.site, key)]
            case CteScan():
                if relation.cte in self.recursive:
                    raise Stop("a recursive CTE reads rows of all times", relation)
                self.reached[relation.cte] += 1
                inner = self._renamed(self.ctes[relation.cte], relation.columns, key)
                traces = self.column(self.ctes[relation.cte], inner)
                return [Trace(t.site, t.column, (*t.ctes, relation.cte)) for t in traces]
            case Derived():
                inner = self._renamed(relation.query, relation.columns, key)
                return self.column(relation.query, inner)
            case TableFunction() if relation.pure:
                return []
            case ValuesRelation():
                return []
            case _:
                raise Stop(f"where '{key}' comes from cannot be told", relation)

    def _renamed(self, query: Query, columns: tuple[str, ...], key: str) -> str:
        if not columns:
            return key
        names = self.names(query)
        if names is None or key not in columns:
            raise Stop(f"where '{key}' comes from cannot be told")
        return names[columns.index(key)]

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
            for condition in conjuncts(other.on):
                match condition:
                    case Op(tag="eq", args=(Name() as one, Name() as two)):
                        sides = [self.source_of(query, one), self.source_of(query, two)]
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
                raise Stop("grouping sets put times together", query)
            if not any(self._is_time(query, key, expr, name) for key in group.keys):
                raise Stop(f"GROUP BY puts times together: '{name}' is not among its keys", query)
        if query.distinct_on and not any(
            self._is_time(query, key, expr, name) for key in query.distinct_on
        ):
            raise Stop(f"DISTINCT ON puts times together: '{name}' is not in it", query)
        named = dict(query.windows)
        for over in self._windows(query):
            keys = [*over.window.partition]
            base = named.get(over.window.base or "")
            while base is not None:
                keys += base.partition
                base = named.get(base.base or "")
            if not any(self._is_time(query, key, expr, name) for key in keys):
                raise Stop(f"a window looks at all times: '{name}' is not in its PARTITION BY",
                            over.window)  # fmt: skip

    def _windows(self, query: Select) -> list[Over]:
        exprs = [projection.expr for projection in query.projections]
        exprs += [order.expr for order in query.order]
        exprs += [query.qualify] if query.qualify is not None else []
        return [node for expr in exprs for node in nodes(expr) if isinstance(node, Over)]

    def _is_time(self, query: Select, key: Expr, expr: Expr, name: str) -> bool:
        """Whether a key is the time column, under whatever name."""
        if isinstance(key, Text) and key.text.isdecimal():
            at = int(key.text) - 1
            return at < len(query.projections) and query.projections[at].expr is expr
        if isinstance(key, Name):
            if len(key.parts) == 1 and key.parts[0] == name:
                source, _ = self.source_of(query, key)
                if source is None or not isinstance(expr, Name):
                    return True
            if isinstance(expr, Name):
                mine, theirs = self.source_of(query, key), self.source_of(query, expr)
                return mine[0] is not None and mine == theirs
            return False
        return alike(key, expr)
