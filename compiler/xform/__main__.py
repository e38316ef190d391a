"""The command `xform`. Answers `--version` before anything is imported."""

from __future__ import annotations

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from xform import __version__

        sys.stdout.write(f"xform {__version__}\n")
        return
    try:
        from xform.cli.entrance import run

        run()
    except KeyboardInterrupt:  # at any moment but in a run, which ends in its own way
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
