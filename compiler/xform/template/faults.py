"""How a rendering stops: exceptions that carry a diagnostic, without its place.

They never leave `render`; the place is added where they are caught.
"""

from __future__ import annotations

from collections.abc import Iterable

from xform.base.codes import TEMPLATE_TOO_LARGE, Code
from xform.base.diagnostics import Label


class TemplateFault(Exception):  # noqa: N818 - a finding on its way, not a bug
    """A finding of a known code. `labels` are places that are known already."""

    def __init__(self, code: Code, message: str, help: str, labels: Iterable[Label] = ()) -> None:  # noqa: A002 - as in diagnostics
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.labels = tuple(labels)


class TooMuchError(TemplateFault):
    """A bound of `limits` has been reached."""

    def __init__(self, message: str, help: str) -> None:  # noqa: A002
        super().__init__(TEMPLATE_TOO_LARGE, message, help)


class TooDeepError(Exception):
    """Calls are nested deeper than any template needs."""
