"""The night as schedulers run it: the script for real, the other files by their own tools where those are here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from jobs.engine.discovery import find_jobs
from tests.end_to_end.commands import environment, maidian, maidian_json

NIGHTLY = Path(__file__).parents[2] / "infra" / "nightly"


def run_night(lake: Path, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The script with a `maidian` on its path, as an installation has."""
    command = folder / "maidian"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m maidian "$@"\n')
    command.chmod(0o755)
    path = {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(NIGHTLY.parents[1])}
    return subprocess.run(
        [str(NIGHTLY / "nightly.sh")],
        capture_output=True,
        text=True,
        check=False,
        env={**environment(), **path, "MAIDIAN_LAKE": str(lake), **more},
    )


@pytest.mark.ci
@pytest.mark.timeout(600)
def test_a_night_from_landing_to_report(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    maidian("init", "--lake", lake)
    maidian("generate", "--events", 1000, "--days", 2, "--out", tmp_path / "shop")
    shutil.copytree(tmp_path / "shop" / "landing", lake / "landing", dirs_exist_ok=True)
    done = run_night(lake, tmp_path, MAIDIAN_REPORT=str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    assert "</html>" in (tmp_path / "report.html").read_text()
    tables = maidian_json("status", "--lake", lake)["tables"]
    assert {table["dirty_day_count"] for table in tables} <= {0, None}


def test_a_night_that_fails_ends_at_once_and_tells(tmp_path: Path) -> None:
    told = tmp_path / "told"
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "lake.json").write_text("damaged")
    done = run_night(tmp_path / "lake", tmp_path, MAIDIAN_ON_FAILURE=f"cat >> '{told}'")
    assert done.returncode in (1, 2)
    assert told.read_text().count("exit_code") == 1


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd on this machine")
    for unit in NIGHTLY.glob("maidian-*"):
        text = unit.read_text().replace("/opt/maidian/infra/nightly/nightly.sh", str(NIGHTLY / "nightly.sh"))
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in tmp_path.glob("maidian-nightly.*")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "maidian" in line] == []
    assert done.returncode == 0


def test_kubernetes_knows_every_field() -> None:
    with (NIGHTLY / "cronjob.yaml").open() as file:
        manifest = yaml.safe_load(file)
    assert kubernetes_validate.validate(manifest, "1.34", strict=True) == "1.34"


@pytest.mark.slow
def test_airflow_reads_the_dag(tmp_path: Path) -> None:
    """Needs an environment of its own: AIRFLOW_PYTHON names its interpreter; see CONTRIBUTING.md."""
    interpreter = os.environ.get("AIRFLOW_PYTHON")
    if interpreter is None:
        pytest.skip("AIRFLOW_PYTHON names no interpreter with Airflow")
    script = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print(" ".join(task.task_id for task in bag.dags["maidian_nightly"].topological_sort()))
"""
    done = subprocess.run(
        [interpreter, "-c", script, str(NIGHTLY)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(NIGHTLY.parents[1]),
        },
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-len(find_jobs()) - 2 :] == ["ingest", *(job.table for job in find_jobs()), "gc"]
