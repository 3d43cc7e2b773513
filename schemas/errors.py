"""Errors a person can cause or meet: one clear line each, and the exit code of the command.

The message says what is wrong, where, and what to do. The entry point prints it and exits; nothing else in the
system prints a traceback for these. Anything that is not a `MaidianError` is our bug.
"""


class MaidianError(Exception):
    """Our fault or the machine's: a full disk, a lake that is locked, a broken file of ours."""

    exit_code = 1


class UsageError(MaidianError):
    """The person asked for something that cannot be: an unknown column, a wrong option, a lake of another zone."""

    exit_code = 2


class RefusedError(MaidianError):
    """The audit refused the data; the tables stand as they were."""

    exit_code = 3
