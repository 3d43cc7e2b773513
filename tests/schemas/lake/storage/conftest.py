"""A new lake in a bucket of its own."""

import pytest

from schemas.lake.lake import Lake, create_lake
from schemas.lake.place import StorePlace
from schemas.lake.storage.object_client import ObjectClient
from schemas.lake.storage.object_lake import client_of


@pytest.fixture
def lake(store_place: StorePlace) -> Lake:
    return create_lake(store_place)


@pytest.fixture
def client(store_place: StorePlace) -> ObjectClient:
    return client_of(store_place)
