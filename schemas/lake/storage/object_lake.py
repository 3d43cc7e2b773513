"""A lake in an object store: what is published lies there, what is being made on this machine.

The folder on this machine (`Lake.path`) holds staging, decoded ranges that are not published yet, locks against other
commands of this machine, and copies: of data files, of the ingest's index, and of what people wrote into the lake
(settings.toml, exports.toml with its files, audiences). It can be removed whenever no command is at work: at most work is
done again.
"""

import hashlib
import os
from datetime import UTC, datetime
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path

import msgspec

from schemas.errors import MaidianError, UsageError
from schemas.lake.durable import write_durably
from schemas.lake.lake import DEFAULT_TIME_ZONE, FORMAT, Lake, LakeMetadata, absolute, check_zone, checked_zone
from schemas.lake.place import StorePlace
from schemas.lake.storage.environment import StoreAccess, read_access
from schemas.lake.storage.kept_files import ObjectFiles
from schemas.lake.storage.object_client import ObjectClient, TakenError
from schemas.lake.storage.objects import ObjectTables

WORK_VARIABLE = "MAIDIAN_WORK"
"""The folder on this machine, instead of one in the user's cache. Commands of one machine should share it."""

METADATA = "lake.json"
PEOPLE_FOLDERS = ("", "audiences")
"""Where people put files: exports.toml and the like at the top, definitions of lists below `audiences`."""


def is_object_lake(place: StorePlace) -> bool:
    """Whether there is a lake."""
    return client_of(place).get(METADATA) is not None


def create_object_lake(place: StorePlace, time_zone: str | None) -> Lake:
    """Make a lake, or open the one that is there. MaidianError for a store that does not keep to conditions."""
    if is_object_lake(place):
        return open_object_lake(place, time_zone)
    client = client_of(place)
    zone = time_zone or DEFAULT_TIME_ZONE
    check_zone(zone)
    made = LakeMetadata(format=FORMAT, time_zone=zone, created_at=datetime.now(UTC).isoformat(timespec="seconds"))
    content = msgspec.json.format(msgspec.json.encode(made)) + b"\n"
    try:
        client.create(METADATA, content)
    except TakenError:  # another process was first
        return open_object_lake(place, time_zone)
    _check_conditions(client, content)
    return open_object_lake(place, time_zone)


def open_object_lake(place: StorePlace, time_zone: str | None) -> Lake:
    """Open a lake and have what people wrote into it on this machine. UsageError as of a lake that is a folder."""
    client = client_of(place)
    content = client.get(METADATA)
    if content is None:
        raise UsageError(f"no lake at {place}; make one with `maidian init --lake {place}`")
    zone = checked_zone(content.data, str(place), time_zone)
    path = work_folder(place, client.access)
    path.mkdir(parents=True, exist_ok=True)
    client.each(partial(_copy_people_files, client, path), PEOPLE_FOLDERS)
    return Lake(path, zone, place)


def tables_of(lake: Lake) -> ObjectTables:
    """Its tables: one and the same, that manifests are read once."""
    assert lake.place is not None
    return _tables(client_of(lake.place), lake.path / "cache")


def kept_files_of(lake: Lake) -> ObjectFiles:
    """Its other files."""
    assert lake.place is not None
    return ObjectFiles(client_of(lake.place), lake.path)


def client_of(place: StorePlace) -> ObjectClient:
    """Who reaches it, as the environment says now."""
    return _client(place, read_access())


def work_folder(place: StorePlace, access: StoreAccess) -> Path:
    """The folder on this machine for that lake."""
    given = os.environ.get(WORK_VARIABLE)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = hashlib.blake2b(f"{access.name} {place}".encode(), digest_size=8).hexdigest()
    return absolute(Path(given or Path(cache, "maidian"), name))


@lru_cache(maxsize=16)
def _client(place: StorePlace, access: StoreAccess) -> ObjectClient:
    if find_spec("obstore") is None:
        raise UsageError(f"a lake at {place} needs the library obstore; install it: pip install 'maidian[s3]'")
    return ObjectClient(place.bucket, place.prefix, access)


@lru_cache(maxsize=16)
def _tables(client: ObjectClient, cache: Path) -> ObjectTables:
    return ObjectTables(client, cache)


def _check_conditions(client: ObjectClient, content: bytes) -> None:
    """Two writers are kept apart by conditional writes alone, so a store that ignores conditions will not do."""
    for is_refused in (_is_creation_refused, _is_replacement_refused):
        if not is_refused(client, content):
            client.delete([METADATA])
            raise MaidianError(
                f"{client.access.name} ignores the conditions If-None-Match and If-Match of writes, by which two "
                "writers are kept apart; use a store that keeps to them (AWS S3 and most others do)"
            )


def _is_creation_refused(client: ObjectClient, content: bytes) -> bool:
    try:
        client.create(METADATA, content + b"\n")
    except TakenError:
        return True
    return False


def _is_replacement_refused(client: ObjectClient, content: bytes) -> bool:
    try:
        client.replace(METADATA, content + b"\n", '"0123456789abcdef0123456789abcdef"')
    except TakenError:
        return True
    return False


def _copy_people_files(client: ObjectClient, path: Path, folder: str) -> None:
    objects, _ = client.list_folder(folder)
    wanted = {one.key for one in objects if one.key != METADATA}
    (path / folder).mkdir(exist_ok=True)
    for there in (path / folder).iterdir():
        if there.is_file() and not there.name.startswith(".") and f"{folder}/{there.name}".lstrip("/") not in wanted:
            there.unlink(missing_ok=True)
    for key in wanted:
        content = client.get(key)
        if content:
            write_durably(path / key, content.data)
