"""What a run tells while it is at work; the command decides how that looks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Progress:
    """One step of a run. `done` and `total` count days of the table."""

    stage: Literal["start", "day", "end", "warning"]
    table: str
    done: int = 0
    total: int = 0
    message: str = ""


Report = Callable[[Progress], None]


def be_silent(_progress: Progress) -> None:
    """A report for those who only want the result."""
