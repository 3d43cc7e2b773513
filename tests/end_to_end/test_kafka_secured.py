"""A broker that wants TLS and a password: what `[kafka]` and the environment say reaches collector and ingest alike."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from infra.local.kafka.broker import Broker
from infra.local.process import free_ports
from tests.end_to_end.commands import command_line, environment, glob_of, maidian
from tests.local_broker import skip_without_programs
from tests.pipelines.collector.collector_process import SOURCE, collecting

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

PASSWORD = "of-maidian"
JAAS = "org.apache.kafka.common.security.plain.PlainLoginModule required"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 in one file, signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no certificate without openssl; install it")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run([*command, *more], check=True, capture_output=True)
    (folder / "both.pem").write_bytes(key.read_bytes() + certificate.read_bytes())
    return folder / "both.pem"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Broker]:
    """A broker with one listener for clients, SASL_SSL."""
    skip_without_programs()
    port, controller_port = free_ports(2)
    listeners = f"SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
    broker = Broker(
        tmp_path_factory.mktemp("secured") / "kafka",
        port,
        controller_port,
        {
            "listeners": listeners,
            "advertised.listeners": f"SASL_SSL://127.0.0.1:{port}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": (
                f'{JAAS} username="broker" password="own" user_broker="own" user_maidian="{PASSWORD}";'
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(certificate),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(certificate.with_name("certificate.pem")),
        },
    )
    broker.start()
    yield broker
    broker.kill()


def until(is_so: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.2)


def test_events_reach_the_lake_through_tls_and_a_password_and_wait_while_it_is_wrong(
    secured: Broker, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(certificate.with_name("certificate.pem")),
        "sasl.mechanism": "PLAIN",
        "sasl.username": "maidian",
    }
    admin = AdminClient({**client, "sasl.password": PASSWORD, "bootstrap.servers": secured.bootstrap, "log_level": 2})
    admin.create_topics([NewTopic("events", 2, 1)])["events"].result(30)
    table = "".join(f'{name} = "{value}"\n' for name, value in client.items())
    settings = f"workers = 1\ndelivery_seconds = 3\n{SOURCE}\n[kafka]\n{table}"
    topic = f"kafka://{secured.bootstrap}/events"
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def event(name: str) -> str:
        return f'{{"event_id":"{name}","event_type":"view","occurred_at":"{at}","customer_id":"C1","sku_id":"A"}}'

    monkeypatch.setenv("MAIDIAN_KAFKA_SASL_PASSWORD", "mistyped")
    with collecting(tmp_path, settings, "--landing", topic) as collector:
        assert collector.post(event("kept-in-the-spool")).status == 200
        assert collector.metrics()["kafka_workers_away"] == 1
        assert "does not take events" in collector.log
        assert "Authentication failed" in collector.log
        assert "mistyped" not in collector.log

    monkeypatch.setenv("MAIDIAN_KAFKA_SASL_PASSWORD", PASSWORD)
    with collecting(tmp_path, settings, "--landing", topic) as collector:
        until(lambda: collector.metrics()["kafka_workers_away"] == 0, "the spool was not sent")
        assert collector.post(event("sent-at-once")).status == 200
        assert collector.metrics()["kafka_delivered_events_total"] == 1
        assert PASSWORD not in collector.log

    maidian("init", "--lake", tmp_path, "--time-zone", "UTC")
    secrets = {"MAIDIAN_KAFKA_SETTINGS": str(tmp_path / "collector.toml"), "MAIDIAN_KAFKA_SASL_PASSWORD": PASSWORD}
    ingest = command_line("ingest", "--lake", tmp_path, "--landing", topic)
    subprocess.run(ingest, check=True, capture_output=True, env={**environment(), **secrets})
    ids = duckdb.sql(f"SELECT event_id FROM read_parquet('{glob_of(tmp_path, 'events')}') ORDER BY 1").fetchall()
    assert ids == [("kept-in-the-spool",), ("sent-at-once",)]
