"""Queries as text: for the project's files, with templates and in any style, or as plain SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from fuzz_queries import (
    ALIAS,
    MERGED,
    USUAL,
    Aggregate,
    Call,
    Col,
    Cte,
    CteRef,
    Derived,
    Expr,
    Lit,
    MacroCall,
    Nested,
    Output,
    Query,
    Select,
    Series,
    SetOp,
    Source,
    StarOut,
    Style,
    Table,
    ValuesList,
    Variable,
    Window,
)
from fuzz_resolve import Resolver, Scope, has_aggregate

ALIASES = ("s", "q", "rel_", "x")
CTES = ("step", "part", "c", "stage_")


@dataclass(frozen=True, slots=True)
class Plain:
    """What templates stand for; given, the text is plain SQL."""

    bump: int
    variable: int


@dataclass(slots=True)
class Renderer:
    """Writes one model's query. `plain` None writes templates."""

    resolver: Resolver
    style: Style = USUAL
    plain: Plain | None = None
    shadows: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    depth: int = 0
    windows: list[str] | None = None
    """Of the WINDOW clause that is being written, where windows are to stand there."""
    bare: bool = False
    """Whether a column may do without a qualifier where the text that is written stands."""

    def word(self, text: str) -> str:
        return text.upper() if self.style.layout % 2 else text

    @property
    def gap(self) -> str:
        note = self.style.comment
        if note % 3 == 1:
            return f" /* note {note} */ "
        if note % 3 == 2:
            return f" -- it's note {note}\n"
        return "\n" if self.style.layout % 3 else " "

    def query(self, query: Query, scopes: tuple[Scope, ...] = ()) -> str:
        kept = (self.shadows, self.names, self.resolver.ctes)
        if query.ctes:
            self.names, self.resolver.ctes = [], []
            self.shadows = set()
        text = self._with(query.ctes)
        match query:
            case Select():
                text += self.select(query, scopes)
            case SetOp():
                op = self.word(query.op)
                left, right = self.select(query.left, ()), self.select(query.right, ())
                text += f"{left}{self.gap}{op}{self.gap}{right}"
            case unknown:
                assert_never(unknown)
        self.shadows, self.names, self.resolver.ctes = kept
        return text

    def _with(self, ctes: tuple[Cte, ...]) -> str:
        if not ctes:
            return ""
        parts: list[str] = []
        for number, cte in enumerate(ctes):
            name = cte.shadow or f"{CTES[self.style.cte % len(CTES)]}{number}"
            if name in self.names:
                name = f"{name}_{number}"
            body = self.query(cte.query)
            _, shape = self.resolver.query(cte.query)
            parts.append(f"{name} {self.word('as')} ({body}{self.gap})")
            self.names.append(name)
            self.resolver.ctes.append(shape)
            self.shadows.add(name)
        return self.word("with ") + f",{self.gap}".join(parts) + self.gap

    def select(self, select: Select, outer: tuple[Scope, ...]) -> str:
        self.depth += 1
        scope = Scope()
        scopes = (*outer, scope)
        kept, self.windows, self.bare = (self.windows, self.bare), None, self.style.bare
        sources = "".join(
            self._source(source, i, scopes) for i, source in enumerate(select.sources)
        )
        self.windows = [] if self.style.windows else None
        outputs = ", ".join(self._output(output, scopes) for output in select.outputs)
        named, self.windows = self.windows, None
        distinct = self.word("distinct ") if select.distinct else ""
        if select.first_of is not None:
            self.bare = False
            distinct = f"{self.word('distinct on')} ({self.expr(select.first_of, scopes)}) "
            self.bare = self.style.bare
        text = f"{self.word('select')} {distinct}{outputs}{self.gap}{self.word('from')} {sources}"
        if select.where is not None:
            text += f"{self.gap}{self.word('where')} {self.expr(select.where, scopes)}"
        self.bare = False
        text += self._group(select, scopes)
        if select.having is not None:
            text += f"{self.gap}{self.word('having')} {self.expr(select.having, scopes)}"
        if named:
            listed = ", ".join(f"w{i} {self.word('as')} {text}" for i, text in enumerate(named))
            text += f"{self.gap}{self.word('window')} {listed}"
        if select.qualify is not None:
            text += f"{self.gap}{self.word('qualify')} {self.expr(select.qualify, scopes)} <= 2"
        if select.first_of is not None:
            keys = (select.first_of, *scope.all_columns())
            listed = ", ".join(self.expr(key, scopes) for key in keys)
            text += f"{self.gap}{self.word('order by')} {listed}"
        elif select.top is not None or select.sorted:
            text += f"{self.gap}{self.word('order by all')}"
        if select.top is not None and select.first_of is None:
            text += f" {self.word('limit')} {select.top}"
        self.depth -= 1
        self.windows, self.bare = kept
        return text

    def _group(self, select: Select, scopes: tuple[Scope, ...]) -> str:
        keys = [
            (i, output.expr)
            for i, output in enumerate(select.outputs, 1)
            if isinstance(output, Output) and not has_aggregate(output.expr)
        ]
        if not select.group or not keys:
            return ""
        if select.group == "all":
            listed = self.word("all")
        elif select.group == "ordinal":
            listed = ", ".join(str(i) for i, _ in keys)
        else:
            listed = ", ".join(
                str(i) if isinstance(expr, Lit | Variable) else self.expr(expr, scopes)
                for i, expr in keys
            )
        if select.group == "rollup":
            listed = f"{self.word('rollup')} ({listed})"
        return f"{self.gap}{self.word('group by')} {listed}"

    # FROM ----------------------------------------------------------------------------------------

    def alias(self, depth: int, number: int) -> str:
        prefix = ALIASES[self.style.alias % len(ALIASES)]
        return f"{prefix}{depth}{chr(ord('a') + number)}"

    def _source(self, source: Source, number: int, scopes: tuple[Scope, ...]) -> str:
        _, shape = self.resolver._item(source)
        alias = self.alias(self.depth, number)
        match source.item:
            case Table():
                text = f"{self._table(source.item)} {alias}"
            case CteRef():
                text = f"{self.names[source.item.number]} {self.word('as')} {alias}"
            case Derived():
                text = f"({self.query(source.item.query)}{self.gap}) {self.word('as')} {alias}"
            case ValuesList():
                rows = ", ".join(f"({', '.join(row)})" for row in source.item.rows)
                names = ", ".join(name for name, _ in source.item.columns)
                text = f"({self.word('values')} {rows}) {alias}({names})"
            case Series():
                text = f"range({source.item.count}) {alias}(n)"
            case unknown:
                assert_never(unknown)
        scope = scopes[-1]
        if number:
            natural = "natural " if source.natural else ""
            text = f"{self.gap}{self.word(natural + source.join + ' join')} {text}"
        before = [name for _, cols in scope.visible() for name, _ in cols]
        scope.sources.append(shape.columns)
        if source.using:
            text += f" {self.word('using')} ({', '.join(source.using)})"
        elif source.on is not None:
            text += f" {self.word('on')} {self.expr(source.on, scopes)}"
        if source.join in ("semi", "anti"):
            scope.hidden.add(number)
        else:
            common = [n for n, _ in shape.columns if n in before] if source.natural else []
            for name in (*source.using, *common):
                scope.merged[name] = dict(shape.columns)[name]
        return text

    def _table(self, table: Table) -> str:
        bare = table.asset.partition(".")[2]
        if table.form == "ref" and self.plain is None:
            return "{{ ref('" + bare + "') }}"
        if table.form != "full" and bare not in self.shadows:
            return bare
        return table.asset

    # Outputs -------------------------------------------------------------------------------------

    def _output(self, output: Output | StarOut, scopes: tuple[Scope, ...]) -> str:
        if isinstance(output, Output):
            return f"{self.expr(output.expr, scopes)} {self.word('as')} {output.name}"
        text = "*" if output.source is None else f"{self.alias(self.depth, output.source)}.*"
        if output.exclude:
            text += f" {self.word('exclude')} ({', '.join(output.exclude)})"
        if output.replace:
            listed = ", ".join(
                f"{self.expr(expr, scopes)} {self.word('as')} {name}"
                for name, expr in output.replace
            )
            text += f" {self.word('replace')} ({listed})"
        if output.rename:
            listed = ", ".join(f"{old} {self.word('as')} {new}" for old, new in output.rename)
            text += f" {self.word('rename')} ({listed})"
        return text

    # Expressions ---------------------------------------------------------------------------------

    def expr(self, expr: Expr, scopes: tuple[Scope, ...]) -> str:
        match expr:
            case Col():
                return self._column(expr, scopes)
            case Lit():
                return expr.text
            case Call():
                return expr.template.format(*(self.expr(arg, scopes) for arg in expr.args))
            case Aggregate():
                text = expr.template.format(*(self.expr(arg, scopes) for arg in expr.args))
                if expr.where is not None:
                    text += f" {self.word('filter (where')} {self.expr(expr.where, scopes)})"
                return text
            case Window():
                return self._window(expr, scopes)
            case Nested():
                inner = self.select(expr.query, scopes)
                match expr.how:
                    case "scalar":
                        return f"({inner})"
                    case "in":
                        assert expr.arg is not None
                        return f"({self.expr(expr.arg, scopes)} {self.word('in')} ({inner}))"
                    case _:
                        return f"({self.word(expr.how)} ({inner}))"
            case MacroCall():
                arg = self.expr(expr.arg, scopes)
                if self.plain is not None:
                    return f"({arg} + {self.plain.bump})"
                escaped = arg.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
                return '{{ bump("' + escaped + '") }}'
            case Variable():
                return str(self.plain.variable) if self.plain is not None else "{{ var('k') }}"
            case unknown:
                assert_never(unknown)

    def _column(self, col: Col, scopes: tuple[Scope, ...]) -> str:
        if col.source in (MERGED, ALIAS):
            return col.name
        holders = [cols for cols in scopes[-1].sources if col.name in dict(cols)]
        if self.bare and not col.level and len(holders) == 1:
            return col.name
        return f"{self.alias(self.depth - col.level, col.source)}.{col.name}"

    def _window(self, window: Window, scopes: tuple[Scope, ...]) -> str:
        call = window.template.format(*(self.expr(arg, scopes) for arg in window.args))
        parts: list[str] = []
        if window.partition:
            listed = ", ".join(self.expr(key, scopes) for key in window.partition)
            parts.append(f"{self.word('partition by')} {listed}")
        keys: list[Expr] = list(window.keys)
        if window.order == "total":
            keys = [*keys, *scopes[-1].all_columns()]
        if window.order != "none" and keys:
            listed = ", ".join(self.expr(key, scopes) for key in keys)
            parts.append(f"{self.word('order by')} {listed}")
            if window.frame and window.order == "total":
                parts.append(window.frame)
        text = f"({' '.join(parts)})"
        if self.windows is not None:
            self.windows.append(text)
            text = f"w{len(self.windows) - 1}"
        return f"{call} {self.word('over')} {text}"
