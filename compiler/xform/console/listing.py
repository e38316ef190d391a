"""Assets and tests as `ls` lists them: plain text for other programs, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from xform.graph.nodes import Node, TestNode

Listed: TypeAlias = Node | TestNode


def name_lines(nodes: Iterable[Listed]) -> list[str]:
    return [node.name for node in nodes]


def path_lines(nodes: Iterable[Listed]) -> list[str]:
    """The file of each, once; assets of one yml file share it."""
    return list(dict.fromkeys(node.path for node in nodes if node.path))


def json_lines(nodes: Iterable[Listed]) -> Iterator[str]:
    """One JSON object a line, with `resource_type` for tests too."""
    for node in nodes:
        fields = msgspec.to_builtins(node)
        if isinstance(node, TestNode):
            fields["resource_type"] = node.resource_type
        yield msgspec.json.encode(fields).decode()
