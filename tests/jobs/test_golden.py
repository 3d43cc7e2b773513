"""Every job gives what its golden folders say: small rows written by hand, in and out.

tests/jobs/<job>/golden/<case>/<input table>.ndjson      what it reads; a missing file is an empty table
tests/jobs/<job>/golden/<case>/expected.<day>.ndjson     what it gives for that day; an empty file says nothing
tests/jobs/<job>/golden/<case>/settings.toml             where the case is about settings other than the defaults
"""

import json
from datetime import date
from pathlib import Path
from pkgutil import iter_modules

import pyarrow as pa
import pytest

import jobs
from jobs.engine.discovery import find_job
from schemas.settings_file import SETTINGS_NAME, lake_settings
from schemas.tables import declared_tables
from tests.jobs.rows import computed, table_of

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/golden/*/"))


def read(path: Path, table: str) -> pa.Table:
    return table_of(table, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.parent.name}-{case.name}")
def test_golden(case: Path) -> None:
    job = find_job(case.parent.parent.name, lake_settings(case))
    assert job is not None
    expected = {path: date.fromisoformat(path.name.split(".")[1]) for path in case.glob("expected.*.ndjson")}
    inputs = {source.table: case / f"{source.table}.ndjson" for source in job.inputs}
    assert expected, "a case without an expected.<day>.ndjson tests nothing"
    assert set(case.iterdir()) <= {*expected, *inputs.values(), case / SETTINGS_NAME}, (
        "a file that is neither input nor expected"
    )
    tables = {name: read(path, name) for name, path in inputs.items() if path.exists()}
    partition = declared_tables()[job.table].partition
    for path, day in expected.items():
        assert computed(job, tables, day) == read(path, job.table).drop_columns(partition).to_pylist(), path.name


def test_every_job_has_a_golden_folder() -> None:
    names = {info.name for info in iter_modules(jobs.__path__) if not info.ispkg}
    assert names == {case.parent.parent.name for case in CASES}
