"""A job names exactly the settings it reads: a change of one must make its table dirty, and of no other."""

import ast
import inspect
from importlib import import_module
from types import ModuleType

import pytest

from jobs.engine.declaration import Job
from jobs.engine.discovery import find_jobs


def settings_read(code: ModuleType | object) -> set[str]:
    """The names after `settings.` in the code of a job, and of the definitions to which it hands its settings."""
    tree = ast.parse(inspect.getsource(code))  # type: ignore[arg-type]
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and is_settings(node.value)}
    handed = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and any(map(is_settings, node.args))
    }
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return read.union(*(settings_read(getattr(code, name)) for name in handed - own))


def is_settings(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "settings"


@pytest.mark.parametrize("job", find_jobs(), ids=lambda job: job.table)
def test_a_job_names_the_settings_it_reads(job: Job) -> None:
    assert set(job.settings) == settings_read(import_module(f"jobs.{job.table}"))
    assert list(job.chosen) == list(job.settings)
