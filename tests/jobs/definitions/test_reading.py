"""What several branches use is read once."""

from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from jobs.definitions.reading import read_once


def test_branches_with_filters_of_their_own_read_a_file_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"number": [1, 2, 3]}).write_parquet(path)
    rows = read_once(pl.scan_parquet(path))
    both = pl.concat([rows.filter(pl.col("number") < 2), rows.filter(pl.col("number") > 2)])
    assert both.explain(engine="streaming").count("Parquet SCAN") == 1
    assert both.collect()["number"].sort().to_list() == [1, 3]


def test_rows_stay_as_they_are() -> None:
    rows = pl.LazyFrame({"number": [3, 1, None], "text": ["a", None, "b"]})
    assert_frame_equal(read_once(rows).collect(), rows.collect())
