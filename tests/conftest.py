"""What every test may use: the shared real data, and how hard hypothesis looks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infra.local.flink.cluster import SessionCluster
from infra.local.kafka.broker import Broker
from infra.local.process import free_ports
from schemas.lake.place import StorePlace
from tests.local_broker import run_folder, shared_broker, shared_server, skip_without_programs
from tests.object_store import ObjectStore, use_store

REPOSITORY = Path(__file__).parent.parent

# A shared machine stalls now and then, so time is no property of ours; pytest-timeout catches what hangs.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# In CI the same examples every time: a red run is then about the change, never about the draw.
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
# By hand, to look longer: HYPOTHESIS_PROFILE=long make test
settings.register_profile("long", parent=settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets: MAIDIAN_SHARED_DATA, else ../shared/data beside the repository."""
    folder = Path(os.environ.get("MAIDIAN_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set MAIDIAN_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker for the whole run; take topics of your own in it, and leave it alive."""
    skip_without_programs()
    with shared_broker(run_folder(tmp_path_factory)) as broker:
        yield broker


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A real Kafka broker that is not started yet, for one test to start, stop and kill."""
    skip_without_programs()
    broker = Broker(tmp_path / "kafka", *free_ports(2))
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def flink_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionCluster]:
    """A real Flink cluster with two task managers; a test that kills a part starts it again."""
    skip_without_programs()
    cluster = SessionCluster(tmp_path_factory.mktemp("flink"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real S3 server for the whole run; take a bucket of your own in it, and leave it alive."""
    folder = run_folder(tmp_path_factory, "shared_object_store")
    with shared_server(folder, 1, lambda ports: ObjectStore(folder / "server", *ports)) as store:
        yield store


@pytest.fixture
def store_place(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StorePlace:
    """Where a lake can be made in a bucket of its own; the environment says how to reach it."""
    use_store(monkeypatch, object_store.url, tmp_path / "work")
    return StorePlace(object_store.make_bucket(), "shops/one")
