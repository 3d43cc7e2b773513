"""Text of a file in blocks of whole lines, decoded strictly: a wrong encoding is said, never papered over."""

import codecs
from collections.abc import Iterator

from pipelines.imports.input_file import UnpackedFile
from schemas.errors import UsageError

MAX_LINE_CHARACTERS = 16 << 20
"""Longer lines are no rows of a table: a file with other line ends, or a binary one. Bounds the memory."""

_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def text_blocks(file: UnpackedFile, encoding: str | None) -> Iterator[str]:
    """Blocks of whole lines split at line feeds; the last feed of a block is left out, a byte order mark too.

    Without an encoding it is UTF-8, or UTF-16 where the file starts with its mark.
    """
    decoder: codecs.IncrementalDecoder | None = None
    read_bytes = 0
    tail = ""
    for block in file.blocks():
        if decoder is None:
            encoding = encoding or next(
                (name for mark, name in _BYTE_ORDER_MARKS.items() if block.startswith(mark)), "utf-8"
            )
            decoder = codecs.getincrementaldecoder(encoding)()
        text = _decode(decoder, block, file, encoding or "", read_bytes)
        if read_bytes == 0:
            text = text.removeprefix("\ufeff")
        read_bytes += len(block)
        complete, feed, rest = text.rpartition("\n")
        if feed:
            yield tail + complete
            tail = rest
        else:
            tail += text
        if len(tail) > MAX_LINE_CHARACTERS:
            raise UsageError(
                f"{file.file.path}: no line end within {MAX_LINE_CHARACTERS:,} characters; is it a text file of rows?"
            )
    if decoder is not None:
        tail += _decode(decoder, b"", file, encoding or "", read_bytes)
    if tail:
        yield tail


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, file: UnpackedFile, encoding: str, before: int) -> str:
    try:
        return decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        held_back = len(error.object) - len(block)
        raise UsageError(
            f"{file.file.path}: byte {before - held_back + error.start:,} is not {encoding}; "
            'say the encoding in the mapping, as [input] encoding = "gb18030"'
        ) from error
    except UnicodeError as error:
        raise UsageError(f"{file.file.path} is not {encoding}: {error}; mend [input] encoding") from error
