"""Layout over all SQL of this repository: it comes to rest at once, and keeps what is written."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from xform.project.header import read_header
from xform.sql.layout.form import laid_out, marked, same
from xform.sql.layout.lexing import Kind, Unreadable

REPOSITORY = Path(__file__).parents[2]
SQL = re.compile(r"\b(select|from|with|values)\b", re.IGNORECASE)
OURS = re.compile("its tokens would not|come to rest")
"""Reasons that would be a mistake of the layout, and no property of the text."""

WIDTHS = (40, 100)
FILES = sorted((REPOSITORY / "models").rglob("*.sql")) + sorted(
    path for folder in ("tests", "macros") for path in (REPOSITORY / folder).rglob("*.sql")
)
PAGES = sorted(
    path
    for folder in ("docs", "compiler/xform/app/pages_of_codes", "tests")
    for path in (REPOSITORY / folder).rglob("*.md")
)
TABLES = sorted((REPOSITORY / "tests").rglob("*.py"))


def texts_in(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        yield from re.findall(r"^```sql[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    elif path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and SQL.search(value):
                yield value
    else:
        yield text


def head_of(text: str) -> int:
    return read_header(text, "a.sql")[0].end


def laid_out_or_why(text: str, start: int, width: int) -> str | Unreadable:
    try:
        return laid_out(text, "duckdb", start, width)
    except Unreadable as reason:
        return reason


def check(text: str) -> None:
    """Lay a text out at several widths; what cannot be told is refused."""
    for width in WIDTHS:
        start = head_of(text)
        made = laid_out_or_why(text, start, width)
        if isinstance(made, Unreadable):
            assert not OURS.search(str(made)), text
            return
        behind = head_of(made)
        assert laid_out(made, "duckdb", behind, width) == made
        assert made[:behind] == text[:start]
        before = marked(text[start:].replace("\r\n", "\n"), "duckdb")
        assert same(before, marked(made[behind:].replace("\r\n", "\n"), "duckdb"))


@pytest.mark.parametrize("path", [*FILES, *PAGES], ids=lambda path: path.name)
def test_files_and_pages(path: Path) -> None:
    for text in texts_in(path):
        check(text)


@pytest.mark.deep
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_tables_of_the_tests(path: Path) -> None:
    for text in texts_in(path):
        check(text)


def mixed(text: str, draw: random.Random) -> str:
    """The text with other space and more comments where there is space."""
    parts: list[str] = []
    at, previous = 0, Kind.END
    for token in marked(text, "duckdb"):
        gap = text[at : token.start]
        if gap.strip() or not gap or (previous is token.kind is Kind.TEXT):
            parts.append(gap)
        else:
            parts.append(draw.choice([" ", "  ", "\n", "\n    ", "\n\n\n", "\t\n\t"]))
            if draw.random() < 0.1:
                comment = draw.choice(["-- c\n", "\n  -- own\n", "/* b */ ", "\n/* b\n b */\n"])
                parts.append(comment)
        parts.append(token.text.upper() if token.keyword and draw.random() < 0.5 else token.text)
        at, previous = token.end, token.kind
    return "".join(parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_with_other_space_and_more_comments(path: Path) -> None:
    text = path.read_text("utf-8")
    text = text[head_of(text) :]
    try:
        marked(text, "duckdb")
    except Unreadable:
        return
    for seed in range(3):
        check(mixed(text, random.Random(f"{path.name} {seed}")))
