"""The pages of diagnostic codes (`xform explain CODE`)."""

from __future__ import annotations

from importlib.resources import files

from xform.base.codes import Code


def page_of(code: Code) -> str:
    """The Markdown page of a code."""
    text = files("xform.app").joinpath("pages_of_codes", f"{code.id}.md").read_text("utf-8")
    return f"# {code.id}: {code.title} ({code.level})\n\n{text}"
