"""The body of a Sensors request: a form or a query with `data` or `data_list`, base64 of JSON, gzip before it or not."""

import base64
import binascii
import zlib
from urllib.parse import unquote_to_bytes

import msgspec

from pipelines.collector.protocols.field_ways import Node, node_or_text, read_node
from pipelines.collector.protocols.java_hash import java_hash
from pipelines.collector.protocols.loose_json import is_object, list_items
from pipelines.collector.protocols.translation import Request, TooLargeError, UnreadableError
from pipelines.collector.protocols.values import Value
from pipelines.unique_keys import has_repeated_key

_GZIP_MAGIC = b"\x1f\x8b"
_NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)
_read_nodes = msgspec.json.Decoder(list[dict[str, Value]]).decode


def read_events(request: Request) -> list[Node | bytes]:
    """The events of a request: objects, or the text of what is none."""
    form = _form(request.body) if request.body else {}
    if b"data" not in form and b"data_list" not in form:
        if request.body[:1] in (b"{", b"["):  # JSON itself, as some of the smaller clients send it
            return _read([request.body])
        form = _form(request.query.encode())
    packed = [form[key] for key in (b"data", b"data_list") if key in form]
    if not packed:
        raise UnreadableError(
            "there is no data and no data_list; send one of them, base64 of JSON, gzip before it or not"
        )
    crc = _crc(form)
    if crc is not None and crc != java_hash(packed[0]):
        raise UnreadableError(f"crc {crc} does not fit the data; it was cut or changed on the way")
    return _read([_unpack(each, request.max_bytes) for each in packed])


def _read(texts: list[bytes]) -> list[Node | bytes]:
    events: list[Node | bytes] = []
    for said in texts:
        text = said.replace(b"\n", b" ") if b"\n" in said else said
        try:
            nodes = _read_nodes(text) if text.lstrip()[:1] == b"[" else [read_node(text)]
            why = "a key stands twice"
        except _NOT_JSON as error:
            nodes, why = None, str(error)
        if nodes is not None and not has_repeated_key(text):
            events += nodes
            continue
        items = [text] if is_object(text) else list_items(text)
        if items is None:
            raise UnreadableError(f"the data is neither a JSON object nor a list of them: {why}")
        events += [node_or_text(item) for item in items]
    return events


def _form(text: bytes) -> dict[bytes, bytes]:
    """The first value of each key. A plus sign stays one: it is base64, and some clients do not escape it."""
    form: dict[bytes, bytes] = {}
    for pair in text.split(b"&"):
        key, _, value = pair.partition(b"=")
        form.setdefault(key, unquote_to_bytes(value) if b"%" in value else value)
    return form


def _crc(form: dict[bytes, bytes]) -> int | None:
    said = form.get(b"crc")
    if said is None:
        said = _form(form.get(b"ext", b"")).get(b"crc")
    if said is None:
        return None
    try:
        return int(said)
    except ValueError:
        raise UnreadableError("crc is no integer") from None


def _unpack(packed: bytes, max_bytes: int) -> bytes:
    try:
        data = binascii.a2b_base64(packed, strict_mode=True)
    except binascii.Error:
        try:
            data = base64.b64decode(packed.strip().replace(b" ", b"+") + b"===")
        except binascii.Error:
            raise UnreadableError("the data is not base64") from None
    if data[:2] != _GZIP_MAGIC:
        return data
    unzip = zlib.decompressobj(wbits=31)
    try:
        text = unzip.decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise UnreadableError(f"the data is not gzip: {error}") from None
    if len(text) > max_bytes:
        raise TooLargeError(f"the data unpacks to more than {max_bytes:,} bytes; send fewer events at once")
    if not unzip.eof:
        raise UnreadableError("the gzip data is cut off")
    return text
