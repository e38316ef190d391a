"""The graph as a networkx graph, for export, drawing and questions in the API.

The only place that imports networkx, and only when called: it costs half a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

from xform.graph.nodes import Graph


def to_networkx(graph: Graph) -> networkx.DiGraph:
    """Assets with `resource_type`, `path`, `tags` and `owner`; edges run with the data, from what
    is read to its reader."""
    import networkx

    drawn = networkx.DiGraph(project=graph.project)
    for name in sorted(graph.nodes):
        node = graph.nodes[name]
        drawn.add_node(
            name,
            resource_type=node.resource_type,
            path=node.path,
            tags=list(node.tags),
            owner=node.owner,
        )
    for name in sorted(graph.nodes):
        reads = dict.fromkeys(graph.nodes[name].depends_on)
        drawn.add_edges_from((read, name) for read in reads if read in graph.nodes)
    return drawn
