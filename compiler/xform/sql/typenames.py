"""Canonical text of types in casts."""

from __future__ import annotations

import re

from sqlglot import exp

from xform.sql import canonical

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def type_text(node: exp.Expr) -> str:
    """Canonical text of a type: sqlglot's names of types, parameters and fields in order."""
    match node:
        case exp.DataType():
            return _data_type(node)
        case exp.DataTypeParam():
            return _plain(node.this)
        case exp.ColumnDef():
            kind = node.args.get("kind")
            return f"{_field(node.name)} {type_text(kind) if kind is not None else ''}"
        case exp.Literal():
            return _plain(node)
        case _:
            return node.name.lower() or node.sql().lower()


def _data_type(node: exp.DataType) -> str:
    this = node.this
    text = str(getattr(this, "value", None) or getattr(this, "name", None) or this)
    kind = node.args.get("kind")
    if kind is not None:
        text = f"{text} {_plain(kind)}".lower()
    inner = ", ".join(type_text(item) for item in node.expressions)
    values = ", ".join(_plain(item) for item in node.args.get("values") or ())
    return text + (f"({inner})" if inner else "") + (f"[{values}]" if values else "")


def _field(name: str) -> str:
    """The name of a field; its case is kept by the engine, and so it is here."""
    if _PLAIN.fullmatch(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _plain(value: object) -> str:
    match value:
        case exp.Literal():
            return canonical.string(value.this) if value.is_string else str(value.this)
        case exp.Expr():
            return value.sql()
        case _:
            return str(value)
