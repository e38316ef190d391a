"""Texts that nobody would write on purpose: valid ones, cut, joined, doubled and spoiled."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

ODD = (
    "\x00", "\x01", "\x02", "\x03", "\ufeff", "\r\n", "\r", "\n", "\t", "\x0b", "\x0c", "\x1a",
    "\x85", "\u2028", "\u00a0", "\u200b", "\u202e", "\ufffd", "é", "e\u0301", "ß", "İ", "ſ", "中",
    "😀", "\U0010ffff", "\x7f", "'", '"', "`", "''", "\\", "\\'", "$$", "$a$", "(", ")", "[", "]",
    "{", "}", "/*", "*/", "--", "#", ";", ":", "::", ",", ".", "..", "%", "@", "?", "$1", "&", "*",
    "!", "~", "|", "||", "<", ">", "=", "=>", "->", "->>", "9" * 400, "1e999", "0x", "1_0", "-0",
    "(" * 40, ")" * 40, "[" * 40, "((((select ", "case when " * 20, "not " * 60,
)  # fmt: skip
"""Pieces that upset readers of any language."""


@st.composite
def spoiled(draw: st.DrawFn, valid: Sequence[str], words: Sequence[str]) -> str:
    """A valid text with up to six edits, or a soup of words."""
    pieces = st.sampled_from((*words, *ODD))
    if draw(st.integers(0, 4)) == 0:
        gap = draw(st.sampled_from((" ", "", "\n")))
        return gap.join(draw(st.lists(pieces, max_size=40)))
    text = draw(st.sampled_from(valid))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 20)))
        match draw(st.integers(0, 7)):
            case 0:
                text = text[:start]
            case 1:
                text = text[:start] + text[end:]
            case 2:
                text = text[:end] + text[start:]
            case 3:
                text = text[:start] + draw(pieces) + text[end:]
            case 4:
                text = text[:start] + draw(pieces) + text[start:]
            case 5:
                text = text[:start] + draw(st.sampled_from(valid)) + text[end:]
            case 6:
                text = text[:start] + draw(st.text(max_size=8)) + text[end:]
            case _:
                text = text[:start] + text[start:end] * draw(st.integers(2, 30)) + text[end:]
    return text
