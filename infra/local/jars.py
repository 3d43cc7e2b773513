"""Jars by name and version from Maven's repository, held to their checksums, cached for this user.

A folder beside this file (`kafka`, `flink`) has a pom.xml with pinned versions and a jars.sha256 with the bytes they must have.
`python -m infra.local.jars kafka flink` writes each jars.sha256 anew after a change of pom.xml. Needs `mvn` and `java`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class JarsError(Exception):
    """The jars cannot be had, or are not the ones that were pinned."""


def missing_programs() -> list[str]:
    """What must be installed on this machine first."""
    return [program for program in ("java", "mvn") if shutil.which(program) is None]


def fetch_jars(name: str) -> Path:
    """The folder with exactly the jars of `<name>/jars.sha256`, every one checked now; fetched when it is missing."""
    wanted = _read_checksums(name)
    folder = _cache_folder() / name / _digest_of_text("\n".join(sorted(f"{wanted[jar]} {jar}" for jar in wanted)))
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as scratch:
            jars = Path(scratch, "jars")
            _copy_dependencies(name, jars)
            _check(jars, wanted)
            try:
                jars.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process fetched the same bytes a moment ago
                    raise
    _check(folder, wanted)
    return folder


def write_checksums(name: str) -> int:
    """Pin the jars that pom.xml names now; returns how many."""
    with tempfile.TemporaryDirectory() as scratch:
        found = _checksums_of(_copy_dependencies(name, Path(scratch, "jars")))
    lines = [f"{digest}  {jar}\n" for jar, digest in sorted(found.items())]
    (HERE / name / "jars.sha256").write_text("".join(lines))
    return len(found)


def _copy_dependencies(name: str, target: Path) -> Path:
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(HERE / name / "pom.xml"), COPY_GOAL]
    command += [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own arguments
    if done.returncode:
        raise JarsError(f"mvn cannot fetch the jars of {name}: {(done.stdout + done.stderr).strip()[:2000]}")
    return target


def _check(folder: Path, wanted: dict[str, str]) -> None:
    found = _checksums_of(folder)
    for jar in sorted(wanted.keys() | found.keys()):
        if found.get(jar) != wanted.get(jar):
            raise JarsError(f"{folder / jar}: sha256 is {found.get(jar)}, pinned is {wanted.get(jar)}; remove {folder}")


def _checksums_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*")}


def _read_checksums(name: str) -> dict[str, str]:
    lines = (HERE / name / "jars.sha256").read_text().splitlines()
    return {jar: digest for digest, jar in (line.split() for line in lines)}


def _digest_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "maidian"


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(f"{each}: {write_checksums(each)} jars pinned")  # noqa: T201
