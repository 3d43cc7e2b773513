"""What bounds the Kafka landing, and the numbers it tells about itself."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class KafkaLandingLimits:
    """How long the broker may take, and how much may wait."""

    delivery_seconds: float = 5.0
    """Without an acknowledgement for so long the broker counts as away; a client waits ten seconds and more."""
    max_spool_bytes: int = 1024 * 1024 * 1024
    max_waiting_bytes: int = 64 * 1024 * 1024
    """Requests under way to the broker, in one process. More are told to come again."""


@dataclass
class KafkaNumbers:
    """What became of lines since the start, and how things are now; for the metrics."""

    delivered_count: int = 0
    """Acknowledged by the broker at once."""
    spooled_count: int = 0
    """Put on disk, because the broker was away."""
    forwarded_count: int = 0
    """Sent from disk later; more than were spooled here when another process's are among them."""
    refused_count: int = 0
    """Set aside, because the broker will never take them."""
    spool_bytes: int = 0
    is_away: bool = False
