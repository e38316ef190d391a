"""What a request selects."""

from __future__ import annotations

from dataclasses import dataclass

from xform.base.codes import SELECTION_VALUE, SELECTOR_MIXED
from xform.base.diagnostics import Diagnostic, diagnose, has_errors
from xform.base.names import AssetName, did_you_mean
from xform.graph.nodes import Graph, SelectionFacts, TestNode
from xform.graph.selection.evaluate import Evaluation
from xform.graph.selection.grammar import in_argument, parse
from xform.graph.selection.request import EAGER, INDIRECT, Request
from xform.graph.selection.spec import (
    SELECTOR,
    Criterion,
    Intersection,
    Selectors,
    Spec,
    Union,
    criteria,
)
from xform.graph.selection.world import Found, World


@dataclass(frozen=True, slots=True)
class Selected:
    """`tests` stand in the order of the graph. Not yet narrowed to what a command runs."""

    assets: frozenset[AssetName] = frozenset()
    tests: tuple[TestNode, ...] = ()


def select(
    graph: Graph,
    request: Request,
    facts: SelectionFacts | None = None,
    selectors: Selectors | None = None,
) -> tuple[Selected, list[Diagnostic]]:
    """What a request selects.

    The empty request selects everything, or what the default selector says where there is one.
    With any error nothing is selected; what matches nothing is a warning.
    """
    selectors = selectors or Selectors()
    include, exclude, diagnostics = _read(request, selectors)
    if request.indirect not in INDIRECT:
        diagnostics.append(_bad_indirect(request.indirect))
    if has_errors(diagnostics):
        return Selected(), diagnostics
    evaluation = Evaluation(World(graph, facts or SelectionFacts(), selectors))
    if include is None:
        found = Found(frozenset(graph.nodes), frozenset(range(len(graph.tests))))
    else:
        found = evaluation.resolve(include, request.indirect)
    if exclude is not None:
        found = evaluation.subtract(found, evaluation.resolve(exclude, EAGER))
    diagnostics += evaluation.diagnostics
    if has_errors(diagnostics):
        return Selected(), diagnostics
    tests = tuple(test for number, test in enumerate(graph.tests) if number in found.tests)
    return Selected(found.assets, tests), diagnostics


def methods_used(request: Request, selectors: Selectors | None = None) -> frozenset[str]:
    """The methods that a request asks, those of the selectors it names among them."""
    selectors = selectors or Selectors()
    include, exclude, _ = _read(request, selectors)
    waiting = [spec for spec in (include, exclude) if spec is not None]
    used: set[str] = set()
    seen: set[str] = set()
    while waiting:
        for criterion in criteria(waiting.pop()):
            used.add(criterion.method)
            name = criterion.value
            if criterion.method == SELECTOR and name in selectors.named and name not in seen:
                seen.add(name)
                waiting.append(selectors.named[name].spec)
    return frozenset(used)


def _read(
    request: Request, selectors: Selectors
) -> tuple[Spec | None, Spec | None, list[Diagnostic]]:
    """(what to include or None for everything, what to exclude or None, diagnostics)."""
    written = bool(request.select or request.exclude)
    name = request.selector or (None if written else selectors.default)
    if name is None:
        include, wrong = _arguments(request.select, "<select>")
        exclude, also_wrong = _arguments(request.exclude, "<exclude>")
        return include, exclude, wrong + also_wrong
    diagnostics: list[Diagnostic] = []
    span = in_argument("<selector>")(0, len(name))
    if written:
        diagnostics.append(
            diagnose(
                SELECTOR_MIXED,
                f"--selector {name} takes the place of --select and --exclude",
                span,
                f"leave one out, or write --select selector:{name} to combine them",
            )
        )
    criterion = Criterion(SELECTOR, name, span)
    return Intersection((criterion,), f"{SELECTOR}:{name}", span), None, diagnostics


def _arguments(texts: tuple[str, ...], path: str) -> tuple[Spec | None, list[Diagnostic]]:
    specs: list[Spec] = []
    diagnostics: list[Diagnostic] = []
    for number, text in enumerate(texts, 1):
        spec, wrong = parse(text, in_argument(path, number))
        diagnostics += wrong
        if spec is not None:
            specs.append(spec)
    return (Union(tuple(specs)) if specs else None), diagnostics


def _bad_indirect(written: str) -> Diagnostic:
    return diagnose(
        SELECTION_VALUE,
        f"'{written}' is no way to select tests indirectly",
        in_argument("<indirect-selection>")(0, len(written)),
        did_you_mean(written, INDIRECT) or f"ways are {', '.join(INDIRECT)}",
    )
