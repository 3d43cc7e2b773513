"""Errors a person can cause or meet: one clear line each, and the exit code of the command.

The message says what is wrong, where, and what to do. The entry point prints it and exits; nothing else in the
system prints a traceback for these. Anything that is not a `MaidianError` is our bug.
"""

from collections.abc import Iterable


class MaidianError(Exception):
    """Our fault or the machine's: a full disk, a lake that is locked, a broken file of ours."""

    exit_code = 1


class UsageError(MaidianError):
    """The person asked for something that cannot be: an unknown column, a wrong option, a lake of another zone."""

    exit_code = 2


class MistakesError(UsageError):
    """Several mistakes in one thing a person wrote, each a line of its own; all are told at once."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        """`mistakes`: one line each."""
        self.mistakes = tuple(" ".join(mistake.split()) for mistake in mistakes)
        super().__init__("\n".join(self.mistakes))


class RefusedError(MaidianError):
    """The audit refused the data; the tables stand as they were."""

    exit_code = 3
