"""`python -m schemas.generate`: write the generated files; with `--check`, say which are stale and change nothing."""

import argparse
import sys
from pathlib import Path

from schemas.generate.artefacts import promises_broken, stale_files, write_files

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Exit code 0 when all is as declared, 1 when something is stale or a published version would change."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say which files are stale; write nothing")
    is_check = parser.parse_args(arguments).check

    broken = promises_broken(root)
    for change in broken:
        _say(f"{change}: a published version never changes; undo it, or declare a new version")
    if broken:
        return 1
    if is_check:
        stale = stale_files(root)
        for name in stale:
            _say(f"{name} is stale: run `python -m schemas.generate`")
        return 1 if stale else 0
    for name in write_files(root):
        _say(f"wrote {name}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
