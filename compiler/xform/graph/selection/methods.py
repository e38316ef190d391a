"""The methods of selection: which assets and tests one criterion names, without its operators.

Values that are globs take `*`, `?` and `[…]`, and letters of either case as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from xform.base.names import schema_of, table_of
from xform.graph.nodes import Node, TestNode
from xform.graph.selection.columns import WILD
from xform.graph.selection.paths import covers, path_parts
from xform.graph.selection.spec import Criterion
from xform.graph.selection.world import Found, World
from xform.project.assets import TestKind

NodeTest: TypeAlias = Callable[[Node], bool]
DataTest: TypeAlias = Callable[[TestNode], bool]


def match(criterion: Criterion, world: World) -> Found:
    """What a criterion of any method but `selector` names."""
    return _METHODS[criterion.method](criterion, world)


def vocabulary(method: str, world: World) -> set[str]:
    """Values of a method that match something, to find what a misspelt one was meant to be."""
    nodes = world.graph.nodes.values()
    match method:
        case "tag":
            return {tag for node in nodes for tag in node.tags}
        case "owner" | "group" | "domain" | "engine":
            return {str(value) for node in nodes if (value := getattr(node, method)) is not None}
        case "path":
            return {node.path for node in nodes}
        case "file":
            return {node.path.rpartition("/")[2] for node in nodes}
        case "source" | "exposure":
            names = [node.name for node in nodes if node.resource_type == method]
            return {*names, *map(schema_of if method == "source" else table_of, names)}
        case "test_name":
            return {test.test_name for test in world.graph.tests}
        case "unit_test":
            return {test.name for test in world.graph.tests if test.unit}
        case "column":
            return set(world.columns.names())
        case "fqn" | "stale":
            tests = [test.name for test in world.graph.tests]
            return {*world.graph.nodes, *map(table_of, world.graph.nodes), *tests}
        case _:
            return set()


def _pick(world: World, node: NodeTest | None = None, test: DataTest | None = None) -> Found:
    nodes = world.graph.nodes.values()
    tests = enumerate(world.graph.tests)
    return Found(
        frozenset(each.name for each in nodes if node is not None and node(each)),
        frozenset(number for number, each in tests if test is not None and test(each)),
    )


def _glob(pattern: str, *texts: str | None) -> bool:
    return any(text is not None and fnmatchcase(text, pattern) for text in texts)


def _fqn(criterion: Criterion, world: World) -> Found:
    """The name of an asset, whole or without its schema; a prefix of its dotted path (with or
    without the project); from the first part with a wildcard on, a glob over the rest. Sources
    and exposures have methods of their own, and are meant here only by their exact name. A test
    is meant by its own name."""
    value = criterion.value
    return _pick(
        world,
        lambda node: is_named(node, value),
        lambda test: test.name == value or _glob(value, test.name),
    )


def is_named(node: Node, value: str) -> bool:
    if value == node.name:
        return True
    if node.resource_type in ("source", "exposure"):
        return False
    leaf = table_of(node.name)
    if value == leaf or ("." not in value and WILD & set(value) and fnmatchcase(leaf, value)):
        return True
    parts = value.split(".")
    path = [part for segment in node.fqn for part in segment.split(".")]
    return any(_leads(parts, form) for form in (node.name.split("."), path, path[1:]))


def _leads(parts: list[str], path: list[str]) -> bool:
    """Whether the parts are a prefix of the path, or a glob over all of it."""
    if len(parts) > len(path):
        return False
    for at, part in enumerate(parts):
        if WILD & set(part):
            return fnmatchcase(".".join(path[at:]), ".".join(parts[at:]))
        if part != path[at]:
            return False
    return True


def _tag(criterion: Criterion, world: World) -> Found:
    def tagged(thing: Node | TestNode) -> bool:
        return _glob(criterion.value, *thing.tags)

    return _pick(world, tagged, tagged)


def _path(criterion: Criterion, world: World) -> Found:
    """A file, a folder above it, or the yml file that describes the asset; `**` as in globs."""
    pattern = path_parts(criterion.value)

    def any_covered(paths: Iterable[str]) -> bool:
        return any(path and covers(pattern, path_parts(path)) for path in paths)

    return _pick(
        world,
        lambda node: any_covered((node.path, *node.declared_in)),
        lambda test: any_covered((test.path,)),
    )


def _file(criterion: Criterion, world: World) -> Found:
    """The name of the file, with or without its ending."""

    def in_file(thing: Node | TestNode) -> bool:
        name = thing.path.rpartition("/")[2]
        return bool(name) and _glob(criterion.value, name, name.rpartition(".")[0] or name)

    return _pick(world, in_file, in_file)


def _package(criterion: Criterion, world: World) -> Found:
    wanted = world.graph.project if criterion.value == "this" else criterion.value
    return _pick(
        world,
        lambda node: _glob(wanted, world.package_of(node.name)),
        lambda test: _glob(wanted, world.package_of(test.asset)),
    )


def _source(criterion: Criterion, world: World) -> Found:
    """`schema`, `schema.table` or `project.schema.table`, each part a glob."""
    parts = criterion.value.split(".")

    def meant(node: Node) -> bool:
        path = (world.package_of(node.name), schema_of(node.name), table_of(node.name))
        at = slice(0, 3) if len(parts) == 3 else slice(1, 1 + len(parts))
        return (
            node.resource_type == "source"
            and len(parts) <= 3
            and all(_glob(part, text) for part, text in zip(parts, path[at], strict=True))
        )

    return _pick(world, meant)


def _exposure(criterion: Criterion, world: World) -> Found:
    def meant(node: Node) -> bool:
        leaf = table_of(node.name) or node.name
        full = f"{world.package_of(node.name)}.{leaf}"
        return node.resource_type == "exposure" and _glob(criterion.value, leaf, node.name, full)

    return _pick(world, meant)


def _config(criterion: Criterion, world: World) -> Found:
    """A setting: equal, a member of its list or a key of its mapping. `materialized` is dbt's
    name of `kind`. Of tests there is `severity`."""
    keys, value = criterion.arguments, criterion.value

    def set_so(node: Node) -> bool:
        if node.resource_type == "exposure":
            return False
        path = keys
        if path == ("materialized",) and "materialized" not in node.config:
            path = ("kind",)
        return _holds(_descend(node.config, path), value)

    def of_test(test: TestNode) -> bool:
        return keys == ("severity",) and not test.unit and test.severity.lower() == value.lower()

    return _pick(world, set_so, of_test)


def _descend(config: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    found: Any = config
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def _holds(found: Any, value: str) -> bool:
    match found:
        case None:
            return False
        case bool():
            return value.lower() == str(found).lower()
        case str():
            return value == found
        case list() | tuple() | set() | frozenset() | Mapping():
            return any(_holds(member, value) for member in found)
        case _:
            return value == str(found)


def _resource_type(criterion: Criterion, world: World) -> Found:
    wanted = criterion.value
    return _pick(
        world,
        lambda node: node.resource_type == wanted,
        lambda test: test.resource_type == wanted,
    )


def _access(criterion: Criterion, world: World) -> Found:
    """A model that does not say is `protected`, as in dbt."""

    def open_to(node: Node) -> bool:
        default = "protected" if node.resource_type == "model" else None
        return (node.access or default) == criterion.value

    return _pick(world, open_to)


def _version(criterion: Criterion, world: World) -> Found:
    """Versions of models, as they stand to the latest; `none` are models without versions."""
    return _pick(
        world,
        lambda node: (
            (node.version or "none") == criterion.value
            and node.resource_type in ("model", "snapshot")
        ),
    )


def _test_name(criterion: Criterion, world: World) -> Found:
    return _pick(world, test=lambda test: _glob(criterion.value, test.test_name))


def _test_type(criterion: Criterion, world: World) -> Found:
    """Tests of columns and assets are dbt's generic (schema) ones, those of files singular; `data`
    are both, and all others are unit tests."""
    kinds = _TEST_TYPES.get(criterion.value, ())
    return _pick(world, test=lambda test: _test_type_of(test) in kinds)


_TEST_TYPES = {
    "generic": ("generic",),
    "schema": ("generic",),
    "singular": ("singular",),
    "data": ("generic", "singular"),
    "unit": ("unit",),
}


def _test_type_of(test: TestNode) -> str:
    if test.unit:
        return "unit"
    return "singular" if test.test_name == TestKind.FILE.value else "generic"


def _unit_test(criterion: Criterion, world: World) -> Found:
    """`name`, or `project.name`."""

    def meant(test: TestNode) -> bool:
        full = f"{world.package_of(test.asset)}.{test.name}"
        return test.unit and _glob(criterion.value, test.name, full)

    return _pick(world, test=meant)


def _state(criterion: Criterion, world: World) -> Found:
    changed = world.facts.changed.get(criterion.value, frozenset())
    return _pick(world, lambda node: node.name in changed)


def _result(criterion: Criterion, world: World) -> Found:
    results = world.facts.results
    return _pick(
        world,
        lambda node: results.get(node.name) == criterion.value,
        lambda test: results.get(test.name) == criterion.value,
    )


def _source_status(criterion: Criterion, world: World) -> Found:
    statuses = world.facts.source_status
    return _pick(world, lambda node: statuses.get(node.name) == criterion.value)


def _stale(criterion: Criterion, world: World) -> Found:
    """Stale assets by name: `stale:*` for all of them, `stale:staging` for those of a schema."""
    stale, value = world.facts.stale, criterion.value
    return _pick(world, lambda node: node.name in stale and is_named(node, value))


def _column(criterion: Criterion, world: World) -> Found:
    found = world.columns.find(world.graph, criterion.value)
    return Found(frozenset(asset for asset, _ in found))


def _of_node(attribute: str) -> Callable[[Criterion, World], Found]:
    """A method that is a glob over one attribute."""

    def search(criterion: Criterion, world: World) -> Found:
        return _pick(world, lambda node: _glob(criterion.value, getattr(node, attribute)))

    return search


_METHODS: dict[str, Callable[[Criterion, World], Found]] = {
    "access": _access,
    "column": _column,
    "config": _config,
    "domain": _of_node("domain"),
    "engine": _of_node("engine"),
    "exposure": _exposure,
    "file": _file,
    "fqn": _fqn,
    "group": _of_node("group"),
    "owner": _of_node("owner"),
    "package": _package,
    "path": _path,
    "resource_type": _resource_type,
    "result": _result,
    "source": _source,
    "source_status": _source_status,
    "stale": _stale,
    "state": _state,
    "tag": _tag,
    "test_name": _test_name,
    "test_type": _test_type,
    "unit_test": _unit_test,
    "version": _version,
}
