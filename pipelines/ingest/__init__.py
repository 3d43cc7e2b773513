"""Landing to lake: a range of the raw log in, Parquet files and a manifest out."""
