"""Writing a DuckDB database file with every table, for tools that open one."""

from collections.abc import Iterator
from pathlib import Path

from maidian.options import require_folder
from maidian.reading.views import connect, copy_rows
from schemas.errors import UsageError
from schemas.lake.lake import Lake


def save_database(lake: Lake, target: Path, *, is_copied: bool, is_replaced: bool) -> Iterator[str]:
    """Write the file beside its place and rename it, so that it is whole or not there; lines for the person follow.

    With `is_copied` it holds the rows and stands alone. Without, it holds views, which last as long as the snapshots
    they read. UsageError when the file is there and may not be replaced, or its folder is not there.
    """
    require_folder("--save", target)
    if lake.place and not is_copied:
        raise UsageError(
            f"--save {target}: views of {lake.place} last as long as this command; add --copy for the rows"
        )
    if target.exists() and not is_replaced:
        raise UsageError(f"--save {target}: the file is there; add --replace, or name another")
    half = target.with_name(f".{target.name}.half-written")
    half.unlink(missing_ok=True)
    try:
        with connect(lake, str(half)) as connection:
            if is_copied:
                copy_rows(connection)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
        half.with_name(f"{half.name}.wal").unlink(missing_ok=True)
    yield f"wrote {target}"
    if not is_copied:
        yield (
            "Its views read the snapshots published now; `maidian gc` keeps those for a day and more. "
            "Write it anew each night, or add --copy for a file that stands alone."
        )
