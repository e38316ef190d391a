"""Nested tokens set as a document: where lines may end, and which ended as it was written.

One rule holds everywhere: what was written on one line and fits stays on one line; what was
broken anywhere is broken at all of its places, outermost first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xform.sql.layout.clauses import (
    Clause,
    Context,
    Shape,
    clauses,
    context_of,
    listed,
    operands,
    word_of,
)
from xform.sql.layout.document import (
    BLANK,
    HARD,
    LINE,
    SOFT,
    Doc,
    Own,
    Suffix,
    cat,
    group,
    indent,
    joined,
)
from xform.sql.layout.lexing import Comment, Kind, Token
from xform.sql.layout.nesting import (
    Block,
    Bracket,
    Case,
    Item,
    Section,
    first_token,
    last_token,
    tokens_in,
    tokens_of,
)

_LOGIC = frozenset(["and", "or"])
_SUMS = frozenset(["+", "-", "||"])
_PRODUCTS = frozenset(["*", "/", "//", "%"])


def set_query(items: Sequence[Item], end: Token) -> Doc:
    """The document of a whole text. `end` holds the comments at its end."""
    if not items:
        return joined(_before(end))
    context = context_of(items, Context.INNER)
    whole = _apart(
        items,
        lambda: group(_content(items, context), broken=_is_broken(items[1:], context)),
    )
    return cat(whole, HARD, *_before(end))


def _apart(items: Sequence[Item], made: Callable[[], Doc], *, below: bool = False) -> Doc:
    """What is made of items, with the comments at both of its ends outside of it: they end lines,
    and what is between them need not. `below`: also those on lines of their own behind it."""
    if not items:
        return made()
    first, last = first_token(items[0]), last_token(items[-1])
    before: list[Doc] = []
    behind: list[Doc] = []
    if not first.led and all(comment.breaks for comment in first.before):
        before = _before(first)
        first.led = True
    if not last.followed and (below or not last.below):
        behind = _behind(last)
        last.followed = True
    doc = made()
    return cat(*before, doc, *behind) if before or behind else doc


def _content(items: Sequence[Item], context: Context) -> Doc:
    """What stands in brackets, in a block, or at the root. Its lines belong to the group around
    it, which `_is_broken` is asked about."""
    parts = clauses(items, context)
    if len(parts) == 1 and parts[0].shape is Shape.NONE:
        return _list(items, context)
    docs: list[Doc] = []
    at = 0
    while at < len(parts):
        clause = parts[at]
        following = parts[at + 1] if at + 1 < len(parts) else None
        if docs:
            docs.append(_line_before(clause, parts[at - 1]))
        if clause.shape is Shape.JOIN and following is not None and following.shape is Shape.ON:
            docs.append(_join(clause, following, context))
            at += 1
        else:
            docs.append(_apart(clause.items, partial(_clause, clause, context)))
        at += 1
    return joined(docs)


def _join(clause: Clause, on: Clause, context: Context) -> Doc:
    """A join with its condition behind it, or on a line under it."""

    def made() -> Doc:
        condition = indent(LINE, _apart(on.items, partial(_clause, on, context)))
        return group(_clause(clause, context), condition, broken=_first(on.items).newline)

    return _apart([*clause.items, *on.items], made)


def _line_before(clause: Clause, before: Clause) -> Doc:
    """The place between two clauses."""
    apart = before.shape is Shape.WITH and any(
        "\n" in _between_brackets(item) for item in before.body
    )
    if apart or _first(clause.items).blank:
        return cat(LINE, BLANK)
    return LINE


def _between_brackets(item: Item) -> str:
    """A line break, where a bracket holds one."""
    if not isinstance(item, Bracket):
        return ""
    inside = (*tokens_of(item.items), item.close)
    return "\n" if any(token.newline for token in inside) else ""


def _is_broken(items: Sequence[Item], context: Context) -> bool:
    """Whether any of the lines of `_content` ended as it was written."""
    parts = clauses(items, context)
    if len(parts) == 1 and parts[0].shape is Shape.NONE:
        return _list_broken(items)
    starts = [_first(clause.items) for clause in parts if clause.shape is not Shape.ON]
    return any(token.newline for token in starts)


def _first(items: Sequence[Item]) -> Token:
    return first_token(items[0])


# Clauses -----------------------------------------------------------------------------------------


def _clause(clause: Clause, context: Context) -> Doc:
    head, body = _sequence(clause.head, context), clause.body
    if not body:
        return head
    match clause.shape:
        case Shape.NONE:
            return group(_list(body, context), broken=_list_broken(body[1:]))
        case Shape.WITH:
            return cat(head, " ", _with(body, context))
        case Shape.SET:
            return cat(head, LINE, _expression(body, context))
        case Shape.BRANCH:
            return _branch(clause, context)
        case Shape.CONDITION | Shape.ON:
            parts = operands(body, _LOGIC)
            if len(parts) < 2:
                return cat(head, " ", _expression(body, context))
            lines = _lines([_part(part, context) for part in parts])
            return group(head, indent(LINE, lines), broken=_parts_broken([[], *parts]))
        case Shape.JOIN:
            return cat(head, " ", _expression(body, context))
        case Shape.SELECT | Shape.LIST:
            items = [item for item, _ in listed(body)]
            if len(items) == 1 and clause.shape is Shape.LIST:
                return cat(head, " ", _list(body, context))
            broken = _list_broken(body)
            return group(head, indent(LINE, _list(body, context)), broken=broken)


def _list_broken(body: Sequence[Item]) -> bool:
    """Whether a line begins at an item of a list, or at a comma."""
    return any(
        (item and _first(item).newline) or (comma is not None and comma.newline)
        for item, comma in listed(body)
    )


def _parts_broken(parts: Sequence[Sequence[Item]]) -> bool:
    """Whether a line begins at an operator, or behind one."""
    for part in parts[1:]:
        operator, *others = part
        if first_token(operator).newline or (others and first_token(others[0]).newline):
            return True
    return False


def _with(body: Sequence[Item], context: Context) -> Doc:
    docs: list[Doc] = []
    tall = False
    for item, comma in listed(body):
        query = any("\n" in _between_brackets(each) for each in item)
        if docs and item:
            apart = tall or query or _first(item).blank
            docs.append(cat(HARD if apart else LINE, BLANK) if apart else LINE)
        tall = query
        docs.append(_part(item, context))
        if comma is not None:
            docs.append(_token(comma))
    return group(*docs, broken=_list_broken(body[1:]))


def _branch(clause: Clause, context: Context) -> Doc:
    """`WHEN … THEN …` or `ELSE …`."""
    at = next((n for n, item in enumerate(clause.body) if word_of(item) == "then"), None)
    head = _sequence(clause.head, context)
    if at is None:
        return cat(head, " ", _expression(clause.body, context))
    condition, then = clause.body[:at], clause.body[at:]
    parts = operands(condition, _LOGIC)
    lines = _lines([_part(part, context) for part in parts])
    value = cat(_token(first_token(then[0])), " ", _expression(then[1:], context))
    asked = group(lines, broken=_parts_broken(parts))
    broken = first_token(then[0]).newline
    return group(head, " ", indent(asked, LINE, value), broken=broken)


# Lists and expressions ---------------------------------------------------------------------------


def _list(items: Sequence[Item], context: Context) -> Doc:
    docs: list[Doc] = []
    for item, comma in listed(items):
        if docs:
            docs.append(LINE)
            if item and _first(item).blank:
                docs.append(BLANK)
        docs.append(_part(item, context))
        if comma is not None:
            docs.append(_token(comma))
    return joined(docs)


def _part(items: Sequence[Item], context: Context) -> Doc:
    """One of several expressions, each of which may have a line of its own."""
    return _apart(items, lambda: _expression(items, context), below=True)


def _expression(items: Sequence[Item], context: Context) -> Doc:
    """An operand with its operators and its alias."""
    alias = _alias(items)
    rest, named = items[:alias], items[alias:]
    for operators in (_LOGIC, _SUMS, _PRODUCTS):
        parts = operands(rest, operators)
        if len(parts) > 1:
            docs = [_part(part, context) for part in parts[:-1]]
            docs.append(cat(_part(parts[-1], context), *_named(named, context)))
            return group(_lines(docs), broken=_parts_broken(parts))
    return _sequence(items, context)


def _named(items: Sequence[Item], context: Context) -> list[Doc]:
    return [" ", _sequence(items, context)] if items else []


def _alias(items: Sequence[Item]) -> int:
    """Where an alias begins: the last AS."""
    for at in range(len(items) - 1, 0, -1):
        if word_of(items[at]) == "as":
            return at
    return len(items)


def _lines(docs: Sequence[Doc]) -> Doc:
    parts: list[Doc] = []
    for doc in docs:
        parts += [LINE, doc] if parts else [doc]
    return joined(parts)


def _sequence(items: Sequence[Item], context: Context) -> Doc:
    """Items one behind the other."""
    docs: list[Doc] = []
    previous: Token | None = None
    for item in items:
        first = first_token(item)
        if previous is not None:
            split = first.newline and first.kind is previous.kind is Kind.TEXT
            docs.append(HARD if split else first.gap)
        docs.append(_item(item, context))
        previous = last_token(item)
    return joined(docs)


def _item(item: Item, context: Context) -> Doc:
    match item:
        case Bracket():
            return _bracket(item)
        case Case():
            return _case(item)
        case Block():
            return _block(item, context)
        case _:
            if item.alone:
                return cat(HARD, BLANK if item.blank else "", _token(item), HARD)
            return _token(item)


def _bracket(bracket: Bracket) -> Doc:
    if not bracket.items:
        return cat(_token(bracket.open), *_within(bracket.close), _token(bracket.close))
    context = context_of(bracket.items, Context.INNER)
    broken = (
        _first(bracket.items).newline or bracket.close.newline or _is_broken(bracket.items, context)
    )
    inside = indent(SOFT, _content(bracket.items, context), *_within(bracket.close))
    return group(_token(bracket.open), inside, SOFT, _bare(bracket.close), broken=broken)


def _case(case: Case) -> Doc:
    parts = clauses(case.items, Context.CASE)
    docs: list[Doc] = [_token(case.case)]
    if parts and parts[0].shape is Shape.NONE and not _is_own(parts[0]):
        docs += [" ", _expression(parts[0].body, Context.CASE)]
        parts = parts[1:]
    lines = [cat(LINE, _clause(part, Context.CASE)) for part in parts]
    broken = case.end.newline or any(_first(part.items).newline for part in parts)
    inside = indent(*lines, *_within(case.end))
    return group(*docs, inside, LINE, _bare(case.end), broken=broken)


def _is_own(clause: Clause) -> bool:
    """Whether a clause is a block of a template on lines of its own."""
    return isinstance(clause.body[0], Block) and not clause.body[0].inline


def _block(block: Block, context: Context) -> Doc:
    if block.inline:
        docs: list[Doc] = []
        for number, token in enumerate(tokens_in(block)):
            docs += [token.gap if number else "", _token(token)]
        blank = BLANK if first_token(block).blank else ""
        return cat(HARD, blank, *docs, HARD) if block.alone else joined(docs)
    docs = [HARD]
    for section in block.sections:
        docs += [*_leading(section.tag, first=section is block.sections[0]), _bare(section.tag)]
        docs += [_section(section, context), HARD]
    docs += [*_leading(block.end, first=False), _bare(block.end), HARD]
    return joined(docs)


def _leading(tag: Token, *, first: bool) -> list[Doc]:
    """What stands before a tag: of the first one on its level, of others within the section."""
    if first:
        return [BLANK if tag.blank else "", *_before(tag)]
    return [indent(*_within(tag))]


def _section(section: Section, context: Context) -> Doc:
    if not section.items:
        return ""
    inner = context_of(section.items, context)
    broken = _is_broken(section.items[1:], inner) if len(section.items) > 1 else False
    return indent(HARD, group(_content(section.items, inner), broken=broken))


# Tokens and comments -----------------------------------------------------------------------------


def _token(token: Token) -> Doc:
    return _bare(token) if token.led or not token.before else cat(*_before(token), _bare(token))


def _bare(token: Token) -> Doc:
    """A token without the comments before it."""
    text = token.text.lower() if token.keyword else token.text
    behind = [] if token.followed else _behind(token)
    return cat(text, *behind) if behind else text


def _behind(token: Token) -> list[Doc]:
    """The comments on its line, and those under it."""
    docs: list[Doc] = []
    for comment in token.behind:
        docs += [Suffix(comment.text)] if comment.ends_line else [" ", comment.text]
    return docs + [part for comment in token.below for part in _own(comment)]


def _before(token: Token) -> list[Doc]:
    """The comments before a token."""
    docs: list[Doc] = []
    for comment in token.before:
        docs += _own(comment) if comment.breaks else [comment.text, " "]
    return docs


def _within(token: Token) -> list[Doc]:
    """The comments before a token that closes something: they belong inside."""
    return [cat(HARD, *_before(token))] if token.before else []


def _own(comment: Comment) -> list[Doc]:
    return [BLANK if comment.blank else "", Own(comment.text)]
