import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGES = ("schemas", "pipelines", "jobs", "maidian")


@pytest.mark.ci
def test_the_wheel_holds_every_file_of_ours_and_runs(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    files = [name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(source)]
    subprocess.run(build, capture_output=True, check=True)

    (wheel,) = tmp_path.glob("maidian-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        archive.extractall(tmp_path / "installed")
    # pyproject.toml leaves the examples of the contract out on purpose.
    ours = {name for name in files if name.split("/")[0] in PACKAGES and "/examples/" not in name}
    assert held == ours

    # -P keeps the working directory off the path: only what the wheel holds can be imported.
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "maidian", "--version"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("maidian ")
