"""Models computed by several processes at once, where there are many to compute.

The processes parse and bind, which is most of the work and depends on nothing but what a message
holds; everything that is put together from it is put together here, in whatever order the answers
come. So a result is the same whoever computed it, and whatever nobody answered is computed here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from xform.base.names import AssetName

if TYPE_CHECKING:
    from xform.host.crew import Crew

WORTH = 200
"""Models to compute from which on other processes pay."""

PARSE, BIND = b"p", b"b"
"""How a message begins that asks for the one or the other."""


class Helpers(Protocol):
    """A `host.crew.Crew`."""

    @property
    def busy(self) -> bool: ...
    @property
    def has_room(self) -> bool: ...
    def ask(self, subject: str, message: bytes) -> None: ...
    def answers(self, *, wait: bool) -> list[tuple[str, bytes]]: ...


def hire(
    models: int,
    at_once: int | None,
    prepare: Callable[[], None],
    work: Callable[[bytes], bytes],
) -> Crew | None:
    """Processes beside this one, for so many models; None where they would not pay. `at_once` is
    how many may work, this one included, where that is said. `prepare` loads what all need."""
    if models < WORTH:
        return None
    from xform.host.crew import Crew, can_fork, processors

    size = min(at_once or processors(), processors())
    if size < 2:
        return None
    prepare()
    return Crew(work, size - 1) if can_fork() else None


def spread(
    helpers: Helpers | None,
    ready: deque[AssetName],
    message: Callable[[AssetName], bytes | None],
) -> Iterator[tuple[AssetName, bytes]]:
    """Each of `ready`, which may grow meanwhile, with its answer: empty where there was nothing to
    ask, or nobody has answered."""
    while ready or (helpers is not None and helpers.busy):
        if helpers is None:
            yield ready.popleft(), b""
        elif ready and helpers.has_room:
            name = ready.popleft()
            asked = message(name)
            if asked is None:
                yield name, b""
            else:
                helpers.ask(name, asked)
        else:
            found = helpers.answers(wait=not ready)
            for subject, answer in found:
                yield AssetName(subject), answer
            if ready and not found:
                yield ready.pop(), b""


def spread_down(
    helpers: Helpers | None,
    ordered: Sequence[AssetName],
    depends: Mapping[AssetName, Iterable[AssetName]],
    message: Callable[[AssetName], bytes | None],
) -> Iterator[tuple[AssetName, bytes]]:
    """The same down a graph: each name comes after what it depends on; `ordered` is such an order,
    and the one that is kept where nobody helps."""
    if helpers is None:
        yield from ((name, b"") for name in ordered)
        return
    there = set(ordered)
    open_ = {name: sum(read in there for read in depends[name]) for name in ordered}
    readers: dict[AssetName, list[AssetName]] = {}
    for name in ordered:
        for read in depends[name]:
            readers.setdefault(read, []).append(name)
    ready = deque(name for name in ordered if not open_[name])
    for name, answer in spread(helpers, ready, message):
        yield name, answer
        for reader in readers.get(name, ()):
            open_[reader] -= 1
            if not open_[reader]:
                ready.append(reader)
