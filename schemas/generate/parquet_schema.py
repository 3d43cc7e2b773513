"""The Arrow and Parquet schema of the events table, readable by people and by programs."""

import json
from typing import Any

import pyarrow as pa

from schemas.tables import declared_tables
from schemas.tables.declaration import Column


def parquet_schema(table_name: str) -> dict[str, Any]:
    """Every column with its Arrow type, nested ones with their parts; the partition column is the folder's name."""
    table = declared_tables()[table_name]
    return {
        "$comment": "Generated from the declarations by `python -m schemas.generate`; do not edit.",
        "table": table.name,
        "version": table.version,
        "partition": table.partition,
        "columns": [_column(table.column(field.name), field) for field in table.schema],
    }


def parquet_text(schema: dict[str, Any]) -> str:
    """The schema as JSON with one line a column, so that a change is one line of a diff."""
    columns = ",\n".join(f"    {json.dumps(column)}" for column in schema["columns"])
    head = json.dumps({**schema, "columns": []}, indent=2).removesuffix("[]\n}")
    return f"{head}[\n{columns}\n  ]\n}}\n"


def _column(column: Column, field: pa.Field) -> dict[str, Any]:
    return _field(field) | ({"unit": column.unit} if column.unit else {})


def _field(field: pa.Field) -> dict[str, Any]:
    return {"name": field.name, **_type(field.type), "nullable": field.nullable}


def _type(arrow: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(arrow):
        return {"type": "struct", "fields": [_field(field) for field in arrow]}
    if pa.types.is_list(arrow):
        return {"type": "list", "item": _type(arrow.value_type)}
    return {"type": type_name(arrow)}


def type_name(arrow: pa.DataType) -> str:
    """The name of an Arrow type, as the pages write it."""
    names = {pa.date32(): "date32", pa.float64(): "float64"}
    return names.get(arrow) or str(arrow)
