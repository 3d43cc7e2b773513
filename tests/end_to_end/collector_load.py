"""Load on a collector that may die at any moment: what was sent, and what of it was answered."""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

BATCH = 10  # events a request: half a batch in landing would show


@dataclass
class Load:
    """Several clients that send batches of events until told to stop; every batch has ids of its own."""

    address: Callable[[], tuple[str, int]]
    key: str
    client_count: int = 6
    pause_seconds: float = 0.0
    sent: set[str] = field(default_factory=set)
    """Batches that were sent, in part or in whole."""
    answered: set[str] = field(default_factory=set)
    """Batches that were answered with 200."""
    refused: dict[int, int] = field(default_factory=dict)
    """Other answers."""

    def __post_init__(self) -> None:
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._clients = [threading.Thread(target=self._send_on, daemon=True) for _ in range(self.client_count)]

    def start(self) -> None:
        for client in self._clients:
            client.start()

    def stop(self) -> None:
        self._is_over.set()
        for client in self._clients:
            client.join(timeout=30)

    def _send_on(self) -> None:
        while not self._is_over.is_set():
            connection = http.client.HTTPConnection(*self.address(), timeout=20)
            try:
                self._send_over(connection)
            except (OSError, http.client.HTTPException):
                self._is_over.wait(0.02)
            finally:
                connection.close()

    def _send_over(self, connection: http.client.HTTPConnection) -> None:
        """Send over one connection until it breaks or closes."""
        connection.connect()
        while not self._is_over.wait(self.pause_seconds):
            batch = str(uuid4())
            with self._lock:
                self.sent.add(batch)
            connection.request("POST", "/v1/events", body_of(batch), {"X-Write-Key": self.key})
            answer = connection.getresponse()
            answer.read()
            with self._lock:
                if answer.status == 200:
                    self.answered.add(batch)
                else:
                    self.refused[answer.status] = self.refused.get(answer.status, 0) + 1
            if answer.will_close:
                return


def body_of(batch: str) -> bytes:
    """The events of one batch."""
    now = datetime.now(UTC).isoformat()
    return json.dumps(
        [
            {
                "event_id": f"{batch}/{n}",
                "event_type": "view",
                "occurred_at": now,
                "anonymous_id": "device-1",
                "sku_id": f"SKU{n}",
                "padding": "x" * 300,
            }
            for n in range(BATCH)
        ]
    ).encode()
