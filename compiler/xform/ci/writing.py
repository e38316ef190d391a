"""Pieces of Markdown: texts as they are, code, lists of names, what is folded."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def names(names: Iterable[str], most: int) -> str:
    listed = [code(name) for name in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def plain(text: str) -> str:
    """A text that Markdown shows as it is, and that calls nobody."""
    return _MENTION.sub("@\u200b", _SPECIAL.sub(r"\\\g<0>", " ".join(text.split())))


def tagged(text: str) -> str:
    """A text within a tag, which calls nobody."""
    return _MENTION.sub("@\u200b", html.escape(" ".join(text.split()), quote=False))


def block(language: str, body: str) -> str:
    """Lines of code, whatever is in them."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{ticks}{language}\n{body}\n{ticks}"


def code(text: str) -> str:
    """As code, whatever is in it."""
    flat = " ".join(text.split())
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    space = " " if len(ticks) > 1 else ""
    return f"{ticks}{space}{flat}{space}{ticks}".replace("|", "\\|")
