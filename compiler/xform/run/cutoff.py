"""Early cut-off on data: a step whose inputs hold just what they held is not run again.

New data upstream make a step stale; whether they came through to it is only known when its inputs
have been built. What a build was made of is kept with it: its own text, and a token of the content
of each input. Where both are as they were, the earlier build stands for what the step would make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.plan.names import sql_name
from xform.plan.plan import (
    Audit,
    Body,
    BuildStep,
    Hooks,
    HookSql,
    PublishStep,
    PythonBody,
    SeedBody,
    SqlBody,
)
from xform.run.ports import BuildRecord, Origin


def origin_of(
    step: BuildStep, records: Mapping[str, BuildRecord], files: Mapping[str, str | None]
) -> Origin | None:
    """Of a step that is about to run; None where it cannot be told, or would not last. `files` are
    digests of the files that it reads itself."""
    if isinstance(step.body, SeedBody) or step.slicing is not None:
        return None
    if not {"storage", "code"} & {part.name for part in step.components}:
        return None
    if step.hooks.before or step.hooks.after:
        return None  # they may do anything
    if any(leaf.startswith("clock:") for leaf in step.leaves):
        return None
    tokens: dict[AssetName, str] = {}
    for asset, physical in step.inputs.items():
        token = (
            content_of(physical, records, step.ordered) or files.get(asset) or step.pins.get(asset)
        )
        if not token:
            return None
        tokens[asset] = token
    return Origin(_own(step), tokens, step.ordered)


def content_of(physical: str, records: Mapping[str, BuildRecord], ordered: bool) -> str:
    """A token of what a build shows: of a table its checksum, of a view its text over what it
    reads. Empty where it cannot be told. `ordered`: the order of its rows counts."""
    parts: list[str] = []
    pending = [(physical, ordered)]
    while pending:
        name, in_order = pending.pop()
        record = records.get(name)
        if record is None:
            return ""
        if record.relation == "table":
            token = record.arranged if in_order else record.checksum
            if not token:
                return ""
            parts.append(token)
            continue
        if record.origin is None:
            return ""
        parts.append(record.origin.own)
        known = [read for _, read in sorted(record.inputs.items()) if read in records]
        parts += [token for name, token in sorted(record.origin.inputs.items())
                  if record.inputs.get(name) not in records]  # fmt: skip
        pending += [(read, in_order or record.origin.ordered) for read in known]
    return parts[0] if len(parts) == 1 else digest_parts(parts)


def standing(
    step: BuildStep, origin: Origin | None, earlier: Iterable[BuildRecord]
) -> BuildRecord | None:
    """The newest earlier build that holds what the step would make."""
    if origin is None or step.relation != "table" or step.anew:
        return None
    fitting = [
        record
        for record in earlier
        if record.origin == origin and record.relation == "table" and record.asset == step.asset
    ]
    return max(fitting, key=lambda record: record.built_at, default=None)


def _own(step: BuildStep) -> Digest:
    """The text with its inputs under the names of their assets, and what else shapes the build."""
    body = step.body
    parts = [step.relation, *step.columns]
    parts += [part.digest for part in step.components if part.name in ("storage", "code")]
    if isinstance(body, SqlBody):
        text = body.sql
        for asset, physical in step.inputs.items():
            text = text.replace(sql_name(physical), f"\x00{asset}\x00")
        parts.append(text.strip())  # a header becomes blanks
    elif isinstance(body, PythonBody):
        for parameter, (relation, annotation) in sorted(body.inputs.items()):
            for asset, physical in step.inputs.items():
                relation = relation.replace(physical, f"\x00{asset}\x00")
            parts += [parameter, relation, annotation or ""]
    return digest_parts(parts)


# Names ---------------------------------------------------------------------------------------


def with_names(
    step: BuildStep, kept: Mapping[str, str], records: Mapping[str, BuildRecord]
) -> BuildStep:
    """The step over other builds: `kept` gives those that stand in the place of planned ones."""
    used = {old: new for old, new in kept.items() if old in step.inputs.values()}
    if used:
        found = {new: records[new].also[-1].versions for new in used.values()}
        step = msgspec.structs.replace(step, stands={**step.stands, **found})
        inputs = {name: used.get(physical, physical) for name, physical in step.inputs.items()}
        step = msgspec.structs.replace(step, body=_renamed(step.body, used), inputs=inputs)
    hooks = Hooks(_hooks_over(step.hooks.before, kept), _hooks_over(step.hooks.after, kept))
    return msgspec.structs.replace(step, audits=audits_over(step.audits, kept), hooks=hooks)


def _hooks_over(hooks: tuple[HookSql, ...], kept: Mapping[str, str]) -> tuple[HookSql, ...]:
    return tuple(msgspec.structs.replace(hook, sql=_replaced(hook.sql, kept)) for hook in hooks)


def audits_over(audits: tuple[Audit, ...], kept: Mapping[str, str]) -> tuple[Audit, ...]:
    """Tests that look at other builds."""
    return tuple(msgspec.structs.replace(audit, sql=_replaced(audit.sql, kept)) for audit in audits)


def published_as(step: PublishStep, kept: Mapping[str, str]) -> PublishStep:
    return msgspec.structs.replace(step, physical=kept.get(step.physical, step.physical))


def _renamed(body: Body, used: Mapping[str, str]) -> Body:
    match body:
        case SqlBody():
            return _rewritten(body, used)
        case PythonBody():
            inputs = {
                parameter: (used.get(relation) or _replaced(relation, used), annotation)
                for parameter, (relation, annotation) in body.inputs.items()
            }
            return msgspec.structs.replace(body, inputs=inputs)
        case _:
            return body


def _rewritten(body: SqlBody, used: Mapping[str, str]) -> SqlBody:
    """Other names in a text, all places in it kept: names stand within its edits only."""
    pieces: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    at = size = 0
    for start, length, begin, extent in body.edits:
        text = _replaced(body.sql[start : start + length], used)
        pieces += [body.sql[at:start], text]
        size += start - at
        edits.append((size, len(text), begin, extent))
        size += len(text)
        at = start + length
    pieces.append(body.sql[at:])
    return msgspec.structs.replace(body, sql="".join(pieces), edits=tuple(edits))


def _replaced(text: str, used: Mapping[str, str]) -> str:
    for old, new in used.items():
        text = text.replace(sql_name(old), sql_name(new))
    return text
