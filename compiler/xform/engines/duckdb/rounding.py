"""Floats rounded within values of any type, as SQL: for comparing what differs in last digits only.

There are no different zeros then, and one NaN. Maps become lists of their entries, and unions
structs of their tag and members: what comes out is to be hashed, not to be read. Floats in JSON and
VARIANT have no type of a column, and stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xform.engines.duckdb.text import literal, name

if TYPE_CHECKING:
    import duckdb

_FLOATS = ("double", "float")
_EXACT = 2**53
"""From here on a DOUBLE has no digits behind the point."""


def rounded(cursor: duckdb.DuckDBPyConnection, column: str, kind: str, digits: int) -> str | None:
    """The values of a column of a type; None where there is no float among them."""
    if not any(word in kind for word in ("DOUBLE", "FLOAT")):
        return None
    return _rounded(name(column), cursor.sqltype(kind), digits, 0)


def _rounded(value: str, kind: Any, digits: int, depth: int) -> str | None:
    """`kind` is a DuckDBPyType; `depth` counts the lambdas around."""
    if kind.id in _FLOATS:
        return _float(value, digits)
    item = f"x{depth}"
    match kind.id:
        case "list" | "array":
            ((_, child), *_) = kind.children
            inner = _rounded(item, child, digits, depth + 1)
            return inner and f"list_transform({value}, lambda {item}: {inner})"
        case "map":
            members = [(field, f"{item}.{field}", child) for field, child in kind.children]
            inner = _packed(members, digits, depth + 1)
            return inner and f"list_transform(map_entries({value}), lambda {item}: {inner})"
        case "struct":
            members = [
                (field, f"struct_extract({value}, {literal(field)})", child)
                for field, child in kind.children
            ]
            packed = _packed(members, digits, depth)
        case "tuple":
            members = [
                (f"v{at}", f"struct_extract({value}, {at})", child)
                for at, (_, child) in enumerate(kind.children, 1)
            ]
            packed = _packed(members, digits, depth)
        case "union":
            members = [
                (field, f"union_extract({value}, {literal(field)})", child)
                for field, child in kind.children[1:]
            ]
            packed = _packed(members, digits, depth, f"union_tag({value})")
        case _:
            return None
    return packed and f"case when {value} is not null then {packed} end"


def _packed(
    members: list[tuple[str, str, Any]], digits: int, depth: int, tag: str | None = None
) -> str | None:
    """A struct of members (name, SQL, type); None where none of them holds a float."""
    found = [_rounded(value, kind, digits, depth) for _, value, kind in members]
    if not any(found):
        return None
    fields = [f"xform_tag := {tag}"] if tag is not None else []
    fields += [
        f"{name(field)} := {new or old}"
        for (field, old, _), new in zip(members, found, strict=True)
    ]
    return f"struct_pack({', '.join(fields)})"


def _float(value: str, digits: int) -> str:
    """Infinities, and numbers too large to have such digits, stay as they are."""
    double = f"cast({value} as double)"
    return (
        f"case when abs({double}) < {_EXACT}e-{digits} then round({double}, {digits}) + 0e0 "
        f"when isnan({double}) then cast('nan' as double) else {double} end"
    )
