"""`xform ls`: the assets and tests that a selection takes."""

from __future__ import annotations

from typing import Annotated

from xform.app.compiling.collector import only_young_garbage
from xform.cli.context import Context, command
from xform.cli.options import Option, UsageMistake
from xform.cli.selection import (
    Exclude,
    Indirect,
    Select,
    SelectorName,
    request_of,
    selector_of,
)
from xform.console.listing import json_lines, name_lines, path_lines
from xform.graph.nodes import Node, TestNode


@command
def run(
    context: Context,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    indirect_selection: Indirect = "eager",
    output: Annotated[
        str,
        Option(
            "--output", metavar="FORM", help="name, path, selector or json (one object a line)."
        ),
    ] = "name",
    resource_type: Annotated[
        list[str] | None,
        Option("--resource-type", help="Only model, seed, source, exposure, test or unit_test."),
    ] = None,
    exclude_resource_type: Annotated[
        list[str] | None, Option("--exclude-resource-type", help="All but these.")
    ] = None,
) -> None:
    """List what a selection takes, one a line."""
    if output not in ("name", "path", "selector", "json"):
        raise UsageMistake("use name, path, selector or json", option="--output")
    with only_young_garbage():
        compilation = context.compile(strict=False)
        chooser = selector_of(context, compilation)
        selected = chooser.select(request_of(select, exclude, selector, indirect_selection))
    context.report(chooser.diagnostics)
    nodes: list[Node | TestNode] = [
        node for name, node in sorted(chooser.graph.nodes.items()) if name in selected.assets
    ]
    nodes += selected.tests
    wanted, unwanted = set(resource_type or ()), set(exclude_resource_type or ())
    shown = [
        node
        for node in nodes
        if (not wanted or node.resource_type in wanted) and node.resource_type not in unwanted
    ]
    if context.json:
        listed = [
            {"name": node.name, "resource_type": node.resource_type, "path": node.path}
            for node in shown
        ]
        context.print_json({"version": 1, "assets": listed})
        return
    match output:
        case "json":
            lines = list(json_lines(shown))
        case "path":
            lines = path_lines(shown)
        case "selector":
            lines = [_selector(node, chooser.graph.project) for node in shown]
        case _:
            lines = name_lines(shown)
    if lines:
        context.print_text("\n".join(lines))


def _selector(node: Node | TestNode, project: str) -> str:
    """The form that selects just this node."""
    match node:
        case TestNode(unit=True):
            return f"unit_test:{project}.{node.name}"
        case TestNode():
            return node.name
        case Node(resource_type="source"):
            return f"source:{project}.{node.name}"
        case Node(resource_type="exposure"):
            return f"exposure:{project}.{node.name.partition('.')[2]}"
    return ".".join(node.fqn)
