"""Errors that end a command, as diagnostics and exit codes. A bug keeps its traceback."""

from __future__ import annotations

from xform.app.workspace import UserError
from xform.base.codes import ENGINE_UNUSABLE, STATE_UNUSABLE, UNREADABLE, WAREHOUSE_BUSY
from xform.base.diagnostics import Diagnostic, diagnose
from xform.project.files import UnreadableFile
from xform.run.ports import EngineBusy, EngineError, StateError

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
            return 75, [
                diagnose(
                    WAREHOUSE_BUSY,
                    f"the warehouse is in use by {error.holder or 'another process'}",
                    PROFILES,
                    "wait until it has finished, or close the program that holds the file",
                )
            ]
        case EngineError():
            return 1, [
                diagnose(
                    ENGINE_UNUSABLE, error.message, PROFILES, "see `xform debug` for what is in use"
                )
            ]
        case StateError():
            code = 75 if error.kind == "busy" else 2
            return code, [diagnose(STATE_UNUSABLE, error.message, ".xform/state.db", error.help)]
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
