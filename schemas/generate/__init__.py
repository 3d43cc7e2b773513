"""Everything made from the declarations: JSON Schemas, the Parquet schema, the pages. `python -m schemas.generate`."""
