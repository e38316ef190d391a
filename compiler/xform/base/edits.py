"""Edits of a text: stretches of it with something else in their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """`start` and `end` are offsets in the text, the second exclusive."""

    start: int
    end: int
    text: str = ""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with these edits; of two that overlap, with the one that ends later."""
    last = len(text) + 1
    for edit in sorted(set(edits), key=lambda edit: (edit.end, edit.start), reverse=True):
        if edit.end <= last:
            text = text[: edit.start] + edit.text + text[edit.end :]
            last = edit.start
    return text
