"""Stars: which columns stand in their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from fnmatch import fnmatchcase

from xform.base.codes import STAR_MODIFIER, STAR_OVER_UNKNOWN, UNKNOWN_ALIAS
from xform.base.names import did_you_mean
from xform.sema.binder import Use
from xform.sema.expressions import ExpressionBinder
from xform.sema.meaning import Part
from xform.sema.scope import (
    NO_SOURCES,
    UNORDERED_ROWS,
    Column,
    Found,
    Member,
    More,
    Relation,
    Scope,
    star_columns,
)
from xform.sema.traits import REPEATING, star_within
from xform.sql import canonical
from xform.sql.ir import Expr, Name, Pattern, Projection, Select, Star, Text

AS_IT_IS = Text("*")
"""Marks a projection that is a column of a star, as it is."""
Output = tuple[Projection, Found | None]
"""A projection, and the column of a star that it stands for."""


class StarBinder(ExpressionBinder):
    """Expands stars."""

    def expand(self, query: Select, scope: Scope) -> list[Output]:
        """The projections with stars replaced by the columns they stand for."""
        result: list[Output] = []
        for projection in query.projections:
            if not self.starry(projection.expr):
                result.append((projection, None))
                continue
            star = star_within(projection.expr)
            if star is None:
                result.append((projection, None))
                continue
            alone = projection.expr is star
            for number, (name, found, replacement) in enumerate(self.star(star, scope)):
                expr = projection.expr
                if alone:
                    expr = replacement if replacement is not None else AS_IT_IS
                shown = _renamed(projection, star, name) if projection.alias is not None else name
                if number < len(star.called):
                    shown = star.called[number]
                result.append((
                    Projection(expr, shown, None, False, projection.start, projection.end),
                    found,
                ))  # fmt: skip
        return result

    def starry(self, expr: Expr) -> bool:
        kind = type(expr)
        if kind is Name:
            return False
        return kind is Star or bool(self.traits(expr) & REPEATING)

    def star(self, star: Star, scope: Scope) -> list[tuple[str, Found | None, Expr | None]]:
        members = scope.visible()
        if star.qualifier:
            member = scope.member(star.qualifier) or self._struct(star, scope)
            if member is None:
                self._struct_star(star, scope)
                return []
            members = [member]
        elif not members:
            self.complain(
                UNKNOWN_ALIAS, "a star without FROM", star.start, star.end,
                "name the columns, or add FROM",
            )  # fmt: skip
        self._open_star(star, members)
        if star.pattern is not None and star.pattern.how == "unknown":
            return []
        plain = not (star.exclude or star.names or star.pattern or star.rename or star.replace)
        result: list[tuple[str, Found | None, Expr | None]] = []
        known: set[str] = set()
        starred = star_columns(scope, members, bool(star.qualifier))
        if plain:
            for found in starred:
                assert found.column is not None
                result.append((found.column.name, found, None))
            return result
        listed = list(starred)
        exact = {found.column.exact for found in listed if found.column is not None}
        for found in listed:
            column = found.column
            assert column is not None
            known.add(column.key)
            if any(_means(parts, found, exact) for parts in star.exclude):
                continue
            if star.names and column.key not in star.names:
                continue
            if star.pattern is not None and not matches(star.pattern, column.name):
                continue
            name = next((new for old, new in star.rename if _means(old, found, exact)), column.name)
            new = next((expr for key, expr in star.replace if _means((key,), found, exact)), None)
            result.append((name, found, new))
        self._check_modifiers(star, members, known)
        if star.pattern is not None and not result and not scope.broken and self.own:
            self._fits_nothing(star, members, known)
        return result

    def _fits_nothing(self, star: Star, members: list[Member], known: set[str]) -> None:
        if any(member.relation.more is not None for member in members) or star.exclude:
            return
        assert star.pattern is not None
        self.complain(
            STAR_MODIFIER,
            f"no column fits '{star.pattern.text}'",
            star.start,
            star.end,
            f"columns here: {', '.join(sorted(known)[:8])}",
        )

    def _check_modifiers(self, star: Star, members: list[Member], known: set[str]) -> None:
        if any(member.relation.more is not None or member.relation.broken for member in members):
            return
        for kind, names in (
            ("EXCLUDE", [parts[-1] for parts in star.exclude]),
            ("REPLACE", [name for name, _ in star.replace]),
            ("RENAME", [parts[-1] for parts, _ in star.rename]),
            ("COLUMNS", list(star.names)),
        ):
            for name in names:
                if name.lower() not in known:
                    self.complain(
                        STAR_MODIFIER,
                        f"{kind} names '{name}', which the star does not have",
                        star.start,
                        star.end,
                        did_you_mean(name, known)
                        or f"columns here: {', '.join(sorted(known)[:8])}",
                    )

    def _struct(self, star: Star, scope: Scope) -> Member | None:
        """The fields of a struct, where its type tells them, as a relation of their own."""
        name = Name(star.qualifier, ".".join(star.qualifier), star.start, star.end)
        found = self.find_in(name, scope, 0)
        if found is None or found.column is None or found.fields:
            return None
        type_ = found.column.type
        if type_.name != "struct" or not type_.labels:
            return None
        use = Use()
        out: list[Part] = []
        self.reference(found, out, use)
        value = frozenset(use.value)
        columns: list[Column] = []
        for label, kind in zip(type_.labels, type_.inner, strict=True):
            parts: list[Part] = [f"field({canonical.name(label.lower())}, ", *out, ")"]
            hole = self.meaning.define(f"column {label}", parts)
            columns.append(Column(label, hole, value, kind))
        number = found.member.number if found.member is not None else 0
        relation = Relation(columns, found.column.hole, NO_SOURCES, UNORDERED_ROWS)
        return Member(relation, name.written, number)

    def _struct_star(self, star: Star, scope: Scope) -> None:
        """`s.*`: the fields of a struct, or a wrong qualifier."""
        if scope.broken:
            return
        qualifier = ".".join(star.qualifier)
        name = Name(star.qualifier, qualifier, star.start, star.end)
        if self.find_in(name, scope, 0) is None:
            levels = [at for _, at in scope.outward()]
            self.unknown_qualifier(qualifier, levels, star.start, star.end)
            return
        self.complain(
            STAR_OVER_UNKNOWN,
            f"the fields of '{qualifier}' are not known",
            star.start,
            star.end,
            f"name them: {qualifier}.field as field, …",
        )

    def _open_star(self, star: Star, members: list[Member]) -> None:
        for member in members:
            relation = member.relation
            if relation.more is not None and not relation.broken and not relation.covered:
                self.complain(
                    STAR_OVER_UNKNOWN,
                    f"'*' over '{member.alias or 'a relation'}', whose columns are not known",
                    star.start,
                    star.end,
                    "declare its columns in a yml file, or name the columns you need",
                )

    def more_columns(self, query: Select, scope: Scope) -> More | None:
        """A star over unknown columns yields unknown columns: of any relation that may have
        them."""
        found: list[More] = []
        for projection in query.projections:
            star = star_within(projection.expr) if self.starry(projection.expr) else None
            if star is None:
                continue
            members = scope.visible()
            if star.pattern is not None and star.pattern.how == "unknown":
                return lambda key: self._any_of(key, members, scope)
            if star.qualifier and scope.member(star.qualifier) is None:
                if self._struct(star, scope) is not None:
                    continue
                found.extend(self._fields(star, scope))
                continue
            for member in members:
                if star.qualifier and not member.named(star.qualifier):
                    continue
                if member.relation.more is not None:
                    found.append(self._passed_on(member, member.relation.more, scope))
        if len(found) < 2:
            return found[0] if found else None
        return lambda key: self._one_of(key, found)

    def _fields(self, star: Star, scope: Scope) -> Iterator[More]:
        """The fields of a struct that are not known."""
        name = Name(star.qualifier, ".".join(star.qualifier), star.start, star.end)
        found = self.find_in(name, scope, 0)
        if found is None or found.column is None:
            return
        use = Use()
        out: list[Part] = []
        self.reference(found, out, use)
        value = frozenset(use.value)

        def field(key: str) -> Column:
            path = "".join(f"{canonical.name(part)}, " for part in (*found.fields, key))
            return Column(
                key, self.meaning.define(f"column {key}", [f"field({path}", *out, ")"]), value
            )

        yield field

    def _one_of(self, key: str, makers: Sequence[More]) -> Column:
        columns = [make(key) for make in makers]
        out: list[Part] = ["any of("]
        for column in columns:
            out.extend((column.hole, ", "))
        hole = self.meaning.define(f"column {key}", [*out, ")"])
        return Column(key, hole, columns[0].value.union(*(item.value for item in columns[1:])))

    def _passed_on(self, member: Member, more: More, scope: Scope) -> More:
        def column(key: str) -> Column:
            inner = more(key)
            use = Use()
            out: list[Part] = []
            self.reference(Found(inner, member, scope), out, use)
            hole = self.meaning.define(f"column {key}", out)
            return Column(inner.name, hole, frozenset(use.value))

        return column

    def _any_of(self, key: str, members: list[Member], scope: Scope) -> Column:
        use = Use()
        out: list[Part] = ["any of("]
        for member in members:
            for column in member.relation.everything():
                self.reference(Found(column, member, scope), out, use)
                out.append(", ")
        hole = self.meaning.define(f"column {key}", [*out, ")"])
        return Column(key, hole, frozenset(use.value))


def exactly(outputs: Sequence[Output], columns: list[Column]) -> list[Column]:
    """The columns of outputs, under names that hold to their case (`as "X"`) where they do."""
    result = columns
    for number, (projection, _) in enumerate(outputs):
        expr = projection.expr
        exact = projection.alias
        if exact is None and type(expr) is Name:
            exact = expr.parts[-1]
        column = columns[number]
        if exact is not None and exact != column.exact and exact.lower() == column.key:
            result = list(columns) if result is columns else result
            result[number] = column.called(column.name, exact)
    return result


def _means(parts: tuple[str, ...], found: Found, exact: Set[str]) -> bool:
    """Whether a name in EXCLUDE, REPLACE or RENAME is that of a column; where no column of the
    star has it `exact`ly, one that differs in case."""
    column, name = found.column, parts[-1]
    assert column is not None
    if column.exact != name and (name in exact or column.key != name.lower()):
        return False
    return len(parts) == 1 or (found.member is not None and found.member.named(parts[:-1]))


def matches(pattern: Pattern, name: str) -> bool:
    """Whether a column's name fits a pattern, as DuckDB has it: COLUMNS searches, LIKE fits."""
    match pattern.how:
        case "regexp":
            fits = re.search(pattern.text, name) is not None
        case "like" | "ilike":
            flags = re.IGNORECASE if pattern.how == "ilike" else re.NOFLAG
            parts = {"%": ".*", "_": "."}
            regex = "".join(parts.get(char) or re.escape(char) for char in pattern.text)
            fits = re.fullmatch(regex, name, flags | re.DOTALL) is not None
        case "glob":
            fits = fnmatchcase(name, pattern.text)
        case _:
            fits = True
    return fits is not pattern.negated


def _renamed(projection: Projection, star: Star, name: str) -> str:
    r"""`COLUMNS('(a.*)') AS "x_\1"`: the alias with what the groups matched."""
    pattern = star.pattern
    if pattern is None or pattern.how != "regexp" or "\\" not in projection.name:
        return projection.name
    found = re.search(pattern.text, name)
    groups = (name, *(group or "" for group in found.groups())) if found is not None else (name,)

    def group(match: re.Match[str]) -> str:
        number = int(match[1])
        return groups[number] if number < len(groups) else ""

    return re.sub(r"\\(\d)", group, projection.name)
