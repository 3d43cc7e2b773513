"""A Kafka topic as the landing: what `kafka://host:9092,host2:9092/topic` means, and how clients connect to it.

Properties of the client (librdkafka's names, such as `security.protocol`) come from the table `[kafka]` of a TOML file,
and from the environment: MAIDIAN_KAFKA_SASL_PASSWORD is `sasl.password`. The environment wins, and is where secrets go.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import MaidianError, UsageError
from schemas.toml_file import read_toml

SCHEME = "kafka://"
ENVIRONMENT_PREFIX = "MAIDIAN_KAFKA_"
SETTINGS_VARIABLE = "MAIDIAN_KAFKA_SETTINGS"

REQUEST_SECONDS = 10.0
"""How long a question to the broker may take before it counts as away; a broker that is there answers in milliseconds."""

SOURCE_HEADER = "source"
"""The header of a record that names its source; without one it is the topic's."""

_ADDRESS = re.compile(r"kafka://(?P<servers>[^/\s,]+(?:,[^/\s,]+)*)/(?P<name>[A-Za-z0-9._-]{1,249})")


class BrokerAwayError(MaidianError):
    """The broker does not answer; it may be back any moment."""


@dataclass(frozen=True)
class KafkaTopic:
    """One topic of one cluster; `settings` is the file with the client's properties. Plain values, so that it travels."""

    servers: str
    name: str
    settings: str | None = None

    def __str__(self) -> str:
        return f"{SCHEME}{self.servers}/{self.name}"


def parse_topic(text: str, settings: Path | None = None) -> KafkaTopic:
    """The topic that an address names. UsageError when it names none."""
    found = _ADDRESS.fullmatch(text)
    if found is None or found["name"] in (".", ".."):
        raise UsageError(f"{text} is no topic; write kafka://HOST:PORT/TOPIC, with several HOST:PORT between commas")
    return KafkaTopic(found["servers"], found["name"], str(settings) if settings else None)


def client_properties(topic: KafkaTopic, ours: Mapping[str, Any] = {}) -> dict[str, Any]:
    """What a client of the topic is made with. `ours` are what correctness needs; nothing can change them."""
    return {
        "log_level": 2,  # it logs each failed connection, once a second; callers say once what it means
        "log.connection.close": False,
        **_from_file(topic.settings),
        **_from_environment(os.environ),
        "bootstrap.servers": topic.servers,
        "client.id": "maidian",
        **ours,
    }


def require_library() -> None:
    """UsageError when the library for Kafka is not installed."""
    try:
        import confluent_kafka  # noqa: F401
    except ImportError:
        raise UsageError("a Kafka landing needs the library confluent-kafka; pip install 'maidian[kafka]'") from None


def check_properties(topic: KafkaTopic) -> None:
    """UsageError when no client can be made with the properties. It is tried in another process.

    The library starts threads, and whoever asks may be about to fork.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        fault = other.submit(_fault_of, client_properties(topic)).result()
    if fault:
        raise UsageError(f"the Kafka client refuses its properties: {fault}; see [kafka] in {topic.settings}")


def _fault_of(properties: dict[str, Any]) -> str | None:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    try:
        AdminClient(properties)
    except (KafkaException, TypeError, ValueError) as error:
        first = error.args[0]
        return str(first.str() if isinstance(error, KafkaException) else first)
    return None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("_", "."): value
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX) and name != SETTINGS_VARIABLE
    }


def _from_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    missing = f"no Kafka settings file {path}; check the path"
    document = read_toml(Path(path), f"Kafka settings {path}", if_missing=missing).keys
    table = document.get("kafka", {})
    if not isinstance(table, dict):
        raise UsageError(f"Kafka settings {path}: [kafka] must be a table of the client's properties")
    return flat_properties(table)


def flat_properties(table: Mapping[str, Any]) -> dict[str, Any]:
    """`security.protocol = "SSL"` without quotes around the name is a table in a table to TOML; both mean the same."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{rest}": inner for rest, inner in flat_properties(value).items()}
        else:
            flat[name] = value
    return flat
