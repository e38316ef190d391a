"""xform: a SQL-first transformation compiler.

`from xform import model, macro` is all that Python files of a project need; importing this
package loads nothing else.
"""

from xform.base.declare import macro, model

__all__ = ["__version__", "macro", "model"]

__version__ = "0.1.0"
