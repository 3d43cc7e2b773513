"""What an address means, and where the client's properties come from."""

from pathlib import Path

import pytest

from pipelines.kafka_topic import KafkaTopic, check_properties, client_properties, parse_topic
from schemas.errors import UsageError


def test_an_address_names_servers_and_topic() -> None:
    assert parse_topic("kafka://a:9092,b:9093/shop.events") == KafkaTopic("a:9092,b:9093", "shop.events")
    assert str(parse_topic("kafka://a/t")) == "kafka://a/t"


@pytest.mark.parametrize(
    "text",
    ["kafka://", "kafka://a", "kafka://a/", "kafka:///t", "kafka://a/t/u", "kafka://a,/t", "kafka://a/..", "a/t"],
)
def test_what_names_no_topic_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no topic; write kafka://HOST:PORT/TOPIC"):
        parse_topic(text)


def test_properties_come_from_file_and_environment_and_ours_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "collector.toml"
    settings.write_text(
        '[kafka]\nsecurity.protocol = "SASL_SSL"\n"sasl.mechanism" = "PLAIN"\nacks = "0"\n'
        'bootstrap.servers = "elsewhere"\nsasl.password = "in the file"\n[sources.web]\nwrite_keys = ["k"]\n'
    )
    monkeypatch.setenv("MAIDIAN_KAFKA_SASL_PASSWORD", "in the environment")
    monkeypatch.setenv("MAIDIAN_KAFKA_SETTINGS", str(settings))
    found = client_properties(parse_topic("kafka://a:1/t", settings), {"acks": "all"})
    assert found["security.protocol"] == "SASL_SSL"
    assert found["sasl.mechanism"] == "PLAIN"
    assert found["sasl.password"] == "in the environment"
    assert found["bootstrap.servers"] == "a:1"
    assert found["acks"] == "all"
    assert "settings" not in found


@pytest.mark.parametrize(
    ("text", "message"),
    [("[kafka", "is not TOML"), ("kafka = 1", "must be a table"), ("[kafka]\nlingr.ms = 1", "lingr.ms")],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, text: str, message: str) -> None:
    settings = tmp_path / "kafka.toml"
    settings.write_text(text)
    with pytest.raises(UsageError, match=message):
        check_properties(parse_topic("kafka://a:1/t", settings))


def test_settings_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Kafka settings file"):
        client_properties(parse_topic("kafka://a:1/t", tmp_path / "none.toml"))
