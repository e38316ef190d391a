"""xform: a SQL-first transformation compiler.

`from xform import model, macro, unit_test` is all that Python files of a project need; importing
this package loads nothing else.
"""

from xform.base.declare import macro, model, unit_test

__all__ = ["__version__", "macro", "model", "unit_test"]

__version__ = "0.1.0"
