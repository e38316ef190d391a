"""Engine failures as diagnostics, at the place in the written file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xform.base.codes import (
    BUILD_FAILED,
    COLUMNS_DIFFER,
    CONTRACT_BROKEN,
    ENGINE_REFUSED,
    ENGINE_SETTINGS,
    ENGINE_UNUSABLE,
    HOOK_FAILED,
    LEASE_LOST,
    NAME_TAKEN,
    PUBLISH_FAILED,
    PYTHON_LOAD,
    PYTHON_RAISED,
    PYTHON_RESULT,
    STATE_DENIED,
    STATE_DRIVER,
    STATE_UNREACHABLE,
    STATE_UNUSABLE,
    TIMED_OUT,
    WAREHOUSE_BUSY,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.base.spans import LineIndex, Span, file_span
from xform.plan.contract import Breach
from xform.plan.plan import AuditStep, BuildStep, PythonBody, SeedBody, SqlBody
from xform.run.failures import (
    CodeError,
    ColumnsDiffer,
    EngineBusy,
    EngineError,
    HookFailed,
    LeaseLost,
    NameTaken,
    StateError,
)

Reader = Callable[[str], str | None]
"""The text of a project file, None where it cannot be read."""

_HELP = {
    "conversion": "a value does not fit the type it is cast to: use try_cast, or mend the data "
    "upstream",
    "constraint": "the data breaks a constraint: mend it upstream",
    "memory": "raise memory_limit in the target's settings, or lower --threads",
    "io": "see that the file or folder exists, is readable, and that the disk has space",
}


def build_diagnostic(step: BuildStep, error: EngineError, read: Reader) -> Diagnostic:
    """Why a build failed."""
    path = body_path(step)
    match error:
        case CodeError(stage="load"):
            code, text = PYTHON_LOAD, "mend the Python file, then run it again"
        case CodeError(stage="result"):
            code = PYTHON_RESULT
            text = "return a DuckDB relation, a pyarrow Table, or a polars or pandas DataFrame"
        case CodeError():
            code, text = PYTHON_RAISED, "mend the Python code, or the data it reads"
        case ColumnsDiffer():
            code = COLUMNS_DIFFER
            text = (
                "declare the columns that come out, in their order"
                if isinstance(step.body, SeedBody | PythonBody)
                else "give every output column a name of its own; if they have one, report this: "
                "the compiler and the engine must agree"
            )
        case HookFailed():
            return hook_diagnostic(step.asset, error)
        case _ if error.kind in ("syntax", "binder", "catalog"):
            code = ENGINE_REFUSED
            text = f"{_candidates(error)}correct the query; `xform compile` shows the SQL that ran"
            if isinstance(step.body, SeedBody):
                text = "correct the declared columns or the options of the seed"
        case _:
            code = BUILD_FAILED
            text = _HELP.get(error.kind, "run the model's compiled SQL by hand to look closer")
    span = error.span if isinstance(error, CodeError) and error.span else None
    if span is None:
        span = _sql_span(step.body, error, read) if isinstance(step.body, SqlBody) else None
    return diagnose(
        code,
        f"{step.asset}: {_headline(error)}",
        span or file_span(path),
        text,
        asset=step.asset,
    )


def hook_diagnostic(name: str, error: HookFailed) -> Diagnostic:
    """Why a hook failed: of an asset, or `on_start` or `on_end` of a run."""
    asset = AssetName(name) if "." in name else None
    return diagnose(
        HOOK_FAILED,
        f"{name}: a hook failed: {_headline(error)}",
        error.hook.span,
        "correct the hook; `xform runs show` has its text",
        asset=asset,
    )


def timeout_diagnostic(step: BuildStep | AuditStep) -> Diagnostic:
    """That a step took longer than it may."""
    at = body_path(step) if isinstance(step, BuildStep) else _at_audit(step)
    return diagnose(
        TIMED_OUT,
        f"{step.asset}: stopped after its timeout of {spoken(step.conduct.timeout or 0.0)}",
        at,
        "make its query cheaper, or raise 'timeout'",
        asset=step.asset,
    )


def _at_audit(step: AuditStep) -> Span | str:
    return step.audits[0].span if step.audits else "profiles.yml"


def contract_diagnostics(asset: AssetName, broken: Iterable[Breach]) -> tuple[Diagnostic, ...]:
    """How a build differs from its contract."""
    return tuple(
        diagnose(
            CONTRACT_BROKEN,
            f"{asset}: {breach.message}",
            breach.span,
            "make the model yield what is declared; a contract that is to be another one is a new "
            "version where others read it",
            asset=asset,
        )
        for breach in broken
    )


def spoken(seconds: float) -> str:
    """A duration as settings have it: `1h 30m`, `10m`, `0.5s`."""
    parts = []
    for unit, size in (("h", 3600), ("m", 60)):
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(f"{int(whole)}{unit}")
    if seconds or not parts:
        parts.append(f"{round(seconds, 3):g}s")
    return " ".join(parts)


def engine_diagnostic(error: EngineError, at: Span | str) -> Diagnostic:
    """Why the engine could not be used at all; `at` is where the target is written."""
    if isinstance(error, EngineBusy):
        return diagnose(
            WAREHOUSE_BUSY, _headline(error), at, "wait until it is done, then run this again"
        )
    if isinstance(error, LeaseLost):
        text = "nothing was done: run this again"
        return diagnose(LEASE_LOST, _headline(error), at, text)
    if error.kind == "settings":
        text = "correct the target in profiles.yml"
        return diagnose(ENGINE_SETTINGS, _headline(error), at, text)
    return diagnose(ENGINE_UNUSABLE, _headline(error), at, _HELP.get(error.kind, _CHECK_TARGET))


_CHECK_TARGET = "check the target in profiles.yml"


def publish_diagnostic(error: EngineError, paths: dict[AssetName, str]) -> Diagnostic:
    """Why nothing could be published; `paths` are the files of the run's assets."""
    if isinstance(error, NameTaken):
        return diagnose(
            NAME_TAKEN,
            f"cannot publish: {_headline(error)}",
            paths.get(error.asset, "profiles.yml"),
            "rename or drop it in the warehouse, or give the asset another name; then build again",
            asset=error.asset,
        )
    return diagnose(
        LEASE_LOST if isinstance(error, LeaseLost) else PUBLISH_FAILED,
        f"nothing was published: {_headline(error)}",
        "profiles.yml",
        "the builds are kept: build again to publish them",
    )


_STATE_CODES = {
    "unreachable": STATE_UNREACHABLE,
    "denied": STATE_DENIED,
    "driver": STATE_DRIVER,
}


def state_diagnostic(error: StateError) -> Diagnostic:
    code = _STATE_CODES.get(error.kind, STATE_UNUSABLE)
    return diagnose(code, error.message, error.at, error.help)


def body_path(step: BuildStep) -> str:
    match step.body:
        case SqlBody() | PythonBody():
            return step.body.path
        case SeedBody():
            return step.body.file


def written_offsets(body: SqlBody, start: int, end: int) -> tuple[int, int]:
    """The (start, end) offsets in the written file of a stretch of the SQL that ran.

    A place inside a name that was put in means the whole name that was written.
    """
    return body.source_map.locate(_rendered(body, start, False), _rendered(body, end, True))


def _rendered(body: SqlBody, offset: int, is_end: bool) -> int:
    shift = 0
    for begin, length, rendered, rendered_length in body.edits:
        if offset < begin or (is_end and offset == begin):
            break
        if offset < begin + length or (is_end and offset == begin + length):
            return rendered + rendered_length if is_end else rendered
        shift = (rendered + rendered_length) - (begin + length)
    return offset + shift


def _sql_span(body: SqlBody, error: EngineError, read: Reader) -> Span | None:
    text = read(body.path) if error.offset is not None else None
    if text is None or error.offset is None:
        return None
    start, end = written_offsets(body, error.offset, error.offset + max(error.length, 1))
    return LineIndex(text).span(body.path, start, end)


def _candidates(error: EngineError) -> str:
    """What the engine would have known instead, where it says."""
    for line in error.message.splitlines()[1:]:
        if line.startswith("Candidate bindings: "):
            return f"known here are {line.partition(': ')[2]}; "
    return ""


def _headline(error: EngineError) -> str:
    """The engine's first line: what follows are pictures and lists of candidates."""
    lines = error.message.strip().splitlines()
    return lines[0].rstrip() if lines else error.kind
