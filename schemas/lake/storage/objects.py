"""Tables in an object store: files are written to their final keys, and one small object says which snapshot counts.

    <table>/current                         the pointer: `snapshots/<id>`
    <table>/snapshots/<id>.json             the manifest; it names every file and the snapshot that brought it
    <table>/snapshots/<id>/<partition>/…    the files that the snapshot brought, plain Parquet

A file belongs to the snapshot that first had it, and later manifests refer to it: nothing is copied. Keys are never written
twice. What nobody's manifest names is garbage, and goes when it is older than any publish may take.

The pointer is written on the condition that it still holds what the publisher read (If-Match, If-None-Match): of two
publishers one wins, and no lock is needed. See docs/decisions/0019-object-store.md.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from schemas.errors import MaidianError
from schemas.lake.manifest import DataFile, Manifest, decode_manifest, describe_file
from schemas.lake.snapshots import Snapshot
from schemas.lake.storage.environment import FileAt
from schemas.lake.storage.file_cache import fetch, remove_unused
from schemas.lake.storage.new_manifest import check_unmoved, files_of, moved_on, new_id, new_manifest
from schemas.lake.storage.object_client import ObjectClient, StoreError, TakenError
from schemas.lake.storage.tables import Change, NewFile
from schemas.tables.declaration import Table

# Whatever is asked for: a publish under way has files that no manifest names yet.
LONGEST_PUBLISH = timedelta(days=1)

# Enough for `gc` to read each once; an ingest that follows for weeks makes thousands.
KNOWN_MANIFESTS = 500


class _Pointer(NamedTuple):
    snapshot_id: str
    tag: str


@dataclass(frozen=True)
class ObjectTables:
    """The tables of a lake in an object store. `cache` is a folder for copies of files on this machine.

    `_known` holds manifests that were read: they never change.
    """

    client: ObjectClient
    cache: Path
    _known: dict[tuple[str, str], Manifest] = field(default_factory=dict, compare=False, repr=False)
    _counted: dict[str, tuple[frozenset[str], Counter[str]]] = field(default_factory=dict, compare=False, repr=False)

    def names(self) -> list[str]:
        """Those with a pointer."""
        _, folders = self.client.list_folder("")
        has_pointer = self.client.each(lambda name: self.client.exists(_pointer_key(name)), folders)
        return sorted(name for name, is_table in zip(folders, has_pointer, strict=True) if is_table)

    def current(self, table: str) -> Snapshot | None:
        """What the pointer says."""
        pointer = self._pointer(table)
        return self.snapshot(table, pointer.snapshot_id) if pointer else None

    def currents(self, tables: Iterable[str]) -> dict[str, Snapshot | None]:
        """What each pointer says, several asked at once."""
        asked = list(tables)
        return dict(zip(asked, self.client.each(self.current, asked), strict=True))

    def snapshot_ids(self, table: str) -> list[str]:
        """Those with a manifest: it is written last."""
        return sorted(self._manifests(table))

    def snapshot(self, table: str, snapshot_id: str) -> Snapshot:
        """With the files where each was first written."""
        return Snapshot(f"{self.client.url}/{table}/snapshots/{snapshot_id}", self._manifest(table, snapshot_id))

    def fetch(self, files: Iterable[FileAt]) -> list[Path]:
        """From the cache, or from the store into the cache."""
        keys = [self._key(str(file)) for file in files]
        if not all((self.cache / key).exists() for key in keys):
            remove_unused(self.cache)
        return fetch(self.client, self.cache, keys)

    def publish(
        self, table: Table, base: Snapshot | None, change: Change, state: dict[str, Any], staging: Path
    ) -> Snapshot:
        """Write the new files, the manifest, and then the pointer if it is still the one read now."""
        pointer = self._pointer(table.name)
        check_unmoved(table.name, self.snapshot(table.name, pointer.snapshot_id) if pointer else None, base)
        snapshot_id = new_id()
        partitions: dict[str, list[DataFile]] = {}
        uploads = []
        for value, kept, added in files_of(base, change):
            stays = [_from(base, file) for file in kept]
            partitions[value] = [*stays, *(describe_file(new.path, new.row_count, new.name) for new in added)]
            folder = f"{_folder(table.name)}/{snapshot_id}/{table.partition}={value}"
            uploads += [(f"{folder}/{new.name}", new) for new in added]
        self.client.each(self._upload, uploads)
        manifest = new_manifest(table, snapshot_id, base, partitions, state)
        try:
            self.client.create(_manifest_key(table.name, snapshot_id), msgspec.json.encode(manifest))
            self._point(table.name, pointer, snapshot_id)
        except TakenError:
            raise moved_on(table.name) from None
        self._remember(manifest)
        return self.snapshot(table.name, snapshot_id)

    def roll_back(self, table: str, snapshot_id: str) -> Snapshot:
        """Write the pointer, then look whether the snapshot is still there: `gc` looks the other way round."""
        before = self._pointer(table)
        snapshot = self.snapshot(table, snapshot_id)
        try:
            self._point(table, before, snapshot_id)
            if not self.client.exists(_manifest_key(table, snapshot_id)):
                if before:
                    self._point(table, self._pointer(table), before.snapshot_id)
                raise MaidianError(f"table {table}: {snapshot_id} was collected as garbage just now; choose another")
        except TakenError:
            raise moved_on(table) from None
        return snapshot

    def left_at(self, table: str) -> dict[str, datetime]:
        """When each manifest was last written: `_point` writes that of the one it leaves again."""
        return self._manifests(table)

    def own_bytes(self, table: str, snapshot_ids: Iterable[str]) -> list[int]:
        """Of files that no other manifest names."""
        asked = list(snapshot_ids)
        named = self._named(table) if asked else Counter()
        return self.client.each(lambda one: _own_bytes(self.snapshot(table, one), named), asked)

    def remove_snapshot(self, table: str, snapshot_id: str) -> None:
        """First the manifest, then a look at the pointer, then the files that no other manifest names."""
        key = _manifest_key(table, snapshot_id)
        manifest = self.client.get(key)
        if manifest is None:
            return
        own = self.snapshot(table, snapshot_id)
        pointer = self._pointer(table)
        if pointer is None or pointer.snapshot_id != snapshot_id:
            self.client.delete([key])
            pointer = self._pointer(table)
        if pointer and pointer.snapshot_id == snapshot_id:
            self.client.put(key, manifest.data)
            raise MaidianError(f"table {table} was rolled back to {snapshot_id} just now; it stays")
        # Once counted is enough: what nobody named then, only a publish upon this very snapshot could name since.
        named = self._forget(own) if snapshot_id in self._counted.get(table, ((), None))[0] else self._named(table)
        self.client.delete(self._key(url) for url in _urls(own) if not named[url])

    def remove_orphans(self, table: str, now: datetime, min_age: timedelta) -> int:
        """Files that no manifest names. They are listed first: one that is named meanwhile was young then."""
        files = [one for one in self.client.list_all(_folder(table)) if not one.key.endswith(".json")]
        named = self._named(table)
        old = [one.key for one in files if now - one.modified_at >= max(min_age, LONGEST_PUBLISH)]
        orphans = [key for key in old if not named[f"{self.client.url}/{key}"]]
        self.client.delete(orphans)
        return len(orphans)

    def _upload(self, upload: tuple[str, NewFile]) -> None:
        key, new = upload
        self.client.put(key, new.path)

    def _pointer(self, table: str) -> _Pointer | None:
        content = self.client.get(_pointer_key(table))
        return _Pointer(content.data.decode().rpartition("/")[2], content.tag) if content else None

    def _point(self, table: str, before: _Pointer | None, snapshot_id: str) -> None:
        """TakenError when the pointer is not what it was. The one that is left gets the time: `gc` counts from there."""
        data = f"snapshots/{snapshot_id}".encode()
        if before is None:
            self.client.create(_pointer_key(table), data)
            return
        left = self.client.get(_manifest_key(table, before.snapshot_id))
        if left:
            self.client.put(_manifest_key(table, before.snapshot_id), left.data)
        self.client.replace(_pointer_key(table), data, before.tag)

    def _manifests(self, table: str) -> dict[str, datetime]:
        objects, _ = self.client.list_folder(_folder(table))
        names = ((one.key.rpartition("/")[2], one.modified_at) for one in objects)
        return {name.removesuffix(".json"): written_at for name, written_at in names if name.endswith(".json")}

    def _manifest(self, table: str, snapshot_id: str) -> Manifest:
        known = self._known.get((table, snapshot_id))
        if known is None:
            key = _manifest_key(table, snapshot_id)
            content = self.client.get(key)
            if content is None:
                raise StoreError(f"{self.client.url}/{key} is missing; roll the table back to an older snapshot")
            known = self._remember(decode_manifest(content.data, f"{self.client.url}/{key}"))
        return known

    def _remember(self, manifest: Manifest) -> Manifest:
        self._known[manifest.table, manifest.id] = manifest
        while len(self._known) > KNOWN_MANIFESTS:
            self._known.pop(next(iter(self._known)), None)
        return manifest

    def _named(self, table: str) -> Counter[str]:
        """By the URL of a file, how many manifests name it."""
        ids = frozenset(self.snapshot_ids(table))
        counted, named = self._counted.get(table, (ids, Counter()))
        if not named or not counted <= ids:
            counted, named = frozenset[str](), Counter[str]()
        for snapshot in self.client.each(partial(self.snapshot, table), ids - counted):
            named.update(_urls(snapshot))
        self._counted[table] = (ids, named)
        return named

    def _forget(self, snapshot: Snapshot) -> Counter[str]:
        """Count the files of a snapshot that is gone no longer."""
        table = snapshot.manifest.table
        counted, named = self._counted[table]
        named.subtract(_urls(snapshot))
        self._counted[table] = (counted - {snapshot.id}, named)
        return named

    def _key(self, url: str) -> str:
        return url.removeprefix(f"{self.client.url}/")


def _urls(snapshot: Snapshot) -> list[str]:
    return [str(snapshot.locate(value, file)) for value, file in snapshot.each_file()]


def _own_bytes(snapshot: Snapshot, named: Counter[str]) -> int:
    files = (file for _, file in snapshot.each_file())
    return sum(file.byte_count for url, file in zip(_urls(snapshot), files, strict=True) if named[url] == 1)


def _from(base: Snapshot | None, file: DataFile) -> DataFile:
    """A file that stays, with the name of the snapshot that brought it."""
    assert base is not None
    return file if file.origin else msgspec.structs.replace(file, origin=base.id)


def _folder(table: str) -> str:
    return f"{table}/snapshots"


def _pointer_key(table: str) -> str:
    return f"{table}/current"


def _manifest_key(table: str, snapshot_id: str) -> str:
    return f"{_folder(table)}/{snapshot_id}.json"
