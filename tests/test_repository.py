"""The house rules that no linter knows, over every file that is or would be committed."""

import ast
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGES = ("schemas", "pipelines", "jobs", "maidian")
MOST_LINES = 300
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base"}

# Assembled, so that this file passes its own test.
REGISTRY_HOSTS = re.compile(
    r"\b(?:"
    + "|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "repo1" + r"\.maven"])
    + ")"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["wo" + "rk/", "ro" + "ot/", "ho" + r"me/\w", "tm" + r"p/\w"]) + ")"
)


def committed_files() -> list[Path]:
    """Tracked files, and those that are new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository: an unpacked source archive")
    return sorted({REPOSITORY / name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()})


def texts() -> dict[str, str]:
    found = {}
    for path in committed_files():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            found[str(path.relative_to(REPOSITORY))] = content.decode("utf-8", errors="replace")
    return found


def declared_names() -> set[str]:
    """The distributions that pyproject.toml asks for, extras included."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    return {re.split(r"[^\w-]", requirement)[0] for requirement in wanted}


def test_every_file_has_a_name_that_says_something() -> None:
    nameless = [path for path in committed_files() if path.suffix == ".py" and path.stem.strip("_") in NAMELESS]
    assert nameless == []


def test_long_files_say_why() -> None:
    long = [
        f"{name}: {len(text.splitlines())} lines"
        for name, text in texts().items()
        if name.endswith(".py") and len(text.splitlines()) > MOST_LINES and "# long because:" not in text[:2000]
    ]
    assert long == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if REGISTRY_HOSTS.search(line) or MACHINE_PATHS.search(line)
    ]
    assert found == []


def test_every_package_says_what_it_is() -> None:
    folders = {path.parent for path in committed_files() if path.suffix == ".py"}
    ours = [folder for folder in folders if folder.relative_to(REPOSITORY).parts[:1] in {(name,) for name in PACKAGES}]
    silent = [folder for folder in ours if not (folder / "__init__.py").read_text("utf-8").startswith('"""')]
    assert silent == []
    assert len(ours) >= len(PACKAGES)


def test_every_library_that_we_import_is_declared() -> None:
    modules = {"grpcio": "grpc"}  # where the two differ by more than a hyphen
    declared = {modules.get(name, name.replace("-", "_")) for name in declared_names()}
    for name, text in texts().items():
        if name.endswith(".py") and name.split("/")[0] in PACKAGES:
            nodes = list(ast.walk(ast.parse(text)))
            imported = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
            imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
            foreign = {module.split(".")[0] for module in imported} - set(PACKAGES) - set(sys.stdlib_module_names)
            assert foreign <= declared, f"{name} imports what pyproject.toml does not declare"


def test_every_direct_dependency_is_locked_and_its_reason_written() -> None:
    names = declared_names()
    locked = set(re.findall(r"^([\w-]+)==", (REPOSITORY / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    assert names <= locked
    reasons = (REPOSITORY / "docs" / "decisions" / "0002-dependencies.md").read_text("utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in reasons] == []
