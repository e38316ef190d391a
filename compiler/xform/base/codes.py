"""Every diagnostic code: one line each, grouped by the stage that finds it.

A code is born with its page (`xform explain CODE`), whose example is run as a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Code:
    """`title` is the finding in general; the message of a diagnostic is the one at hand."""

    id: str
    title: str
    severity: Literal["error", "warning", "info"]


CODES: dict[str, Code] = {}


def _code(
    number: str, title: str, severity: Literal["error", "warning", "info"] = "error"
) -> Code:
    code = Code(f"XF{number}", title, severity)
    assert code.id not in CODES, code.id
    CODES[code.id] = code
    return code


# 00xx: the command line and the machine
# 01xx: project (files, settings, headers, yml, profiles)
# 02xx: template
# 03xx: sql (text to tree)
# 04xx: sema (names, columns)
# 05xx: graph and selection
# 06xx: plan
# 07xx: run and engines
# 08xx: checks
