"""Names looked up in scopes: columns, struct fields, whole rows, output names.

As DuckDB does it: in each scope, from the inside out, first a column, then an output of the
SELECT, then a relation as a whole row; a qualifier is a relation before it is a struct.
"""

from __future__ import annotations

from collections.abc import Iterable

from xform.base.codes import (
    AMBIGUOUS_COLUMN,
    UNKNOWN_ALIAS,
    UNKNOWN_COLUMN,
    UNRESOLVED_COLUMN,
)
from xform.base.names import AssetName, ColumnRef, did_you_mean
from xform.sema.binder import Binder, Use
from xform.sema.meaning import Part
from xform.sema.scope import NO_SOURCES, Aliased, Column, Found, Member, Merged, Relation, Scope
from xform.sql.dialects import ALIAS_FIRST, PSEUDO_COLUMNS
from xform.sql.ir import Name

NONE: frozenset[str] = frozenset()
SHOWN = 8
"""How many columns a help text lists."""
COLUMNS_HERE = "columns here: "


class NameBinder(Binder):
    """Looks names up."""

    def find(self, expr: Name, scope: Scope, use: Use) -> Found | Aliased | None:
        """What a name means, or None (then it is diagnosed)."""
        if self.dialect in ALIAS_FIRST and len(expr.parts) == 1 and use.aliases:
            alias = scope.aliases.get(expr.parts[0])
            if alias is not None and expr.parts[0] not in scope.busy:
                return Aliased(expr.parts[0], alias, scope, 0)
        if len(expr.parts) == 1 and len(scope.members) == 1:  # most names of most queries
            only = scope.members[0]
            column = only.by_key.get(expr.parts[0])
            if column is not None and only.visible:
                return Found(column, only, scope)
        guess: Found | None = None
        for level, at in scope.outward():
            found = self.find_in(expr, at, level)
            if found is not None and not found.guess:
                if guess is None or len(found.fields) < len(expr.parts) - 1:
                    return found  # a qualifier is a relation before it is a struct
                return self._either(expr, scope, guess, found)
            guess = guess or found
            if level or use.aliases:
                alias = at.aliases.get(expr.parts[0])
                if alias is not None and expr.parts[0] not in at.busy:
                    if guess is not None:
                        break
                    return Aliased(expr.parts[0], alias, at, level, expr.parts[1:])
            if len(expr.parts) == 1 and guess is None:
                member = at.member(expr.parts)
                if member is not None:
                    return Found(None, member, at, level)
        if guess is None:
            guess = self._hidden(expr, scope)
        if guess is None:
            self._unknown(expr, scope)
        return guess

    def _hidden(self, expr: Name, scope: Scope) -> Found | None:
        """A column that every table of the dialect has: of the one that is meant."""
        known = PSEUDO_COLUMNS.get(self.dialect, NONE)
        at = next((i for i, part in enumerate(expr.parts) if part.lower() in known), None)
        if at is None:
            return None
        for level, around in scope.outward():
            named = around.member(expr.parts[:at]) if at else None
            members = around.visible() if not at else [named] if named is not None else []
            found = [
                (member, member.relation.pseudo(expr.parts[at].lower()))
                for member in members
                if member.relation.pseudo is not None
            ]
            if len(found) == 1:
                member, column = found[0]
                return Found(
                    column.called(expr.written), member, around, level, expr.parts[at + 1 :]
                )
            if found:
                return self._candidates(expr, found, around, level)
        return None

    def finds(self, expr: Name, scope: Scope) -> bool:
        """Whether a name means something here; nothing is said where it does not."""
        with self.silent():
            return any(
                expr.parts[0] in at.aliases or self.find_in(expr, at, level) is not None
                for level, at in scope.outward()
            )

    def find_in(self, expr: Name, scope: Scope, level: int) -> Found | None:
        parts = expr.parts
        qualified = False
        for cut in range(min(len(parts) - 1, 4), 0, -1):
            member = scope.member(parts[:cut])
            if member is None:
                continue
            qualified = True
            column = member.column(parts[cut])
            if column is not None:
                return Found(column, member, scope, level, parts[cut + 1 :])
            if member.relation.more is not None:
                column = member.relation.more(parts[cut]).called(expr.written)
                return Found(column, member, scope, level, parts[cut + 1 :])
        found = self._unqualified(expr, scope, level)
        if qualified and found is not None and found.guess and found.member is not None:
            # `o.x` where `o` has no `x`: a broken neighbour is not taken to have a column `o`.
            return None if found.member.relation.broken else found
        return found

    def _unqualified(self, expr: Name, scope: Scope, level: int) -> Found | None:
        key, fields = expr.parts[0], expr.parts[1:]
        hits: list[tuple[Member, Column]] = []
        merged: list[Merged] = []
        for member in scope.members:
            if not member.visible:
                continue
            group = member.merged.get(key.lower())
            if group is not None:
                if group not in merged:
                    merged.append(group)
            elif (column := member.column(key)) is not None:
                hits.append((member, column))
        if len(merged) > 1 or (len(hits) > 1 and not merged):
            self._ambiguous(expr, scope)  # a column of USING goes before others of its name
        if merged:
            return Found(merged[0].column, None, scope, level, fields)
        if len(hits) > 1:
            return self._candidates(expr, hits, scope, level)
        if hits:
            return Found(hits[0][1], hits[0][0], scope, level, fields)
        return self._guessed(expr, scope, level)

    def _ambiguous(self, expr: Name, scope: Scope) -> None:
        key = expr.parts[0]
        holders = [m.alias or "?" for m in scope.visible() if m.column(key) is not None]
        self.complain(
            AMBIGUOUS_COLUMN,
            f"column '{expr.written}' is in {listed(holders)}",
            expr.start,
            expr.end,
            f"say which: {holders[0]}.{expr.written}",
        )

    def _guessed(self, expr: Name, scope: Scope, level: int) -> Found | None:
        """A column of a relation whose columns are not known: of any that may have it."""
        key, fields = expr.parts[0], expr.parts[1:]
        candidates = [m for m in scope.members if m.visible and m.relation.more is not None]
        found: list[tuple[Member, Column]] = [
            (m, m.relation.more(key).called(expr.written))
            for m in candidates
            if m.relation.more is not None
        ]
        if not found:
            return None
        if len(found) == 1:
            return Found(found[0][1], found[0][0], scope, level, fields, guess=True)
        names = [member.alias or "?" for member, _ in found]
        if not any(member.relation.broken for member, _ in found):
            self._unresolved(expr, names)
        return self._candidates(expr, found, scope, level, guess=True)

    def _candidates(
        self,
        expr: Name,
        found: list[tuple[Member, Column]],
        scope: Scope,
        level: int,
        *,
        guess: bool = False,
    ) -> Found:
        """One of several columns, where it cannot be told which: all count."""
        parts: list[Part] = ["any of("]
        for member, column in found:
            parts.extend((f"@{member.number} ", column.hole))
        hole = self.meaning.define(f"column {expr.parts[0]}", [*parts, ")"])
        value = NO_SOURCES.union(*(column.value for _, column in found))
        column = Column(expr.written, hole, value)
        return Found(column, None, scope, level, expr.parts[1:], guess=guess)

    def _unresolved(self, expr: Name, names: list[str]) -> None:
        self.complain(
            UNRESOLVED_COLUMN,
            f"column '{expr.written}' may be in {listed(names, 'or')}",
            expr.start,
            expr.end,
            f"say which, as {names[0]}.{expr.written}, or make the columns of all of them known",
        )

    def _either(self, expr: Name, scope: Scope, guess: Found, outer: Found) -> Found:
        """A name that an inner relation may have and an outer one does: both count."""
        named = [at.member.alias or "?" for at in (guess, outer) if at.member is not None]
        if len(named) > 1 and not scope.broken:
            self._unresolved(expr, named)
        parts: list[Part] = ["either("]
        value = NO_SOURCES
        for found in (guess, outer):
            assert found.column is not None
            self.reach = min(self.reach, found.scope.depth)
            parts.extend((mark(found), found.column.hole, " "))
            value |= found.column.value
        hole = self.meaning.define(f"column {expr.parts[0]}", [*parts, ")"])
        column = Column(expr.written, hole, value)
        return Found(column, None, scope, 0, expr.parts[1:])

    def _unknown(self, expr: Name, scope: Scope) -> None:
        levels = [at for _, at in scope.outward()]
        parts = expr.parts
        where = ""
        member = None
        if len(parts) > 1:
            member = next((m for at in levels if (m := at.member(parts[:-1]))), None)
        if any(at.broken for at in levels) and (member is None or member.relation.broken):
            return  # the reason stands at the broken model
        if len(parts) > 1:
            if member is None:
                self.unknown_qualifier(".".join(parts[:-1]), levels, expr.start, expr.end)
                return
            known = [column.name for column in member.relation.columns]
            where = f" in '{member.alias}'"
            looked = [member]
        else:
            looked = [m for at in levels for m in at.visible()]
            known = sorted(
                {c.name for at in levels for m in at.visible() for c in m.relation.columns}
            )
            known += [alias for alias in scope.aliases if alias not in scope.busy]
        shown = ", ".join(known[:SHOWN]) + (", …" if len(known) > SHOWN else "")
        self.complain(
            UNKNOWN_COLUMN,
            f"unknown column '{expr.written}'{where}",
            expr.start,
            expr.end,
            did_you_mean(expr.written, known)
            or self._in_quotes(expr)
            or (f"{COLUMNS_HERE}{shown}" if known else "nothing in FROM has columns"),
            missing=self.lacking(looked, parts[-1]),
        )

    def _in_quotes(self, expr: Name) -> str:
        """The next step where a text was written as a name is."""
        written = self.place.written(expr.start, expr.end)
        if len(expr.parts) == 1 and written[:1] in _QUOTES:
            return f"a text stands in single quotes: '{written[1:-1]}'"
        return ""

    def lacking(self, members: Iterable[Member], column: str) -> list[ColumnRef]:
        """The column, of each asset that it would come from if that had it."""
        assets = [asset for member in members for asset in self.passed_on(member.relation)]
        return [(asset, column) for asset in dict.fromkeys(assets)]

    def passed_on(self, relation: Relation) -> list[AssetName]:
        """The assets all of whose columns a relation has: provided by the binder of relations."""
        raise NotImplementedError

    def unknown_qualifier(self, qualifier: str, levels: list[Scope], start: int, end: int) -> None:
        aliases = [m.alias for at in levels for m in at.visible() if m.alias]
        self.complain(
            UNKNOWN_ALIAS,
            f"'{qualifier}' names no relation of this query",
            start,
            end,
            did_you_mean(qualifier, aliases)
            or (f"in scope: {', '.join(aliases)}" if aliases else "there is no FROM here"),
        )


_QUOTES = ('"', "\u201c", "\u201d", "\u2018", "\u2019")


def mark(found: Found) -> str:
    """Where a reference is taken from: how many scopes out, and which relation there."""
    member = found.member
    if member is None or len(found.scope.members) == 1:
        return f"^{found.level} " if found.level else ""
    return f"^{found.level} @{member.number} " if found.level else f"@{member.number} "


def listed(names: list[str], last: str = "and") -> str:
    quoted = [f"'{name}'" for name in names]
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
