"""Reading a TOML file that a person wrote: one line for whatever is wrong with it, whoever asks."""

import re
import tomllib
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from schemas.errors import UsageError


class TomlFile(NamedTuple):
    """What stands in a file."""

    keys: dict[str, Any]
    text: str

    def line_of(self, name: str) -> str:
        """Where a key or a table stands, as `, line 3`; nothing when it is written in a way that a search does not find."""
        pattern = re.compile(rf"""^\s*(\[+\s*(["']?[\w-]+["']?\s*\.\s*)?)?["']?{re.escape(name)}\b""")
        for number, line in enumerate(self.text.splitlines(), start=1):
            if pattern.match(line):
                return f", line {number}"
        return ""


def read_toml(file: Traversable, label: str, *, if_missing: str | None = None) -> TomlFile:
    """The keys and the text of a file. UsageError begins with `label`, or says `if_missing` where there is no file."""
    try:
        text = file.read_bytes().decode("utf-8")
        return TomlFile(tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{label} is not TOML: {error}; write `name = value`, texts in quotes, lists in [ ]") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{label}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except IsADirectoryError:
        raise UsageError(f"{label} is a folder; name the file") from None
    except OSError as error:
        if if_missing is not None and isinstance(error, FileNotFoundError):
            raise UsageError(if_missing) from None
        raise UsageError(f"{label}: cannot be read ({error.strerror}); check the path and its mode") from None
