"""A job names exactly the settings that its file reads: a change of one must make its table dirty, and of no other."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

from jobs.engine.declaration import Job
from jobs.engine.discovery import find_jobs


def settings_read(source: str) -> set[str]:
    """The names after `settings.` in the code."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings"
    }


@pytest.mark.parametrize("job", find_jobs(), ids=lambda job: job.table)
def test_a_job_names_the_settings_it_reads(job: Job) -> None:
    path = inspect.getsourcefile(import_module(f"jobs.{job.table}"))
    assert path is not None
    assert set(job.settings) == settings_read(Path(path).read_text(encoding="utf-8"))
    assert list(job.chosen) == list(job.settings)
