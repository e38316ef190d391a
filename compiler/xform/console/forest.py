"""The actions of a plan as a forest: each under the upstream asset that causes it, where its
reasons name one, and folded to a size that can be read.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from xform.base.names import AssetName
from xform.plan.plan import Action, Reason, ReasonKind


class Fold(msgspec.Struct, frozen=True):
    """Stands for the assets below `under` that are not shown; at the top, `under` is None."""

    under: AssetName | None
    hidden: int


class Forest(msgspec.Struct, frozen=True):
    """`children` never holds a cycle. A fold is the last child of its asset."""

    roots: tuple[AssetName | Fold, ...]
    children: Mapping[AssetName | Fold, tuple[AssetName | Fold, ...]]

    @property
    def hidden(self) -> int:
        below = (child for children in self.children.values() for child in children)
        return sum(item.hidden for item in (*self.roots, *below) if isinstance(item, Fold))


def forest(actions: Sequence[Action], *, limit: int | None, depth: int) -> Forest:
    """Nest the actions at most `depth` deep and show at most `limit` of them, causes first."""
    parents = _parents(actions)
    below: dict[AssetName | None, list[AssetName]] = {}
    for action in actions:
        below.setdefault(parents.get(action.asset), []).append(action.asset)

    order: list[tuple[AssetName, AssetName | None]] = []
    levels: dict[AssetName, int] = {}
    placed: dict[AssetName, AssetName | None] = {}
    waiting: deque[tuple[AssetName, AssetName | None]] = deque(
        (asset, None) for asset in below.get(None, ())
    )
    while waiting:
        asset, parent = waiting.popleft()
        if parent is not None and levels[parent] + 1 >= depth:
            parent = placed[parent]
        placed[asset] = parent
        levels[asset] = 0 if parent is None else levels[parent] + 1
        order.append((asset, parent))
        waiting.extend((child, asset) for child in below.get(asset, ()))
    return _folded(order, limit)


def _folded(order: Sequence[tuple[AssetName, AssetName | None]], limit: int | None) -> Forest:
    """`order` runs from the roots outward, so what is cut off lies below what is kept."""
    children: dict[AssetName | None, list[AssetName | Fold]] = {}
    kept = order if limit is None else order[:limit]
    for asset, parent in kept:
        children.setdefault(parent, []).append(asset)
    shown = {asset for asset, _ in kept}
    owners: dict[AssetName, AssetName | None] = {}
    hidden: dict[AssetName | None, int] = {}
    for asset, parent in order[len(kept) :]:
        owner = parent if parent is None or parent in shown else owners[parent]
        owners[asset] = owner
        hidden[owner] = hidden.get(owner, 0) + 1
    for owner, number in hidden.items():
        children.setdefault(owner, []).append(Fold(owner, number))
    return Forest(
        tuple(children.pop(None, ())),
        {asset: tuple(items) for asset, items in children.items() if asset is not None},
    )


def _parents(actions: Sequence[Action]) -> dict[AssetName, AssetName]:
    """The asset that each action is shown under: the first that a reason names as its cause."""
    known = {action.asset for action in actions}
    parents: dict[AssetName, AssetName] = {}
    tops: dict[AssetName, AssetName] = {}

    def top(asset: AssetName) -> AssetName:
        path = []
        while asset in tops:
            path.append(asset)
            asset = tops[asset]
        tops.update(dict.fromkeys(path, asset))
        return asset

    for action in actions:
        for cause in _causes(action.reasons, known):
            # Nothing hangs below itself, however the reasons were written.
            if top(cause) != action.asset:
                parents[action.asset] = tops[action.asset] = cause
                break
    return parents


_WORD = re.compile(r"[^\s,;:()\[\]'\"`]+")


def _causes(reasons: Sequence[Reason], known: set[AssetName]) -> list[AssetName]:
    """The assets named where reasons speak of others: `schema.name` or `schema.name.column`."""
    found: list[AssetName] = []
    for reason in reasons:
        if reason.kind not in (ReasonKind.DEPENDENCY, ReasonKind.DATA):
            continue
        for word in _WORD.findall(" ".join((reason.detail, *reason.columns))):
            asset = AssetName(".".join(word.split(".")[:2]))
            if asset in known:
                found.append(asset)
    return found
