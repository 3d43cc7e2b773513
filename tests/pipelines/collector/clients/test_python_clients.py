"""The real Python clients, unmodified, send all six kinds; the events in the lake equal what was sent."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sensorsanalytics
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from tests.pipelines.collector.clients.collector_under_test import (
    SIX_KINDS,
    Collector,
    assert_six_kinds,
    running,
)

pytestmark = [
    pytest.mark.ci,  # one collector, eight clients, one ingest: about ten seconds on a free machine
    # The thread of AsyncBatchConsumer still says isSet; as an error it would end the thread, and close() wait for ever.
    pytest.mark.filterwarnings("ignore:isSet:DeprecationWarning"),
]

PERSON = SIX_KINDS["person"]
SENSORS = {
    "sensors": sensorsanalytics.DefaultConsumer,
    "sensors-batch": sensorsanalytics.BatchConsumer,
    "sensors-async": sensorsanalytics.AsyncBatchConsumer,
    "sensors-debug": partial(sensorsanalytics.DebugConsumer, write_data=True),
    "sensors-dry-run": partial(sensorsanalytics.DebugConsumer, write_data=False),
}
SOURCES = ["segment", "segment-zip", "rudder", *SENSORS]
STARTED_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


def happened_at(number: int, source: str) -> datetime:
    """Another moment for each source: without an id of its own an event is told apart by what it says."""
    return STARTED_AT + timedelta(seconds=number, milliseconds=SOURCES.index(source))


def send_segment(url: str, key: str, *, is_zipped: bool) -> None:
    client = SegmentClient(key, host=url, gzip=is_zipped, max_retries=0, on_error=refuse)
    for number, call in enumerate(SIX_KINDS["segment"]):
        client.track(
            PERSON["buyer"],
            call["event"],
            call["properties"],
            context={"groupId": PERSON["customer"], "ip": "203.0.113.7"},
            anonymous_id=PERSON["device"],
            timestamp=happened_at(number, key.removeprefix("key-of-")),
            message_id=f"{key}-{number}",
        )
    client.identify(PERSON["buyer"], {"email": "buyer@shop.example"})
    client.group(PERSON["buyer"], PERSON["customer"], {"name": "某药店"})
    client.page(PERSON["buyer"], "shop", "home")
    client.flush()
    client.join()


def send_rudder(url: str, key: str) -> None:
    client = RudderClient(key, host=url, gzip=True, max_retries=0, on_error=refuse)
    for number, call in enumerate(SIX_KINDS["segment"]):
        client.track(
            PERSON["buyer"],
            call["event"],
            call["properties"],
            context={"groupId": PERSON["customer"]},
            anonymous_id=PERSON["device"],
            timestamp=happened_at(number, key.removeprefix("key-of-")),
            message_id=f"{key}-{number}",
        )
    client.flush()
    client.join()


def send_sensors(url: str, key: str, consumer_class: Callable[[str], Any]) -> None:
    client = sensorsanalytics.SensorsAnalytics(consumer_class(f"{url}/sa?project={key}"), enable_time_free=True)
    for number, call in enumerate(SIX_KINDS["sensors"]):
        properties = dict(call["properties"])
        if "products" in properties:  # the client takes lists of texts alone
            properties["products"] = [json.dumps(product, ensure_ascii=False) for product in properties["products"]]
        properties["company_id"] = PERSON["customer"]
        properties["$time"] = int(happened_at(number, key.removeprefix("key-of-")).timestamp() * 1000)
        client.track(PERSON["buyer"], call["event"], properties, is_login_id=True)
    client.profile_set(PERSON["buyer"], {"name": "采购员"}, is_login_id=True)
    client.track(PERSON["buyer"], "AddToCart", {"sku_id": "YP1"}, is_login_id=True)
    client.close()


def refuse(error: Exception, _batch: object) -> None:
    raise error


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    lake = tmp_path_factory.mktemp("clients") / "lake"
    with running(lake, SOURCES) as collector:
        send_segment(collector.url, "key-of-segment", is_zipped=False)
        send_segment(collector.url, "key-of-segment-zip", is_zipped=True)
        send_rudder(collector.url, "key-of-rudder")
        for source, consumer in SENSORS.items():
            send_sensors(collector.url, f"key-of-{source}", consumer)
    collector.ingest()
    return collector


@pytest.mark.parametrize("source", ["segment", "segment-zip", "rudder"])
def test_segment_family(collector: Collector, source: str) -> None:
    events = collector.events(source)
    assert_six_kinds(events, customer_id=PERSON["customer"], buyer_id=PERSON["buyer"], anonymous_id=PERSON["device"])
    assert events["client_at"].to_list() == [happened_at(number, source) for number in range(6)]
    assert events["event_id"].to_list() == [f"key-of-{source}-{number}" for number in range(6)]
    assert "203.0.113.7" not in "".join(events["properties"])


@pytest.mark.parametrize("source", [source for source in SENSORS if source != "sensors-dry-run"])
def test_sensors(collector: Collector, source: str) -> None:
    events = collector.events(source)
    assert_six_kinds(events, customer_id=PERSON["customer"], buyer_id=PERSON["buyer"], absent=("sent_at",))
    assert events["client_at"].to_list() == [happened_at(number, source) for number in range(6)]


def test_a_dry_run_is_checked_and_not_kept(collector: Collector) -> None:
    assert collector.events("sensors-dry-run").height == 0


def test_what_no_mapping_knows_is_kept_where_ingest_does_not_look(collector: Collector) -> None:
    kept: dict[str, list[str]] = {}
    for path in sorted((collector.lake / "landing" / ".unmapped").rglob("*.ndjson")):
        names = [json.loads(line)["name"] for line in path.read_text(encoding="utf-8").splitlines()]
        kept.setdefault(path.parent.name, []).extend(names)
    assert kept == {
        "segment": ["page"],
        "segment-zip": ["page"],
        "sensors": ["AddToCart"],
        "sensors-batch": ["AddToCart"],
        "sensors-async": ["AddToCart"],
        "sensors-debug": ["AddToCart"],
    }
    texts = [path.read_text(encoding="utf-8") for path in (collector.lake / "landing").rglob("*.ndjson")]
    assert texts
    assert not any("buyer@shop.example" in text or '"writeKey"' in text for text in texts)
