"""Tokens nested as brackets, CASE … END and blocks of a template nest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xform.sql.layout.lexing import Kind, Token, Unreadable

DEEPEST = 100
"""Levels of nesting."""


@dataclass(slots=True)
class Bracket:
    open: Token
    items: list[Item]
    close: Token


@dataclass(slots=True)
class Case:
    case: Token
    items: list[Item]
    end: Token


@dataclass(slots=True)
class Section:
    """A tag of a block, and what stands behind it."""

    tag: Token
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """`{% if %}` or another block of a template. `inline`: it is written on one line; `alone`: on
    a line of its own."""

    sections: list[Section]
    end: Token
    inline: bool
    alone: bool


Item: TypeAlias = Token | Bracket | Case | Block


def nest(tokens: Sequence[Token], text: str) -> tuple[list[Item], Token]:
    """The items of a text, and its END. Raises Unreadable where something is left open, or opens
    and closes in different blocks."""
    reader = _Reader(tokens, text)
    items = reader.items()
    end = reader.next()
    if end.kind is not Kind.END:
        raise Unreadable(f"'{end.text}' closes nothing")
    return items, end


def first_token(item: Item) -> Token:
    match item:
        case Bracket():
            return item.open
        case Case():
            return item.case
        case Block():
            return item.sections[0].tag
        case _:
            return item


def last_token(item: Item) -> Token:
    match item:
        case Bracket():
            return item.close
        case Case() | Block():
            return item.end
        case _:
            return item


def tokens_in(item: Item) -> Iterator[Token]:
    """All tokens of an item, in their order."""
    match item:
        case Bracket():
            yield item.open
            yield from tokens_of(item.items)
            yield item.close
        case Case():
            yield item.case
            yield from tokens_of(item.items)
            yield item.end
        case Block():
            for section in item.sections:
                yield section.tag
                yield from tokens_of(section.items)
            yield item.end
        case _:
            yield item


def tokens_of(items: Sequence[Item]) -> Iterator[Token]:
    for item in items:
        yield from tokens_in(item)


class _Reader:
    def __init__(self, tokens: Sequence[Token], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._at = 0
        self._depth = 0

    def next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def items(self) -> list[Item]:
        """Items up to what closes them, which is not taken."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable("it is nested too deeply")
        found: list[Item] = []
        while not self._closes(self._tokens[self._at]):
            found.append(self._item(self.next()))
        self._depth -= 1
        return found

    def _closes(self, token: Token) -> bool:
        return token.kind in (Kind.CLOSE, Kind.MIDDLE, Kind.CLOSING, Kind.END) or (
            token.keyword and token.text.lower() == "end"
        )

    def _item(self, token: Token) -> Item:
        if token.kind is Kind.OPEN:
            items = self.items()
            return Bracket(token, items, self._closing(token, Kind.CLOSE))
        if token.keyword and token.text.lower() == "case":
            items = self.items()
            return Case(token, items, self._closing(token, Kind.WORD))
        if token.kind is Kind.OPENING:
            return self._block(token)
        return token

    def _closing(self, opened: Token, kind: Kind) -> Token:
        token = self.next()
        if token.kind is not kind:
            raise Unreadable(f"'{opened.text}' and what closes it stand in different blocks")
        return token

    def _block(self, token: Token) -> Item:
        sections = [Section(token, self.items())]
        while self._tokens[self._at].kind is Kind.MIDDLE:
            sections.append(Section(self.next(), self.items()))
        end = self._closing(token, Kind.CLOSING)
        inline = not any(each.newline or each.before for each in self._inside(sections, end))
        begins = token.newline or token.start == 0
        alone = begins and self._tokens[self._at].newline
        block = Block(sections, end, inline, alone)
        glued = any(each.glued for each in self._tags(block))
        if glued and not inline:
            return self._verbatim(block)
        return block

    def _inside(self, sections: Sequence[Section], end: Token) -> Iterator[Token]:
        first, *others = sections
        yield from tokens_of(first.items)
        for section in others:
            yield section.tag
            yield from tokens_of(section.items)
        yield end

    def _tags(self, block: Block) -> Iterator[Token]:
        yield from (section.tag for section in block.sections)
        yield block.end

    def _verbatim(self, block: Block) -> Token:
        """A block that is part of a word, as it is written."""
        first = block.sections[0].tag
        text = self._text[first.start : block.end.end]
        return Token(
            Kind.VERBATIM, text, first.start, first.before, block.end.behind, block.end.below,
            first.newline, first.blank, first.touching, glued=True, gap=first.gap,
        )  # fmt: skip
