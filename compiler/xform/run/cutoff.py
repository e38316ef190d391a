"""Early cut-off on data: a step whose inputs hold just what they held is not run again.

New data upstream make a step stale; whether they came through to it is only known when its inputs
have been built. With a build goes what it was made of: its own text, and which builds it read.
Where the text is as it was, and the inputs now hold what those did, the earlier build stands for
what the step would make. Builds never change, so their checksums are taken when they are asked
for: a build of everything for the first time takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.plan.audits import Audit
from xform.plan.freshness import Token
from xform.plan.names import sql_name
from xform.plan.plan import (
    Body,
    BuildStep,
    Hooks,
    HookSql,
    PublishStep,
    PythonBody,
    SeedBody,
    SqlBody,
)
from xform.project.checksum import OFF, Checksum, coarser
from xform.run.records import BuildRecord, Origin, Sums

SumsOf: TypeAlias = Callable[[str, Checksum], Sums | None]
"""Checksums of a table by a method; None where none is to be had."""

Compared: TypeAlias = dict[AssetName, Checksum]
"""The tables that were compared by less than all that they hold, and how."""


@dataclass(frozen=True, slots=True)
class Found:
    """A build that stands for what a step would make."""

    record: BuildRecord
    compared: Compared


def origin_of(
    step: BuildStep, records: Mapping[str, BuildRecord], files: Mapping[str, str | None]
) -> Origin | None:
    """Of a step that is about to run; None where it cannot be told, or would not last. `files` are
    digests of the files that it reads itself."""
    if isinstance(step.body, SeedBody) or step.slicing is not None or step.merging is not None:
        return None
    if not {"storage", "code"} & {part.name for part in step.components}:
        return None
    if step.hooks.before or step.hooks.after:
        return None  # they may do anything
    if any(leaf.startswith("clock:") for leaf in step.leaves):
        return None
    tokens: dict[AssetName, Token] = {}
    for asset, physical in step.inputs.items():
        if physical in records:
            tokens[asset] = Token(physical, _marks(physical, records))
            continue
        version = files.get(asset) or step.pins.get(asset)
        if not version:
            return None
        tokens[asset] = Token("", (version,))
    return Origin(_own(step), tokens, step.ordered)


def _marks(physical: str, records: Mapping[str, BuildRecord]) -> tuple[str, ...]:
    """The states of tables that are carried on, as far as views look at them."""
    found: set[str] = set()
    pending = [physical]
    while pending:
        record = records.get(pending.pop())
        if record is None:
            continue
        if record.relation == "view":
            pending += record.inputs.values()
        elif record.mark:
            found.add(record.mark)
    return tuple(sorted(found))


def standing(
    step: BuildStep,
    origin: Origin | None,
    earlier: Iterable[BuildRecord],
    records: Mapping[str, BuildRecord],
    sums: SumsOf,
) -> Found | None:
    """The newest earlier build that holds what the step would make."""
    if origin is None or step.relation != "table" or step.anew:
        return None
    for record in sorted(earlier, key=lambda record: record.built_at, reverse=True):
        made = record.made_of
        if made is None or record.relation != "table" or made.own != origin.own:
            continue
        ways: list[tuple[Mapping[AssetName, Token], Compared]] = [(made.inputs, {})]
        ways += [(other.tokens, other.compared) for other in reversed(record.also)]
        for tokens, before in ways:
            compared = _alike(tokens, origin, records, sums)
            if compared is not None:
                return Found(record, _together(before, compared))
    return None


def said_of(compared: Compared) -> str:
    """In words; empty where everything was compared."""
    return "; ".join(f"{name} is the same {how.words}" for name, how in sorted(compared.items()))


def _together(one: Compared, other: Compared) -> Compared:
    found = {name: coarser(how, one.get(name, how)) for name, how in other.items()}
    return {**one, **found}


def _alike(
    was: Mapping[AssetName, Token],
    origin: Origin,
    records: Mapping[str, BuildRecord],
    sums: SumsOf,
) -> Compared | None:
    """None unless inputs hold what they held, as far as they were compared."""
    now = origin.inputs
    if was.keys() != now.keys():
        return None
    if any(was[name].marks != now[name].marks for name in now):
        return None
    compared: Compared = {}
    pairs = [(was[name].physical, now[name].physical, origin.ordered) for name in now]
    while pairs:
        old, new, ordered = pairs.pop()
        if old == new:
            continue
        one, other = records.get(old), records.get(new)
        if one is None or other is None or one.relation != other.relation:
            return None
        if one.relation == "view":
            if one.made_of is None or other.made_of is None or one.made_of.own != other.made_of.own:
                return None
            in_order = ordered or other.made_of.ordered
            pairs += [(one.inputs.get(name, ""), to, in_order)
                      for name, to in other.inputs.items() if to in records]  # fmt: skip
            continue
        how = _compare(one, other, ordered, sums)
        if how is None:
            return None
        if not how.exact:
            compared[other.asset] = how
    return compared


def _compare(one: BuildRecord, other: BuildRecord, ordered: bool, sums: SumsOf) -> Checksum | None:
    """The method by which two tables hold the same; None where they do not, or where that is not
    known: what was built to be compared in another way, or not at all, is not compared."""
    how = one.method
    if one.mark or other.mark or how == OFF or how != other.method:
        return None
    was, now = sums(one.physical, how), sums(other.physical, how)
    if was is None or now is None or was.how != now.how:
        return None
    same = was.in_order == now.in_order if ordered else was.content == now.content
    return now.how if same else None


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
        if step.merging is not None and step.merging.carried is not None:
            carried = _rewritten(step.merging.carried, used)
            merging = msgspec.structs.replace(step.merging, carried=carried)
            step = msgspec.structs.replace(step, merging=merging)
        if step.slicing is not None:
            sources = tuple(
                msgspec.structs.replace(source, relation=_replaced(source.relation, used))
                for source in step.slicing.inputs
            )
            slicing = msgspec.structs.replace(step.slicing, inputs=sources)
            step = msgspec.structs.replace(step, slicing=slicing)
    hooks = Hooks(_hooks_over(step.hooks.before, kept), _hooks_over(step.hooks.after, kept))
    return msgspec.structs.replace(step, audits=audits_over(step.audits, kept), hooks=hooks)


def _hooks_over(hooks: tuple[HookSql, ...], kept: Mapping[str, str]) -> tuple[HookSql, ...]:
    return tuple(msgspec.structs.replace(hook, sql=_replaced(hook.sql, kept)) for hook in hooks)


def audits_over(audits: tuple[Audit, ...], kept: Mapping[str, str]) -> tuple[Audit, ...]:
    """Tests that look at other builds."""

    def over(audit: Audit) -> Audit:
        return msgspec.structs.replace(
            audit,
            sql=_replaced(audit.sql, kept),
            relation=_replaced(audit.relation, kept),
            values=tuple(_replaced(value, kept) for value in audit.values),
            reads=tuple(_replaced(read, kept) for read in audit.reads),
            bad=_replaced(audit.bad, kept),
        )

    return tuple(map(over, audits)) if kept else audits


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
    moved: dict[int, int] = {}
    at = size = 0
    for start, length, begin, extent in body.edits:
        text = _replaced(body.sql[start : start + length], used)
        pieces += [body.sql[at:start], text]
        size += start - at
        moved[start] = size
        edits.append((size, len(text), begin, extent))
        size += len(text)
        at = start + length
    pieces.append(body.sql[at:])
    bounds = tuple(
        (moved[start], moved[start] + end - start, which) for start, end, which in body.bounds
    )
    return msgspec.structs.replace(body, sql="".join(pieces), edits=tuple(edits), bounds=bounds)


def _replaced(text: str, used: Mapping[str, str]) -> str:
    for old, new in used.items():
        text = text.replace(sql_name(old), sql_name(new))
    return text
