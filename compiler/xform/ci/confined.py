"""The check of a change that may be anybody's, in a process of its own.

Nothing of the head runs there: Python files are read and not imported (macros run as the base has
them), templates run in their sandbox, the engine sees the project's files and nothing else. The
process has no secret in its environment, keeps its caches in a folder of its own, since those of
the project may have come with the change, and has bounds in time and memory: whoever passes them,
or finds a way to crash it, ends this process and no other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from xform.app.workspace import Options, UserError, Workspace
from xform.base.codes import OUT_OF_BOUNDS
from xform.base.diagnostics import Diagnostic, diagnose
from xform.plan.changes import ProjectChange

SECONDS = 600
CPU_SECONDS = 300
BYTES = 6 << 30
"""Of addresses: an engine takes many that it never uses."""
FILE_BYTES = 1 << 30

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", "TMPDIR")
"""Of the environment: what it takes to find Python and git."""


class Request(msgspec.Struct, frozen=True):
    project_dir: str
    base: str
    head: str | None
    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    environment: str | None = None
    variables: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True):
    """Either the change, or what stands in its way."""

    change: ProjectChange | None
    diagnostics: tuple[Diagnostic, ...] = ()


def check_confined(options: Options, base: str, head: str | None) -> ProjectChange:
    """As `checking.check`. Raises UserError, also where the process did not come to an end."""
    request = Request(
        str(options.project_dir.resolve()),
        base,
        head,
        options.profiles_dir,
        options.profile,
        options.target,
        options.environment,
        dict(options.variables),
    )
    answer = _asked(request)
    if answer is None:
        raise UserError(
            [
                diagnose(
                    OUT_OF_BOUNDS,
                    f"the change could not be compiled within {CPU_SECONDS} seconds and "
                    f"{BYTES >> 30} GB",
                    "<command line>",
                    "look into it by hand; where its author is trusted, check it without "
                    "--untrusted",
                )
            ]
        )
    if answer.change is None:
        raise UserError(list(answer.diagnostics))
    return answer.change


def _asked(request: Request) -> Answer | None:
    environ = {key: value for key, value in os.environ.items() if key in _KEPT}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "xform.ci.confined"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        start_new_session=True,
    ) as process:
        try:
            told, _ = process.communicate(msgspec.msgpack.encode(request), timeout=SECONDS)
            return msgspec.msgpack.decode(told, type=Answer) if process.returncode == 0 else None
        except (subprocess.TimeoutExpired, msgspec.DecodeError):
            return None
        finally:
            with contextlib.suppress(OSError):  # whatever it has started is in its group
                os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Answer one request, within bounds."""
    _bound()
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    out = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with tempfile.TemporaryDirectory(prefix="xform-") as home:
        answer = _answer(request, Path(home))
    with os.fdopen(out, "wb") as stream:
        stream.write(msgspec.msgpack.encode(answer))


def _answer(request: Request, home: Path) -> Answer:
    from xform.ci.checking import check

    options = Options(
        Path(request.project_dir),
        request.profiles_dir,
        request.profile,
        request.target,
        request.environment,
        request.variables,
        home=home,
    )
    workspace = Workspace(options, {})
    workspace.confined = True
    try:
        return Answer(check(workspace, request.base, request.head))
    except UserError as error:
        return Answer(None, tuple(error.diagnostics))


def _bound() -> None:
    import resource

    bounds = (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    )
    for which, most in bounds:
        with contextlib.suppress(OSError, ValueError):  # a system may not have all of them
            resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    main()
