"""A file that takes part in a rendering, read and ready to be carried out."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Template

from xform.template.macros import MacroFile
from xform.template.parse import Parsed
from xform.template.plain import PlainTemplate
from xform.template.source import TemplateSource


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """The model (`file` is None), or a file of macros."""

    path: str
    parsed: Parsed | PlainTemplate
    template: Template | PlainTemplate
    file: MacroFile | None = None

    @property
    def source(self) -> TemplateSource:
        return self.parsed.source
