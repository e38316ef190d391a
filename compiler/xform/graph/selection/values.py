"""Whether a criterion can be asked at all: closed sets of values, and facts that must be given."""

from __future__ import annotations

from xform.base.codes import SELECTION_FACTS, SELECTION_VALUE, SELECTOR_UNKNOWN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean
from xform.graph.nodes import SelectionFacts
from xform.graph.selection.spec import SELECTOR, Criterion, Selectors

_CLOSED: dict[str, tuple[str, ...]] = {
    "access": ("public", "protected", "private"),
    "resource_type": (
        "model",
        "seed",
        "source",
        "exposure",
        "test",
        "unit_test",
        "snapshot",
        "analysis",
        "metric",
        "semantic_model",
        "saved_query",
        "function",
    ),
    "result": (
        "success",
        "error",
        "fail",
        "warn",
        "skipped",
        "pass",
        "cancelled",
        "partial success",
        "no-op",
        "runtime error",
    ),
    "source_status": ("fresher",),
    "state": (
        "new",
        "old",
        "modified",
        "unmodified",
        "modified.body",
        "modified.configs",
        "modified.relation",
        "modified.persisted_descriptions",
        "modified.macros",
        "modified.contract",
    ),
    "test_type": ("generic", "schema", "data", "singular", "unit"),
    "version": ("latest", "prerelease", "old", "none"),
}

_NEEDS: dict[str, tuple[str, str]] = {
    "column": (
        "'column:' with '+' or '@' needs column lineage, which was not worked out",
        "use it with a command that compiles the project, for example `xform ls`",
    ),
    "result": ("'result:' needs the last run, and there is none", "run `xform build` first"),
    "source_status": (
        "'source_status:' needs the sources as they were before",
        "add --state DIR, the folder with the earlier manifest",
    ),
    "stale": (
        "'stale:' needs to know what is built, which was not looked up",
        "use it with plan, build, test or ls, and without --offline",
    ),
    "state": (
        "'state:' needs an earlier manifest to compare with",
        "add --state DIR, the folder with the earlier manifest",
    ),
}


def check_value(
    criterion: Criterion, facts: SelectionFacts, selectors: Selectors
) -> Diagnostic | None:
    """What keeps the criterion from being asked, if anything."""
    method, value = criterion.method, criterion.value
    if method == SELECTOR and value not in selectors.named:
        return unknown_selector(value, criterion, selectors)
    closed = _CLOSED.get(method)
    if closed is not None and value not in closed:
        return diagnose(
            SELECTION_VALUE,
            f"'{method}' has no value '{value}'",
            criterion.span,
            did_you_mean(value, closed) or f"values are {', '.join(closed)}",
        )
    if method in _NEEDS and not _given(criterion, facts):
        message, help_text = _NEEDS[method]
        return diagnose(SELECTION_FACTS, message, criterion.span, help_text)
    return None


def unknown_selector(name: str, criterion: Criterion, selectors: Selectors) -> Diagnostic:
    known = sorted(selectors.named)
    help_text = did_you_mean(name, known) or (
        f"selectors are {', '.join(known)}" if known else "define it in selectors.yml"
    )
    return diagnose(SELECTOR_UNKNOWN, f"unknown selector '{name}'", criterion.span, help_text)


def _given(criterion: Criterion, facts: SelectionFacts) -> bool:
    if criterion.method in facts.given:
        return True
    match criterion.method:
        case "column":
            reach = criterion.reach
            walks = reach.parents or reach.children or reach.childrens_parents
            return bool(facts.column_readers) or not walks
        case "result":
            return bool(facts.results)
        case "source_status":
            return bool(facts.source_status)
        case "stale":
            return bool(facts.stale)
        case _:
            return bool(facts.changed)
