"""Builds held against the contracts of their models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xform.plan.contract import Breach, Contract
from xform.plan.plan import AuditStep, BuildStep
from xform.run.failures import ColumnsDiffer, EngineError
from xform.run.records import BuildRecord
from xform.sema.types.type import is_known, read


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


def breaches(contract: Contract, found: Sequence[tuple[str, str | None]]) -> Iterator[Breach]:
    """How the columns of a build (name, type as the engine writes it, None where that is not known)
    differ from those declared. Neither order nor case counts."""
    built = {name.lower(): (name, type_) for name, type_ in found}
    for promise in contract.columns:
        name, type_ = built.pop(promise.name.lower(), (None, None))
        if name is None:
            yield Breach(f"the build has no column '{promise.name}'", promise.span)
        elif type_ is not None and not _same(promise.type, type_):
            wanted = read(promise.type)
            shown = wanted.text if is_known(wanted) else promise.type
            message = f"column '{name}' came out as {type_.lower()}, and is {shown} in the contract"
            yield Breach(message, promise.span)
    for name, _ in built.values():
        if name not in contract.added:
            message = f"the build has a column '{name}', which the contract does not declare"
            yield Breach(message, contract.span)


def _same(declared: str, built: str) -> bool:
    ours, theirs = read(declared), read(built)
    if is_known(ours) and is_known(theirs):
        return ours is theirs
    return _squeezed(declared) == _squeezed(built)


def _squeezed(text: str) -> str:
    return "".join(text.lower().split())
