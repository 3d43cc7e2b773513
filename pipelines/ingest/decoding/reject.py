"""What decoding says of a line that is no event."""

from dataclasses import dataclass

from schemas.events.rejects import RejectKind

_QUOTED_CHARACTERS = 80  # enough of a value to recognise it in the line


@dataclass(frozen=True)
class Reject:
    """Why a line is refused. `field` is null when it is the line; `reason` is one sentence for a person."""

    kind: RejectKind
    reason: str
    field: str | None = None


def quote(text: str) -> str:
    """A value as a reason shows it: short, and of characters that can be written anywhere."""
    shown = text if len(text) <= _QUOTED_CHARACTERS else text[:_QUOTED_CHARACTERS] + "…"
    # A lone surrogate cannot be encoded and would break whatever writes the reason.
    return '"' + shown.encode("utf-8", "backslashreplace").decode() + '"'
