"""The data tests of an asset, ready to run."""

from __future__ import annotations

from collections.abc import Mapping

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.checks.claims import Claim, Context, Quote, Resolve, claim
from xform.checks.declared import shape_of, tests_of
from xform.checks.written import NONE_WRITTEN, Written, WrittenTest
from xform.plan.audits import ROWS, Audit
from xform.project.assets import Asset, TestKind, TestSpec

PII = "pii"
"""The tag of columns whose values are never kept."""


def audits_of(
    asset: Asset,
    physical: Mapping[AssetName, str],
    resolve: Resolve,
    quote: Quote,
    written: Written = NONE_WRITTEN,
) -> tuple[tuple[Audit, ...], list[Diagnostic]]:
    """The tests of an asset, ready to run.

    `physical` gives the relation of each stored asset as SQL text, to be spliced in as it is;
    `resolve` the asset that a written name means; `quote` makes an identifier. A test that cannot
    be put as a query is left out, with a diagnostic.
    """
    queries = {test.name: test for test in written.queries}
    context = Context(asset, physical, resolve, quote, queries)
    audits: list[Audit] = []
    diagnostics: list[Diagnostic] = []
    for name, spec in (*tests_of(asset), *written.files):
        if spec.kind in (TestKind.CUSTOM, TestKind.FILE) and name not in queries:
            continue  # it could not be read, which is said where it was
        found = claim(spec, name, context)
        if isinstance(found, Diagnostic):
            diagnostics.append(found)
        else:
            audits.append(_audit(name, spec, found, context, steady=name not in written.clocked))
    return tuple(audits), diagnostics


def _audit(name: str, spec: TestSpec, found: Claim, context: Context, *, steady: bool) -> Audit:
    relation = context.physical[context.asset.name]
    where = f"where {spec.where.strip()}, " if spec.where else ""
    test = context.written.get(name)
    return Audit(
        name=name,
        asset=context.asset.name,
        sql=found.sql,
        blocking=spec.severity == "error" and spec.blocking,
        span=spec.span,
        columns=spec.columns,
        description=where + found.description,
        failure=where + found.failure,
        severity=spec.severity,
        error_if=spec.error_if,
        warn_if=spec.warn_if,
        rule=found.rule,
        relation=relation if found.numbers else "",
        values=found.values,
        numbers=found.numbers,
        by_row=found.by_row,
        key=_key(spec, test),
        reads=found.reads,
        lasting=found.lasting and steady,
        bad=found.bad or _bad_rows(relation, found.wrong, spec),
        keep=spec.limit,
        keeps=spec.keep,
        hidden=hidden_in(context.asset) if test is None else test.hidden,
    )


def _key(spec: TestSpec, written: WrittenTest | None) -> Digest:
    """Of what a test measures, whatever it is called and how strictly it is judged."""
    query = (written.sql, *written.reads) if written is not None else ()
    return Digest(digest_parts((*shape_of(spec), *query))[:16])


def _bad_rows(relation: str, wrong: str, spec: TestSpec) -> str:
    if not wrong:
        return ""
    if spec.where:
        wrong = f"case when (\n{spec.where}\n) then {wrong} else false end"
    return f"select * from {relation} as {ROWS} where {wrong}"


def hidden_in(asset: Asset) -> tuple[str, ...]:
    """The columns of an asset whose values are never kept, in lower case."""
    return tuple(
        column.name.lower()
        for column in asset.columns
        if PII in (tag.lower() for tag in column.tags)
    )
