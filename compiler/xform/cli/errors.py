"""Errors that end a command, as diagnostics and exit codes. A bug keeps its traceback."""

from __future__ import annotations

from xform.app.workspace import UserError
from xform.base.codes import UNREADABLE
from xform.base.diagnostics import Diagnostic, diagnose
from xform.project.files import UnreadableFile
from xform.run.errors import engine_diagnostic, state_diagnostic
from xform.run.failures import EngineBusy, EngineError, StateError

PROFILES = "profiles.yml"


def describe_error(error: Exception) -> tuple[int, list[Diagnostic]]:
    """(exit code, diagnostics) of an error. Raises it again where it is nobody's mistake but
    ours."""
    match error:
        case UserError():
            return error.exit_code, error.diagnostics
        case UnreadableFile():
            return 2, [error.diagnostic]
        case EngineBusy():
            return 75, [engine_diagnostic(error, PROFILES)]
        case EngineError():
            code = 2 if error.kind == "settings" else 1
            return code, [engine_diagnostic(error, PROFILES)]
        case StateError():
            return 75 if error.kind == "busy" else 2, [state_diagnostic(error)]
        case PermissionError() | FileNotFoundError() | NotADirectoryError() | IsADirectoryError():
            name = str(error.filename or "a file")
            reason = (error.strerror or "cannot be used").lower()
            return 2, [
                diagnose(
                    UNREADABLE, f"'{name}': {reason}", name, "check the path and its permissions"
                )
            ]
        case _:
            raise error
