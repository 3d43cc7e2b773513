"""What a failure means to the person who meets it: one line and an exit code, whatever library it came through.

The machine's own failures (a full disk, a read-only mount, too many open files) arrive in many shapes: as an OSError;
as an OSError without number or path (Polars); as an error of the library's own with the operating system's words in
its text (Polars, DuckDB); wrapped by Beam; or, from a Beam worker in another process, as nothing but the text of a
traceback. All of them are read here, so that a step never has to.
"""

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import MaidianError, MistakesError
from schemas.lake.place import LakePlace

INTERRUPTED_EXIT_CODE = 130  # 128 + SIGINT, as shells report it
BROKEN_PIPE_EXIT_CODE = 141  # 128 + SIGPIPE

NO_SPACE = "no space left on the disk; free some and run the same command again"

ADVICE = {
    errno.ENOSPC: NO_SPACE,
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; mount it writable or name another directory",
    errno.EACCES: "permission denied; give this user access or name another directory",
    errno.EPERM: "the system does not permit this; give this user access or name another directory",
    errno.ENOENT: "no such file or directory; check the path",
    errno.ENOTDIR: "a part of this path is a file, not a directory; check the path",
    errno.EISDIR: "this is a directory where a file is needed; check the path",
    errno.EMFILE: "too many open files; raise the limit (ulimit -n) and run the same command again",
    errno.ENFILE: "too many open files on this machine; close some programs and run the same command again",
    errno.EIO: "the disk failed to read or write; check it before anything else is written there",
    errno.ENAMETOOLONG: "the path is too long for this file system; use a shorter one",
}

# Errors of a library's own class that may carry the operating system's words. RuntimeError is Beam's wrapper.
LIBRARIES_OF_MACHINE_ERRORS = ("polars", "pyarrow", "duckdb", "_duckdb")

BEAM_STEP = re.compile(r" \[while running '[^']*'\]")
ERRNO_IN_TEXT = re.compile(r"\(os error (\d+)\)|\[[Ee]rrno (\d+)\]|\"errno\":\"(\d+)\"")
PATH_IN_TEXT = re.compile(r"\(os error \d+\): (\S+)|(?:file|device:|directory:|system:|files:) \\?[\"']([^\"'\\]+)")
STORE_IN_TEXT = re.compile(r"object-store error|Generic S3 error|AWS Error [A-Z_]+")  # of Polars; of pyarrow in DuckDB
STORE_REASON = re.compile(r"status code: (\d+ [A-Za-z ]+)|AWS Error ([A-Z_]+)")
TRACEBACK_LINE = re.compile(r"^([A-Za-z_][\w.]*): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Failure:
    """One line for the person, and the exit code of the process."""

    message: str
    exit_code: int = 1
    is_internal: bool = False


def explain_failure(error: BaseException, place: LakePlace | None = None) -> Failure:
    """Say what went wrong in one line; `place` is named when the error itself knows no path."""
    for cause in _causes(error):
        failure = _known_failure(cause, place)
        if failure is not None:
            return failure
    message = f"internal: {type(error).__name__}: {_one_line(error)} (run with --debug for the traceback)"
    return Failure(message, is_internal=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it was raised from; Beam raises without `from`, so there the context counts too."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (cause.__context__ if BEAM_STEP.search(str(cause)) else None)


def _known_failure(error: BaseException, place: LakePlace | None) -> Failure | None:
    if isinstance(error, MaidianError):
        message = str(error) if isinstance(error, MistakesError) else _one_line(error)
        return Failure(message, error.exit_code)
    if isinstance(error, MemoryError):
        return Failure("out of memory; use fewer --workers, or a machine with more memory")
    if STORE_IN_TEXT.search(str(error)):
        return _store_failure(str(error))
    if isinstance(error, OSError):
        return _machine_failure(str(error), _errno_of(error), _path_of(error) or place)
    if isinstance(error, RuntimeError) or type(error).__module__.split(".")[0] in LIBRARIES_OF_MACHINE_ERRORS:
        return _failure_in_text(str(error), place)
    return None


def _store_failure(text: str) -> Failure:
    """A library that reads an object store by itself gave up on it; what we ask ourselves fails as a StoreError."""
    found = STORE_REASON.search(text)
    reason = next(group for group in found.groups() if group) if found else "no answer"
    return Failure(
        f"the object store failed while it was read ({reason.strip()}); see to it and run the same command again"
    )


def _failure_in_text(text: str, place: LakePlace | None) -> Failure | None:
    """Read a worker's traceback, or a library's message with the system's words in it; None when neither."""
    ours = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in _all_kinds(MaidianError)}
    for name, message in TRACEBACK_LINE.findall(text):
        if name in ours:
            return Failure(BEAM_STEP.sub("", message), ours[name].exit_code)
    code = _errno_in(text)
    return _machine_failure(text, code, _path_in(text) or place) if code in ADVICE else None


def _all_kinds(kind: type[MaidianError]) -> Iterator[type[MaidianError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _all_kinds(narrower)


def _machine_failure(text: str, code: int | None, path: str | LakePlace | None) -> Failure:
    advice = ADVICE.get(code) if code is not None else None
    if advice is None:
        return Failure(" ".join(text.split()))
    return Failure(advice if path is None else f"{path}: {advice}")


def _errno_of(error: OSError) -> int | None:
    if error.errno is not None:
        return error.errno
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT
    return errno.EACCES if isinstance(error, PermissionError) else _errno_in(str(error))


def _errno_in(text: str) -> int | None:
    numbered = ERRNO_IN_TEXT.search(text)
    if numbered:
        return int(next(group for group in numbered.groups() if group))
    return next((code for code in ADVICE if os.strerror(code) in text), None)


def _path_of(error: OSError) -> str | None:
    if error.filename is not None:
        return os.fsdecode(error.filename)
    text = str(error)
    # pyarrow says nothing but the path when a file is missing.
    return text if isinstance(error, FileNotFoundError) and Path(text).name and " " not in text else _path_in(text)


def _path_in(text: str) -> str | None:
    found = PATH_IN_TEXT.search(text)
    return next(group for group in found.groups() if group) if found else None


def _one_line(error: BaseException) -> str:
    return " ".join(BEAM_STEP.sub("", str(error)).split())
