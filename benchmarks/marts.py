"""All facts and the newest day of all marts: `maidian` jobs against the same tables in hand-written DuckDB SQL.

    python -m benchmarks.marts [--events 500000] [--days 30] [--keep FOLDER]

Both sides start from the same `events`, write Parquet, and run in a process of their own on the same cores. The SQL of a
table is benchmarks/sql/<table>.sql: set-based, all days at once, reading `events` and what the SQL before it made;
`$day` is the newest day, `$price_points` the setting, `half_even` an SQL macro, and `normalized` the one function that DuckDB
lacks (NFKC, simplified characters), in Python over distinct queries. The jobs work a day at a time, audit every day and publish; all of that is in their figures, the import of
Great Expectations too (its line is `(start)`).

Then the tables are compared, every row by every column; a double may differ by a ten-thousandth of a millionth. What a
table without SQL costs stands in its line and not in the total. The aim: under 4 GB, and no more CPU than the SQL.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

from benchmarks.nightly import measure_run
from schemas.settings import DEFAULTS

SQL = Path(__file__).parent / "sql"
AIM_MEGABYTES = 4_000
# total / size, rounded half to even to four decimals.
HALF_EVEN = """
    CREATE MACRO half_even(total, size) AS (
        SELECT ((whole + CASE WHEN 2 * rest > size OR (2 * rest = size AND whole % 2 <> 0) THEN 1 ELSE 0 END)
            ::DECIMAL(38, 0) * 0.0001::DECIMAL(38, 4))::DECIMAL(38, 4)
        FROM (SELECT (total * 10000)::HUGEINT // size AS whole, (total * 10000)::HUGEINT % size AS rest)
    )
"""
REFERENCES = ("skus", "customers")


def main() -> None:
    """Make the events, run both sides, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--keep", type=Path, help="where to work; what is there already is used again")
    parser.add_argument("--side", choices=["jobs", "sql"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        measured = measure_run(options.keep / "lake") if options.side == "jobs" else run_sql(options.keep)
        print(json.dumps(measured))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = options.keep or Path(folder)
        prepare(work, options.events, options.days)
        jobs, jobs_peak = measured_side("jobs", work)
        sql, sql_peak = measured_side("sql", work)
        print_table(work, options.events, jobs, sql)
        is_small = jobs_peak <= AIM_MEGABYTES
        print(f"{'peak MB of the process':<28}{jobs_peak:>12,.0f}{sql_peak:>12,.0f}")
        print(f"aim: at most {AIM_MEGABYTES:,} MB, {'met' if is_small else 'NOT MET'}")


def prepare(work: Path, events: int, days: int) -> None:
    """A lake with `events` and masters, and nothing made of them."""
    lake = work / "lake"
    if not (lake / "events").exists():
        maidian("generate", "--events", str(events), "--days", str(days), "--no-truth", "--out", str(work / "shop"))
        maidian("init", "--lake", str(lake))
        maidian("ingest", "--lake", str(lake), "--landing", str(work / "shop" / "landing"))
        for name in REFERENCES:
            masters = sorted((work / "shop" / "masters").glob(f"{name}.*"))
            if masters:
                maidian("import", str(masters[0]), "--as", name, "--mapping", f"demo_{name}", "--lake", str(lake))
    (lake / "settings.toml").write_text("mart_days = 1\n", encoding="utf-8")


def maidian(*arguments: str) -> None:
    """Run a command that is not measured."""
    subprocess.run([sys.executable, "-m", "maidian", *arguments], stdout=subprocess.DEVNULL, check=True)


def measured_side(side: str, work: Path) -> tuple[dict[str, float], float]:
    """CPU seconds by table, and the peak memory in MB, of one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.marts", "--side", side, "--keep", str(work)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the side of {side} failed with status {status}")
    measured = {table: value[0] if isinstance(value, list) else value for table, value in json.loads(output).items()}
    return measured, usage.ru_maxrss / 1024


def tables_with_sql() -> list[str]:
    """In the order the jobs run."""
    from jobs.engine.discovery import find_jobs

    return [job.table for job in find_jobs() if (SQL / f"{job.table}.sql").exists()]


def run_sql(work: Path) -> dict[str, float]:
    """Make every table by its SQL; CPU seconds of each."""
    import duckdb

    out = work / "sql"
    out.mkdir(exist_ok=True)
    connection = duckdb.connect(config={"memory_limit": f"{AIM_MEGABYTES}MB", "temp_directory": str(out / "spill")})
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    connection.create_function("normalized", normalized, ["VARCHAR"], "VARCHAR")  # type: ignore[list-item, arg-type]
    connection.execute(HALF_EVEN)
    for name in ("events", *REFERENCES):
        if (work / "lake" / name / "current").exists():
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {published(work, name)}")
    [(day,)] = connection.sql("SELECT max(event_date) FROM events").fetchall()
    measured = {"(start)": cpu_seconds()}
    for table in tables_with_sql():
        began = cpu_seconds()
        query = (SQL / f"{table}.sql").read_text(encoding="utf-8").replace("$day", f"DATE '{day}'")
        query = query.replace("$price_points", str(list(DEFAULTS.price_points)))
        connection.execute(f"COPY ({query}) TO '{out / table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{out / table}.parquet'")
        measured[table] = cpu_seconds() - began
    return measured


def normalized(text: str) -> str:
    """A query as tables hold it."""
    folded = unicodedata.normalize("NFKC", text).lower().translate(simplified())
    return re.sub(r"\s+", " ", folded).strip(" ")


def simplified(_made: dict[int, str] = {}) -> dict[int, str]:  # noqa: B006 - made once
    """Simplified characters by traditional ones."""
    if not _made:
        from jobs.wording.normalized import simplified as pairs

        _made.update({ord(one): other for one, other in pairs().items()})
    return _made


def cpu_seconds() -> float:
    """CPU seconds of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def published(work: Path, table: str) -> str:
    """The table as readers see it, for DuckDB."""
    folder = (work / "lake" / table / "current").resolve()
    return f"read_parquet('{folder}/*/*.parquet', hive_partitioning = true, union_by_name = true)"


def differences(work: Path, table: str) -> int:
    """Rows of one side that the other does not have."""
    import duckdb

    from schemas.tables import declared_tables

    declared = declared_tables()[table]
    connection = duckdb.connect(config={"memory_limit": f"{AIM_MEGABYTES}MB"})
    connection.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(comparable(field.name, str(field.type)) for field in declared.schema)
    ours = f"SELECT {columns} FROM {published(work, table)}"
    theirs = f"SELECT {columns} FROM '{work / 'sql' / table}.parquet'"
    if row_sum(connection, ours) == row_sum(connection, theirs):
        return 0
    both = f"(({ours}) EXCEPT ALL ({theirs})) UNION ALL (({theirs}) EXCEPT ALL ({ours}))"
    counted: Any = connection.sql(f"SELECT count(*) FROM ({both})").fetchall()
    return int(counted[0][0])


def row_sum(connection: Any, rows: str) -> list[tuple[Any, ...]]:
    """How many rows, and the sums of two hashes of each: equal of equal rows in any order, and without a sort."""
    sums: list[tuple[Any, ...]] = connection.sql(
        f"SELECT count(*), sum(hash(row)::HUGEINT), sum(hash(row, 'again')::HUGEINT) FROM ({rows}) AS row"
    ).fetchall()
    return sums


def comparable(name: str, kind: str) -> str:
    """A column in a form that is equal where the values are."""
    if kind == "double":
        return f'round("{name}", 10) AS "{name}"'
    if kind.startswith("decimal"):
        return f'"{name}"::DECIMAL(38, 4) AS "{name}"'
    return f'"{name}"::BIGINT AS "{name}"' if kind == "int64" else f'"{name}"'


def print_table(work: Path, events: int, jobs: dict[str, float], sql: dict[str, float]) -> None:
    """A line a table, CPU side by side, and rows that differ."""
    print(f"CPU seconds, {events:,} events, all facts and the newest day of all marts")
    print(f"{'table':<28}{'maidian':>12}{'DuckDB SQL':>12}{'ratio':>8}{'rows that differ':>18}")
    compared = [table for table in jobs if table in sql]
    for table, cpu in jobs.items():
        if table in sql and table != "(start)":
            row = f"{sql[table]:>12.2f}{cpu / max(sql[table], 0.01):>8.2f}{differences(work, table):>18,}"
        else:
            row = f"{sql[table]:>12.2f}" if table in sql else f"{'none yet' if table[0] != '(' else '':>12}"
        print(f"{table:<28}{cpu:>12.2f}{row}")
    ours, theirs = (sum(side[table] for table in compared) for side in (jobs, sql))
    print(f"{'total of what both made':<28}{ours:>12.2f}{theirs:>12.2f}{ours / theirs:>8.2f}")
    print(f"aim: no more CPU than the SQL, {'met' if ours <= theirs else 'NOT MET'}")


if __name__ == "__main__":
    main()
