"""Which of sqlglot's modules are compiled: they parse several times faster than pure Python."""

from __future__ import annotations

from importlib import import_module

COMPILED = ("sqlglot.parser", "sqlglot.tokenizer_core")


def pure_python_modules() -> list[str]:
    """Those of COMPILED that run as pure Python here; empty where `sqlglot[c]` is in use."""
    return [name for name in COMPILED if (import_module(name).__file__ or "").endswith(".py")]
