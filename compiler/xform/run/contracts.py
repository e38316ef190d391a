"""Contracts held against what was built."""

from __future__ import annotations

from xform.plan.contract import Breach, breaches
from xform.plan.plan import AuditStep, BuildStep
from xform.run.failures import ColumnsDiffer, EngineError
from xform.run.records import BuildRecord


class ContractBrokenError(EngineError):
    """A build has other columns or types than its contract declares: it is taken back."""

    def __init__(self, found: tuple[Breach, ...]) -> None:
        super().__init__("the contract is not kept", kind="contract")
        self.breaches = found


def keep_contract(step: BuildStep | AuditStep, record: BuildRecord) -> None:
    """Raises ContractBrokenError where a build does not keep the contract of its model."""
    if step.contract is not None and (found := tuple(breaches(step.contract, record.columns))):
        raise ContractBrokenError(found)


def broken_contract(step: BuildStep | AuditStep, error: EngineError) -> tuple[Breach, ...]:
    """How a contract was broken, where that is what went wrong."""
    if isinstance(error, ContractBrokenError):
        return error.breaches
    if isinstance(error, ColumnsDiffer) and step.contract is not None:
        return tuple(breaches(step.contract, [(name, None) for name in error.found]))
    return ()
