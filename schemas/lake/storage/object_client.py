"""One bucket and prefix of an object store: whole objects in and out, each failure one clear line.

What may go wrong without anybody's fault (a server that restarts, a broken connection) is tried again some times by the
library below, obstore, which is Rust's `object_store`.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from schemas.errors import MaidianError, UsageError
from schemas.lake.storage.environment import CONNECT_SECONDS, RETRIES, RETRY_SECONDS, StoreAccess

if TYPE_CHECKING:
    from obstore.store import S3Store

# Requests under way at once: what one connection waits for, others use. A store answers in tens of milliseconds.
PARALLEL = 16

# A person's to mend: who asks, and where.
ROLE_HOSTS = ("169.254.169.254", "169.254.170.2", "fd00:ec2::254")  # where a machine of AWS asks who it is
REFUSED = re.compile(
    r"<Code>(InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|InvalidToken|ExpiredToken|AuthorizationHeaderMalformed|"
    r"PermanentRedirect|TokenRefreshRequired|RequestTimeTooSkewed)</Code>"
)
ANSWERED = re.compile(r"non-2xx status code: (\d+[\w -]*)")

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class StoreError(MaidianError):
    """The store does not answer, or not as one should."""


class WrongStoreError(UsageError):
    """The store refuses who asks, or there is no such bucket."""


class TakenError(Exception):
    """A conditional write was refused: somebody else wrote first. Whoever writes so knows what that means."""


class Found(NamedTuple):
    """One object: its key below the prefix, its size, and when it was written by the clock of the store."""

    key: str
    byte_count: int
    modified_at: datetime


class Content(NamedTuple):
    """An object's bytes and the tag of this very content."""

    data: bytes
    tag: str


@dataclass(frozen=True)
class ObjectClient:
    """The objects below `prefix` (which may be empty) of a bucket. Keys are relative to it."""

    bucket: str
    prefix: str
    access: StoreAccess

    @property
    def url(self) -> str:
        """As a person writes it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @cached_property
    def _store(self) -> "S3Store":
        from obstore.store import S3Store

        endpoint, access = self.access.endpoint, self.access
        if endpoint and not endpoint.startswith(("http://", "https://")):
            raise UsageError(f"AWS_ENDPOINT_URL is {endpoint}; write it with http:// or https://")
        if endpoint and access.key_id is None:  # a machine's role is for AWS itself
            raise UsageError(f"who asks {endpoint}? set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            config=access.object_store_options(),  # type: ignore[arg-type] # a typed dictionary of the same keys
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=120),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        )

    def get(self, key: str) -> Content | None:
        """An object; None when there is none."""
        import obstore

        with self._explained():
            try:
                answer = obstore.get(self._store, key)
                return Content(bytes(answer.bytes()), answer.meta["e_tag"] or "")
            except FileNotFoundError as error:
                self._check_bucket(error)
                return None

    def put(self, key: str, data: bytes | Path) -> None:
        """Write an object, over one that may be there. A file is sent in parts when it is large."""
        import obstore

        with self._explained():
            obstore.put(self._store, key, data)

    def create(self, key: str, data: bytes) -> None:
        """Write an object that is not there yet. TakenError when it is, with other content."""
        self._put_if(key, data, "create")

    def replace(self, key: str, data: bytes, tag: str) -> None:
        """Write an object over the content that the tag is of. TakenError when it holds another by now."""
        self._put_if(key, data, {"e_tag": tag})

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        import obstore

        with self._explained():
            try:
                obstore.head(self._store, key)
            except FileNotFoundError:
                return False
            return True

    def list_all(self, folder: str) -> list[Found]:
        """Every object below a folder, however deep."""
        import obstore

        with self._explained():
            return [_found(one) for batch in obstore.list(self._store, folder) for one in batch]

    def list_folder(self, folder: str) -> tuple[list[Found], list[str]]:
        """The objects of a folder, and the names of the folders in it."""
        import obstore

        with self._explained():
            listed = obstore.list_with_delimiter(self._store, folder or None)
        names = [prefix.rstrip("/").rpartition("/")[2] for prefix in listed["common_prefixes"]]
        return [_found(one) for one in listed["objects"]], names

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are no error."""
        import obstore

        with self._explained():
            obstore.delete(self._store, list(keys))

    def download(self, key: str, path: Path) -> None:
        """Write an object to a file, which appears whole. StoreError when there is no such object."""
        import obstore

        temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._explained(), temporary.open("wb") as file:
                for chunk in obstore.get(self._store, key).stream():
                    file.write(chunk)
            temporary.rename(path)
        except FileNotFoundError:
            raise StoreError(f"{self.url}/{key} is not there any more; run the command again") from None
        finally:
            temporary.unlink(missing_ok=True)

    def each(self, action: Callable[[Given], Answer], given: Iterable[Given]) -> list[Answer]:
        """Do the same with many objects, several at once; the answers in order."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(action, given))

    def _put_if(self, key: str, data: bytes, mode: Any) -> None:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._explained():
            try:
                obstore.put(self._store, key, data, mode=mode)
            except (AlreadyExistsError, PreconditionError):
                # A first try may have come through, and its answer been lost: then it was us.
                there = self.get(key)
                if there is None or there.data != data:
                    raise TakenError(key) from None
            except FileNotFoundError as error:  # If-Match upon an object that is gone
                self._check_bucket(error)
                raise TakenError(key) from None

    def _check_bucket(self, error: FileNotFoundError) -> None:
        if "NoSuchBucket" in str(error):
            raise self._no_bucket()

    def _no_bucket(self) -> WrongStoreError:
        return WrongStoreError(f"there is no bucket {self.bucket} at {self.access.name}; create it, or check the name")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            text = str(error)
            if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in text:
                raise
            raise self._explain(text) from error

    def _explain(self, text: str) -> MaidianError:
        if "NoSuchBucket" in text:
            return self._no_bucket()
        refused = REFUSED.search(text)
        if any(host in text for host in ROLE_HOSTS):
            return WrongStoreError(
                f"nobody says who asks for {self.url}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or give this machine a role"
            )
        answered = ANSWERED.search(text)
        if refused or (answered and answered.group(1).startswith(("401", "403"))):
            code = refused.group(1) if refused else "403 Forbidden"
            return WrongStoreError(
                f"{self.access.name} does not let these keys at {self.url} ({code}); check AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY and AWS_REGION, and what the user may do"
            )
        reason = f"answers {answered.group(1).strip()}" if answered else "does not answer"
        return StoreError(f"the object store of {self.url} {reason}; check {self.access.name}, then run it again")


def _found(meta: Any) -> Found:
    return Found(meta["path"], meta["size"], meta["last_modified"])
