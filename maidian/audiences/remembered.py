"""What was made of a value, remembered: in the columns of a list the same values come again and again."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")

MOST = 200_000  # some tens of megabytes; a column of more different values is forgotten and begun anew


class Remembered(dict[Key, Made], Generic[Key, Made]):
    """A dictionary that makes what it does not hold: `list(map(remembered.__getitem__, column))` is a column's work."""

    def __init__(self, make: Callable[[Key], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Made:
        """Make it and keep it."""
        if len(self) >= MOST:
            self.clear()
        made = self[key] = self._make(key)
        return made
