"""Other texts for the files of models, taken only where the models stay what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from xform.app.compiling.compiled import Compilation
from xform.app.workspace import Workspace
from xform.base.names import AssetName
from xform.project.assets import Asset

BOM = b"\xef\xbb\xbf"

Same: TypeAlias = Callable[[Compilation, Compilation, AssetName], bool]
"""Whether a model is in the second compilation what it is in the first."""


class Rewriting:
    """New texts for SQL models of one compilation."""

    def __init__(self, workspace: Workspace, compilation: Compilation) -> None:
        self._workspace = workspace
        self._compilation = compilation

    def read(self, asset: Asset) -> str:
        """The text of a model as it was compiled. Raises UnreadableFile, and UnicodeDecodeError
        where it is not UTF-8."""
        return self._workspace.files.read(asset.path).decode("utf-8-sig")

    def kept(self, texts: Mapping[AssetName, str], same: Same) -> dict[AssetName, str]:
        """Those texts with which the models stay the same, all taken together. A model that
        differs only since it reads one that does is tried without that one."""
        left = dict(texts)
        while left:
            after = self.compile_with(left)
            changed = [name for name in left if not same(self._compilation, after, name)]
            if not changed:
                break
            for name in self._first_of(frozenset(changed)):
                del left[name]
        return left

    def _first_of(self, names: frozenset[AssetName]) -> list[AssetName]:
        """Those that read none of the others, however far up."""
        reached: set[AssetName] = set()
        first: list[AssetName] = []
        for name, asset in self._compilation.assets.items():
            through = not reached.isdisjoint(asset.depends_on)
            if name in names and not through:
                first.append(name)
            if name in names or through:
                reached.add(name)
        return first

    def compile_with(self, texts: Mapping[AssetName, str]) -> Compilation:
        declared = self._compilation.declared
        written = {declared[name].path: text for name, text in texts.items()}
        return self._workspace.compile_with(
            {path: as_bytes(self._workspace, path, text) for path, text in written.items()}
        )


def write_text(workspace: Workspace, path: str, text: str) -> None:
    """Put a text into a file of the project. Raises OSError."""
    (workspace.root / path).write_bytes(as_bytes(workspace, path, text))


def as_bytes(workspace: Workspace, path: str, text: str) -> bytes:
    """A text as the file holds it: with the mark of UTF-8 at its beginning where it has one."""
    mark = BOM if workspace.files.read(path).startswith(BOM) else b""
    return mark + text.encode()
