"""How an object store is reached: what the standard AWS environment variables say, in the words of each library.

Nothing of it is ever written to a lake. Without keys in the environment each library looks for those of the machine's role.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEME = "s3://"

FileAt = Path | str
"""Where a data file is: a path, or the URL of an object."""

# A store that is there answers in milliseconds. One that is away must not hold a person up for minutes.
CONNECT_SECONDS = 5
RETRIES = 4
RETRY_SECONDS = 20

# Only stores that call for one read it; AWS itself answers with the right one when it is wrong.
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class StoreAccess:
    """Where the store is and who asks. `endpoint` is None for AWS itself; keys are None for the machine's own role."""

    endpoint: str | None
    region: str
    key_id: str | None = field(repr=False)
    secret: str | None = field(repr=False)
    token: str | None = field(repr=False)

    @property
    def name(self) -> str:
        """The store, for a person."""
        return self.endpoint or "AWS"

    def object_store_options(self) -> dict[str, str]:
        """In the words of the `object_store` library, which Polars and obstore read with."""
        options = {
            "aws_region": self.region,
            "aws_endpoint_url": self.endpoint,
            "aws_access_key_id": self.key_id,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.token,
            "aws_allow_http": "true" if self.endpoint and self.endpoint.startswith("http://") else None,
        }
        return {name: value for name, value in options.items() if value is not None}

    def arrow_options(self) -> dict[str, Any]:
        """In the words of pyarrow's S3FileSystem."""
        scheme, _, host = (self.endpoint or "https://").partition("://")
        return {
            "region": self.region,
            "scheme": scheme,
            "endpoint_override": host.rstrip("/") or None,
            "access_key": self.key_id,
            "secret_key": self.secret,
            "session_token": self.token,
            "connect_timeout": CONNECT_SECONDS,
        }


def read_access() -> StoreAccess:
    """What the environment says now."""
    return StoreAccess(
        endpoint=_first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        region=_first("AWS_REGION", "AWS_DEFAULT_REGION") or DEFAULT_REGION,
        key_id=_first("AWS_ACCESS_KEY_ID"),
        secret=_first("AWS_SECRET_ACCESS_KEY"),
        token=_first("AWS_SESSION_TOKEN"),
    )


def polars_options(file: FileAt) -> dict[str, Any]:
    """What `polars.scan_parquet` must be told to reach a file. Its own search for keys imports what may not be there."""
    if isinstance(file, Path):
        return {}
    options = {**read_access().object_store_options(), "max_retries": RETRIES}
    return {"storage_options": options, "credential_provider": None}


def _first(*names: str) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)
