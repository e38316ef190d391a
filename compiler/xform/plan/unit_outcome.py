"""What came of the unit tests that a change may touch, as pure data."""

from __future__ import annotations

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.plan.cells import Difference


class FailingTest(msgspec.Struct, frozen=True):
    """A unit test that does not pass with the change. `status` is fail or error; `added`: without
    the change there is no such test. `said` says what is wrong, `difference` cell by cell."""

    name: str
    model: AssetName
    span: Span
    status: str
    added: bool
    said: str
    difference: Difference | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class UnitOutcome(msgspec.Struct, frozen=True):
    """`passed` are as many as pass with the change; `failing` do not and did, or are new;
    `before` name those that fail on both sides; `left` are as many as were not run, and `why`
    says why not."""

    passed: int = 0
    failing: tuple[FailingTest, ...] = ()
    before: tuple[str, ...] = ()
    left: int = 0
    why: str = ""
