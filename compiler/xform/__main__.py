"""The command `xform`. Answers `--version` before anything is imported."""

from __future__ import annotations

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from xform import __version__

        sys.stdout.write(f"xform {__version__}\n")
        return
    from xform.cli.app import run

    run()


if __name__ == "__main__":
    main()
