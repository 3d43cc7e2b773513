"""What a job remembers in its table's manifest: the code and the inputs its rows came from, and what is left to do."""

import hashlib
import inspect
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jobs.engine.declaration import Job
from schemas.lake.snapshots import Snapshot
from schemas.tables.declaration import Table


class JobStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which job made the rows, and with which settings; `code` is for people to compare.

    A new version or another value of a setting makes every day dirty.
    """

    version: int
    code: str
    settings: dict[str, Any] = {}


class BuildState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a table that a job makes.

    `consumed` is, for each input, the fingerprint of every partition at the time; `inputs` the snapshots these were
    read from. `pending` are the days that these fingerprints touch and that are not rebuilt yet. Days of a mart before
    `exact_from` were too old to be kept exact; of them `asked` stand as they were published when somebody asked.
    `known` are the days there were (not told by older versions): a day that came since is to be built even where no
    input has rows of that day.
    """

    job: JobStamp
    consumed: dict[str, dict[str, str]]
    inputs: dict[str, str]
    pending: list[date] = []
    exact_from: date | None = None
    asked: list[date] = []
    known: list[date] | None = None
    audit: list[dict[str, Any]] = []
    parts: dict[str, int] = {}

    def as_manifest_state(self) -> dict[str, Any]:
        """Plain values, as the manifest holds them."""
        state: dict[str, Any] = msgspec.to_builtins(self)
        return state


def read_state(snapshot: Snapshot | None) -> BuildState | None:
    """What the snapshot remembers; None when no job of ours published it."""
    if snapshot is None or "job" not in snapshot.manifest.state:
        return None
    return msgspec.convert(snapshot.manifest.state, BuildState)


def stamp(job: Job, table: Table) -> JobStamp:
    """The stamp of the job as it is now."""
    compute = job.compute.func if isinstance(job.compute, partial) else job.compute
    source = inspect.getsourcefile(compute)
    code = hashlib.blake2b(Path(source).read_bytes(), digest_size=8).hexdigest() if source else ""
    return JobStamp(version=table.version, code=code, settings=dict(job.chosen))


def is_made_alike(made: JobStamp, job: Job, table: Table) -> bool:
    """Whether rows with that stamp are what the job would make now of the same inputs."""
    return made.version == table.version and made.settings == job.chosen


def fingerprints(snapshot: Snapshot | None) -> dict[str, str]:
    """The fingerprint of every partition."""
    if snapshot is None:
        return {}
    return {value: partition.fingerprint for value, partition in snapshot.manifest.partitions.items()}


def days_of(snapshot: Snapshot | None) -> set[date]:
    """The days a table has a partition for."""
    return {date.fromisoformat(value) for value in snapshot.manifest.partitions} if snapshot else set()
