"""The last plan, where it still stands.

A plan is a function of the compilation, the record, the warehouse and the day. One that has
nothing to do is kept beside the listing of files, with what it was made from. Where files and
circumstances are as they were, and the record, the warehouse and the day too, it is the plan:
neither the project nor the record is looked through.

It answers for the whole project only. The planner answers for everything else: a selection, a full
refresh, a plan that has something to do, sources in the warehouse (their data are looked at each
time), a warehouse or a record that has been touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from xform.app.remembering.circumstances import Circumstances, evaluated
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName

if TYPE_CHECKING:
    from xform.plan.plan import Plan


class Basis(msgspec.Struct, frozen=True):
    """What a plan was made from besides files and circumstances: the revision of the record, the
    identity of the warehouse that it speaks of, and the day, empty where nothing asks for it."""

    environment: str
    revision: str
    warehouse: str
    day: str
    until: str = ""
    """Where tables grow by time: when the first interval more is over."""

    def is_now(
        self,
        root: Path,
        circumstances: Circumstances,
        environ: Mapping[str, str],
        revision: Callable[[], str | None],
    ) -> bool:
        """`revision` asks for that of the record, wherever it is kept: others write it too."""
        from xform.engines.duckdb.identity import file_of, identity

        path = evaluated(circumstances.path, environ)
        if path is None or identity(file_of(path, root)) != self.warehouse:
            return False
        if self.day or self.until:
            from xform.host.clock import now

            at = now()
            if (self.day and at[:10] != self.day) or (self.until and at >= self.until):
                return False
        return revision() == self.revision


class StandingPlan(msgspec.Struct, frozen=True):
    """A plan with nothing to do, by what stays unchanged and what that rests on (`Plan.compared`,
    encoded), and what is to be said of the project besides."""

    basis: Basis
    unchanged: tuple[AssetName, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    compared: bytes = b""

    @property
    def plan(self) -> Plan:
        from xform.plan.plan import Compared, Plan

        compared = (
            msgspec.msgpack.decode(self.compared, type=tuple[Compared, ...])
            if self.compared
            else ()
        )
        return Plan(self.basis.environment, (), self.unchanged, compared=compared)


class LastPlan(NamedTuple):
    """A plan with nothing to do, and the assets that may be others since it was made."""

    plan: StandingPlan
    touched: frozenset[AssetName]


def stored_plan(
    basis: Basis, plan: Plan, diagnostics: tuple[Diagnostic, ...]
) -> msgspec.Raw | None:
    """What is kept of a plan; None where it is not worth it."""
    if plan.actions or plan.steps or not basis.revision or not basis.warehouse:
        return None
    compared = msgspec.msgpack.encode(plan.compared) if plan.compared else b""
    standing = StandingPlan(basis, plan.unchanged, diagnostics, compared)
    return msgspec.Raw(msgspec.msgpack.encode(standing))


def read_plan(stored: msgspec.Raw) -> StandingPlan | None:
    return msgspec.msgpack.decode(stored, type=StandingPlan | None)
