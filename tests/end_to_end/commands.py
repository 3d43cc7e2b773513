"""Running `maidian` as a person does: a process of its own, its output and exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def maidian(*arguments: object, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run one command to its end. With `check`, a code other than 0 fails the test and shows what was printed."""
    done = subprocess.run(
        command_line(*arguments), capture_output=True, text=True, timeout=timeout, env=environment(), check=False
    )
    if check:
        assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done


def maidian_json(*arguments: object) -> Any:
    """Run one command with --json and return what it printed."""
    return json.loads(maidian(*arguments, "--json").stdout)


def command_line(*arguments: object) -> list[str]:
    """How a process of `maidian` is started."""
    return [sys.executable, "-m", "maidian", *map(str, arguments)]


def environment() -> dict[str, str]:
    """The environment of the tests without settings of the person who runs them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAIDIAN_")}


def glob_of(lake: Path, table: str) -> str:
    """What a reader scans: `current` resolved once."""
    return str((lake / table / "current").resolve() / "**" / "*.parquet")
