"""A plan for people: a headline, then what is done, as trees with the reasons.

2 to build · 1 to publish · 41 unchanged  (environment prod)

build
└─ ~ staging.stg_orders   code: column amount changed
   └─ ~ marts.fct_orders  upstream: reads staging.stg_orders.amount
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from xform.base.names import AssetName
from xform.console.cells import width
from xform.console.forest import Fold, Forest, forest
from xform.console.terminal import Surface, Symbols
from xform.console.text import (
    EMPTY,
    Fragment,
    Line,
    Style,
    dim,
    frame,
    line,
    strong,
    wrap,
)
from xform.console.tree import Twig, twigs
from xform.console.words import count, listing
from xform.plan.plan import Action, ActionKind, Behind, Plan, Reason, ReasonKind, Spared

LIMIT = 30
"""Assets shown of each kind of action, unless everything is asked for."""

NARROW = 60
"""Below this many cells reasons stand under the names, not beside them."""

_MOST_COLUMNS = 6
_MOST_REASONS = 3
_DEEPEST = 12

_GROUPS = (
    ActionKind.BUILD,
    ActionKind.INTERVAL,
    ActionKind.REUSE,
    ActionKind.PUBLISH,
    ActionKind.TEST,
    ActionKind.DROP,
)


def plan_lines(
    plan: Plan, surface: Surface, *, explain: bool = False, limit: int = LIMIT
) -> list[Line]:
    """The whole plan. `explain` folds nothing and lists what stays unchanged as well."""
    lines = [plan_headline(plan, surface)]
    hidden = 0
    for kind in _GROUPS:
        actions = [action for action in plan.actions if action.action is kind]
        if not actions:
            continue
        trees = forest(
            actions,
            limit=None if explain else limit,
            depth=max(1, min(_DEEPEST, surface.width // 9)),
        )
        hidden += trees.hidden
        lines += [EMPTY, line(strong(kind.value))]
        told_of = _told_of(plan) if explain else {}
        lines += _group(actions, trees, surface, told_of, explain=explain)
    if hidden:
        lines += [EMPTY, line(f"{hidden:,} more; see them all with: xform plan --explain")]
    lines += _behind(plan.behind, surface)
    if explain and plan.unchanged:
        lines += [EMPTY, line(strong("unchanged"))]
        told_of = _told_of(plan)
        for asset in plan.unchanged:
            why = "; ".join(told_of.get(asset, ()))
            told = line("   ", dim(f"= {asset}"), f"  {why}" if why else "")
            lines += wrap(told, surface.width, hang=7)
    return lines


def _told_of(plan: Plan) -> dict[AssetName, list[str]]:
    """What is to be said of assets besides, where the plan is to be explained."""
    found: dict[AssetName, list[str]] = {}
    for spared in plan.spared:
        found.setdefault(spared.asset, []).append(_spared(spared))
    for item in plan.compared:
        said = (
            f"kept {'if' if item.ahead else 'since'} {item.upstream} is the same {item.how.words}"
        )
        found.setdefault(item.asset, []).append(said)
    return found


def _spared(item: Spared) -> str:
    """`reads amount, status of staging.orders; changed: note`."""
    reads = listing(item.reads, _MOST_COLUMNS) if item.reads else "no column"
    return f"reads {reads} of {item.upstream}; changed: {listing(item.changed, _MOST_COLUMNS)}"


def _behind(behind: Sequence[Behind], surface: Surface) -> list[Line]:
    """What is read as published though it is stale, and what can be done about it."""
    if not behind:
        return []
    lines = [EMPTY, line(strong("stale, not selected, read as published"))]
    for item in behind:
        told = [reason_line(reason, explain=False) for reason in item.reasons[:1]]
        readers = dim(f"  (read by {listing(item.read_by, _MOST_COLUMNS)})")
        full = line(Fragment("! ", Style.WARNING), str(item.asset), "  ", *told, readers)
        lines += wrap(full, surface.width, hang=4)
    return [*lines, line(f"build {'it' if len(behind) == 1 else 'them'} too: --upstream")]


def plan_headline(plan: Plan, surface: Surface) -> Line:
    """`4 to build · 1 to publish · 41 unchanged  (environment prod)`."""
    kinds = [action.action for action in plan.actions]
    if not kinds:
        return _nothing_to_do(plan)
    parts = [f"{kinds.count(kind):,} to {kind.value}" for kind in _GROUPS if kinds.count(kind)]
    if plan.unchanged:
        parts.append(f"{len(plan.unchanged):,} unchanged")
    return line(
        strong(f" {surface.symbols.dot} ".join(parts)),
        dim(f"  (environment {plan.environment})"),
    )


def _nothing_to_do(plan: Plan) -> Line:
    elsewhere = dim(f"  (environment {plan.environment})") if plan.environment != "prod" else ""
    if plan.behind:
        return line("Nothing to do for what is selected.", elsewhere)
    match len(plan.unchanged):
        case 0:
            text = "Nothing to do: there are no assets."
        case 1:
            text = "Nothing to do: the only asset is up to date."
        case number:
            text = f"Nothing to do: all {count(number, 'asset')} are up to date."
    return line(text, elsewhere)


def _group(
    actions: Sequence[Action],
    trees: Forest,
    surface: Surface,
    told_of: Mapping[AssetName, Sequence[str]],
    *,
    explain: bool,
) -> list[Line]:
    by_name = {action.asset: action for action in actions}
    drawn = list(twigs(trees.roots, trees.children, surface.symbols))
    column = _reason_column(drawn, surface)
    lines: list[Line] = []
    for twig in drawn:
        if isinstance(twig.item, Fold):
            where = "more" if twig.item.under is None else "more below"
            text = f"{surface.symbols.ellipsis} {twig.item.hidden:,} {where}"
            lines.append(line(frame(twig.first), dim(text)))
            continue
        action = by_name[twig.item]
        lead = twig.rest + "  " if column is None else twig.rest.ljust(column)
        room = surface.width - len(lead)
        reasons = _reasons(action.reasons, room, explain=explain)
        for said in told_of.get(action.asset, ()):
            reasons += wrap(line(dim(said)), room, hang=2)
        symbol = _symbol(action, surface.symbols)
        head = line(frame(twig.first), symbol, " ", action.asset)
        if column is not None and head.width + 2 <= column and reasons:
            head += line(" " * (column - head.width)) + reasons.pop(0)
        lines.append(head)
        lines.extend(line(frame(lead)) + reason for reason in reasons)
    return lines


def _reason_column(drawn: Iterable[Twig[AssetName | Fold]], surface: Surface) -> int | None:
    """The cell at which reasons begin: beside all names but the longest, or None: below them."""
    if surface.width < NARROW:
        return None
    sizes = [
        width(twig.first) + 2 + width(twig.item) + 2
        for twig in drawn
        if not isinstance(twig.item, Fold)
    ]
    return min(max(sizes), surface.width // 2)


def _reasons(reasons: Sequence[Reason], room: int, *, explain: bool) -> list[Line]:
    shown = reasons if explain or len(reasons) <= _MOST_REASONS else reasons[:_MOST_REASONS]
    lines = [
        content
        for reason in shown
        for content in wrap(reason_line(reason, explain=explain), room, hang=2)
    ]
    if len(shown) < len(reasons):
        lines.append(line(dim(f"and {count(len(reasons) - len(shown), 'more reason')}")))
    return lines


def reason_line(reason: Reason, *, explain: bool) -> Line:
    """`code: column amount changed (amount, tax)`."""
    most = len(reason.columns) if explain else _MOST_COLUMNS
    columns: tuple[str, ...]
    if reason.kind is ReasonKind.DEPENDENCY:
        word, detail, columns = "upstream", _upstream(reason, most) or reason.detail, ()
    else:
        said = set(re.findall(r"[\w$]+", reason.detail))
        word, detail = reason.kind.value, reason.detail
        columns = tuple(column for column in reason.columns if column not in said)
    return line(
        Fragment(word, _reason_style(reason.kind)),
        f": {detail}" if detail else "",
        dim(f" ({listing(columns, most)})") if columns else "",
    )


def _upstream(reason: Reason, most: int) -> str:
    """`reads staging.orders.amount`, or by asset where it reads more: `reads staging.orders
    (rows, amount)`. Empty where the reason has no qualified columns."""
    by_asset: dict[str, list[str]] = {}
    for read in reason.columns:
        schema, _, rest = read.partition(".")
        name, _, column = rest.partition(".")
        if not name:
            return ""
        by_asset.setdefault(f"{schema}.{name}", []).append(column)
    told: list[str] = []
    for asset, columns in by_asset.items():
        match columns:
            case [""]:
                told.append(f"the rows of {asset}")
            case ["*"]:
                told.append(f"all of {asset}")
            case [column]:
                told.append(f"{asset}.{column}")
            case _:
                names = ("rows" if column == "" else column for column in columns)
                told.append(f"{asset} ({listing(names, most)})")
    return f"reads {', '.join(told)}" if told else ""


def _reason_style(kind: ReasonKind) -> Style:
    match kind:
        case ReasonKind.NEW:
            return Style.NEW
        case ReasonKind.CODE | ReasonKind.CONFIG:
            return Style.CHANGED
        case ReasonKind.DATA:
            return Style.DATA
        case ReasonKind.MISSING | ReasonKind.FAILED:
            return Style.GONE
        case ReasonKind.DEPENDENCY | ReasonKind.FORCED:
            return Style.DIM
        case _:
            assert_never(kind)


def _symbol(action: Action, symbols: Symbols) -> Fragment:
    match action.action:
        case ActionKind.BUILD | ActionKind.INTERVAL:
            return _build_symbol(action.reasons, symbols)
        case ActionKind.REUSE:
            return Fragment("=", Style.GOOD)
        case ActionKind.PUBLISH:
            return Fragment(symbols.move, Style.DATA)
        case ActionKind.TEST:
            return Fragment("?", Style.DATA)
        case ActionKind.DROP:
            return Fragment("-", Style.GONE)
        case _:
            assert_never(action.action)


def _build_symbol(reasons: Sequence[Reason], symbols: Symbols) -> Fragment:
    """By the first reason: `+` new, `~` changed, `↻` data, `!` missing or failed, `*` forced."""
    if not reasons:
        return Fragment("*", Style.DIM)
    match reasons[0].kind:
        case ReasonKind.NEW:
            return Fragment("+", Style.NEW)
        case ReasonKind.CODE | ReasonKind.CONFIG | ReasonKind.DEPENDENCY:
            return Fragment("~", Style.CHANGED)
        case ReasonKind.DATA:
            return Fragment(symbols.data, Style.DATA)
        case ReasonKind.MISSING | ReasonKind.FAILED:
            return Fragment("!", Style.GONE)
        case ReasonKind.FORCED:
            return Fragment("*", Style.DIM)
        case _:
            assert_never(reasons[0].kind)
