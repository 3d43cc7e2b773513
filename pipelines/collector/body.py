"""Reading a body: never more of it in memory than is allowed, before unzipping or after, whatever its headers say."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

GZIP_MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 256 * 1024  # of unzipped body that is made before its length is looked at
_MOST_DIGITS = 15  # of a Content-Length; the server has made sure that it is digits


class BodyError(Exception):
    """The request ends here, with `status`; the message is for the client's developer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class DisconnectedError(Exception):
    """The client is gone, or took too long: nobody reads an answer."""


class BodyBudget:
    """What the bodies of one worker may hold together."""

    def __init__(self, max_body_bytes: int, max_buffered_bytes: int) -> None:
        self.max_body_bytes = max_body_bytes
        self._free_bytes = max_buffered_bytes

    def take(self, byte_count: int) -> None:
        """Reserve memory; BodyError 503 when there is none left."""
        if byte_count > self._free_bytes:
            raise BodyError(503, "the collector is busy; send again")
        self._free_bytes -= byte_count

    def give_back(self, byte_count: int) -> None:
        """Let go of memory that was reserved."""
        self._free_bytes += byte_count


class BodyReader:
    """Reads one body; `taken_bytes` of the budget are the reader's until the caller gives them back."""

    def __init__(self, budget: BodyBudget) -> None:
        self.taken_bytes = 0
        self.is_done = False
        """Whether everything the client sends was taken from the connection."""
        self._budget = budget

    async def read(self, receive: Receive, content_length: bytes | None) -> bytes:
        """The whole body, unzipped when its first bytes are gzip's. BodyError or DisconnectedError: there is none."""
        limit = self._budget.max_body_bytes
        if content_length is not None and (len(content_length) > _MOST_DIGITS or int(content_length) > limit):
            raise _too_long(limit)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise DisconnectedError
            part: bytes = message["body"]
            size += len(part)
            if size > limit:
                raise _too_long(limit)
            self._take(len(part))
            parts.append(part)
            if not message["more_body"]:
                break
        self.is_done = True
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return self._unzipped(body, limit) if body.startswith(GZIP_MAGIC) else body

    def release(self) -> None:
        """Give the budget back what this request took of it."""
        if self.taken_bytes:
            self._budget.give_back(self.taken_bytes)
            self.taken_bytes = 0

    def _take(self, byte_count: int) -> None:
        self._budget.take(byte_count)
        self.taken_bytes += byte_count

    def _unzipped(self, body: bytes, limit: int) -> bytes:
        """Unzip piece by piece, so that a bomb costs what is allowed and no more. Members may follow one another."""
        pieces: list[bytes] = []
        size = 0
        while body.startswith(GZIP_MAGIC):
            unzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            while not unzip.eof:
                try:
                    piece = unzip.decompress(body, _PIECE_BYTES)
                except zlib.error:
                    raise BodyError(400, "the body is broken gzip") from None
                if not piece and not unzip.eof:
                    raise BodyError(400, "the body is gzip that ends too early")
                size += len(piece)
                if size > limit:
                    raise _too_long(limit)
                self._take(len(piece))
                pieces.append(piece)
                body = unzip.unconsumed_tail
            body = unzip.unused_data
        if body.strip(b"\0"):  # some writers pad with zeros; anything else was cut or mixed up on its way
            raise BodyError(400, "the body goes on after its gzip")
        return b"".join(pieces)


def _too_long(limit: int) -> BodyError:
    return BodyError(413, f"the body is longer than {limit} bytes")
