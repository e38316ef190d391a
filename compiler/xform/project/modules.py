"""Python files as the compiler needs them: a digest of their meaning, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from xform.base.hashing import Digest, digest_parts

_SKIPPED_FIELDS = frozenset({"type_comment", "type_ignores", "kind", "ctx"})


def digest_tree(tree: ast.Module, decorators: Iterable[ast.expr] = ()) -> Digest:
    """Digest of a syntax tree without places, comments, layout and doc strings.

    `decorators` are left out as well: the settings in `@model(…)` count as settings, where a
    description weighs nothing. Fields that are empty are left out, so that versions of Python
    that only add fields agree.
    """
    left_out = frozenset(map(id, decorators))
    parts: list[str] = []
    # Iterative: a sum of a thousand terms is a tree a thousand levels deep.
    stack: list[object] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            kept = [element for element in item if id(element) not in left_out]
            parts.append(f"[{len(kept)}")
            stack.extend(reversed(kept))
        elif isinstance(item, ast.AST):
            parts.append(type(item).__name__)
            stack.extend(reversed(list(_fields(item))))
        else:
            shown = hex(item) if isinstance(item, int) else repr(item)
            parts.append(f"{type(item).__name__}:{shown}")
    return digest_parts(parts)


def _fields(node: ast.AST) -> Iterator[object]:
    """The fields of a node that have a meaning, each behind its name."""
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED_FIELDS or (value is None and not isinstance(node, ast.Constant)):
            continue
        if name == "body" and isinstance(value, list) and _has_doc(node, value):
            value = value[1:]
        if value == []:
            continue
        yield name
        yield value


def _has_doc(node: ast.AST, body: list[ast.AST]) -> bool:
    if not isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return True
        case _:
            return False


def imported_paths(tree: ast.Module, path: str) -> tuple[str, ...]:
    """The paths in the project that a file's imports could mean, sorted; few will exist.

    `import a.b` could mean `a.py`, `a/__init__.py`, `a/b.py` and `a/b/__init__.py`; relative
    imports start in the file's folder. Imports inside functions count as well.
    """
    folder = tuple(path.split("/")[:-1])
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    found.update(_candidates((), alias.name.split(".")))
            case ast.ImportFrom(module=module, names=names, level=level):
                if level - 1 > len(folder):
                    continue
                base = folder[: len(folder) - (level - 1)] if level else ()
                parts = module.split(".") if module else []
                found.update(_candidates(base, parts))
                for alias in names:
                    found.update(_candidates(base, [*parts, alias.name]))
            case _:
                pass
    found.discard(path)
    return tuple(sorted(found))


def _candidates(base: tuple[str, ...], parts: list[str]) -> Iterator[str]:
    for count in range(1, len(parts) + 1):
        stem = "/".join((*base, *parts[:count]))
        yield f"{stem}.py"
        yield f"{stem}/__init__.py"
