"""Finding the jobs and putting them in order: a table is made before it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

import jobs
from jobs.engine.declaration import Job
from jobs.engine.division import Divided
from schemas.errors import MaidianError, UsageError
from schemas.settings import DEFAULTS, Settings
from schemas.tables import declared_tables
from schemas.tables.declaration import Table


def find_jobs(settings: Settings = DEFAULTS) -> list[Job]:
    """Every module of package `jobs` that declares one, in the order they run."""
    names = [info.name for info in iter_modules(jobs.__path__) if not info.ispkg]  # packages: shared
    found = [job for name in names if (job := find_job(name, settings))]
    return order_jobs(found, declared_tables())


def find_job(name: str, settings: Settings = DEFAULTS) -> Job | None:
    """The job of module `jobs/<name>.py`: its `JOB`, or what its `declare(settings)` makes of the settings.

    None when the module declares none. MaidianError when it declares one of another name, or settings there are not.
    """
    module = import_module(f"{jobs.__name__}.{name}")
    job: Job | None = module.declare(settings) if hasattr(module, "declare") else getattr(module, "JOB", None)
    if job is None:
        return None
    if job.table != name:
        raise MaidianError(f"jobs/{name}.py makes table {job.table}; job and table share one name")
    for setting in job.settings:
        if setting not in settings.__struct_fields__:
            raise MaidianError(f"job {name}: there is no setting {setting}; declare it in schemas/settings.py")
    table = declared_tables().get(name)
    newest_days = settings.mart_days if table and table.is_mart else None
    return replace(job, chosen=settings.chosen(job.settings), newest_days=newest_days)


def order_jobs(found: Sequence[Job], tables: Mapping[str, Table]) -> list[Job]:
    """The jobs so that each comes after those whose tables it reads; among equals, by name.

    MaidianError names the job that is declared wrongly: an unknown table, a table made twice, a circle.
    """
    _check(found, tables)
    waiting = {job.table: job for job in sorted(found, key=lambda job: job.table)}
    ordered: list[Job] = []
    while waiting:
        ready = [job for job in waiting.values() if not any(read.table in waiting for read in job.inputs)]
        if not ready:
            raise MaidianError(f"these jobs read each other's tables in a circle: {', '.join(waiting)}")
        ordered.append(ready[0])
        del waiting[ready[0].table]
    return ordered


def in_levels(ordered: Sequence[Job]) -> list[list[Job]]:
    """The jobs in groups: those of one group read no table of their own group or of a later one."""
    level_of: dict[str, int] = {}
    for job in ordered:
        level_of[job.table] = 1 + max(
            (level_of[read.table] for read in job.inputs if read.table in level_of), default=-1
        )
    levels = range(1 + max(level_of.values(), default=-1))
    return [[job for job in ordered if level_of[job.table] == level] for level in levels]


def with_upstream(ordered: Sequence[Job], wanted: Sequence[str]) -> list[Job]:
    """The jobs of the wanted tables (none: all) and all they depend on, in order.

    UsageError when a table has no job.
    """
    by_table = {job.table: job for job in ordered}
    for table in wanted:
        if table not in by_table:
            raise UsageError(f"no job makes a table {table}; there are: {', '.join(sorted(by_table))}")
    needed = set(wanted or by_table)
    for job in reversed(ordered):
        if job.table in needed:
            needed.update(read.table for read in job.inputs)
    return [job for job in ordered if job.table in needed]


def _check(found: Sequence[Job], tables: Mapping[str, Table]) -> None:
    made: set[str] = set()
    for job in found:
        if job.table in made:
            raise MaidianError(f"two jobs make table {job.table}; one table, one job")
        made.add(job.table)
        reads = [read.table for read in job.inputs]
        for table in (job.table, *reads):
            if table not in tables:
                raise MaidianError(f"job {job.table}: table {table} is not declared; add schemas/tables/{table}.py")
        if len(set(reads)) < len(reads):
            raise MaidianError(f"job {job.table}: an input is declared twice; declare it once, with the wider window")
        for name in ("narrow", "needed"):
            for table in getattr(job, name) or {}:
                if table not in reads:
                    raise MaidianError(f"job {job.table}: {name} names {table}, which is not one of its inputs")
        if isinstance(job.division, Divided):
            _check_division(job, job.division, tables)


def _check_division(job: Job, division: Divided, tables: Mapping[str, Table]) -> None:
    reads = {read.table for read in job.inputs}
    for table in (*division.keys, *division.whole):
        if table not in reads:
            raise MaidianError(f"job {job.table}: its division names {table}, which is not one of its inputs")
    for read in job.inputs:
        key = division.key_of(read)
        for column in () if key is None else key.meta.root_names():
            if column not in tables[read.table].schema.names:
                raise MaidianError(f"job {job.table}: it is divided by {column}, which is no column of {read.table}")
