"""Selection: which assets and tests a command means (`--select`, `--exclude`, `--selector`)."""

from xform.graph.selection.grammar import parse
from xform.graph.selection.request import Request, Selected, methods_used, select
from xform.graph.selection.spec import Selector, Selectors, Spec

__all__ = [
    "Request",
    "Selected",
    "Selector",
    "Selectors",
    "Spec",
    "methods_used",
    "parse",
    "select",
]
