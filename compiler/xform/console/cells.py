"""How much room text takes in a terminal, and text that cannot harm one.

The unit is the cell: most characters take one, East Asian wide ones two, combining marks none.
"""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    r"""The text with every character that a terminal would act upon written as its escape.

    Covers control characters (`\x1b`, `\n`, `\t`), spaces other than the plain one (`\xa0`) and
    marks that reorder text (`\u202e`), so that what is seen is what is there.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return f"\\u{ord(character):04x}"
    return character.encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """Cells that the text takes."""
    if text.isascii():
        return len(text)
    return sum(map(character_width, text))


def character_width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def take(text: str, cells: int) -> tuple[str, str]:
    """Split the text: as much as fits into `cells`, and the rest."""
    if text.isascii():
        return text[:cells], text[cells:]
    room = cells
    for at, character in enumerate(text):
        room -= character_width(character)
        if room < 0:
            return text[:at], text[at:]
    return text, ""


def cut(text: str, cells: int, ellipsis: str) -> str:
    """The text, or as much of its beginning as fits with an ellipsis behind it."""
    if width(text) <= cells:
        return text
    return take(text, max(cells - width(ellipsis), 0))[0] + ellipsis


def cut_middle(text: str, cells: int, ellipsis: str) -> str:
    """The text, or its beginning and end around an ellipsis: for names, whose ends tell most."""
    if width(text) <= cells:
        return text
    room = max(cells - width(ellipsis), 0)
    head = take(text, room - room // 2)[0]
    tail = take(text[::-1], room // 2)[0][::-1]
    return head + ellipsis + tail


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """The text with spaces up to `cells`; `right` puts the text at the right end."""
    space = " " * max(cells - width(text), 0)
    return space + text if right else text + space
