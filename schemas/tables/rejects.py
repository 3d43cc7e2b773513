"""`rejects`: one row a refused line, with its exact bytes and the reason."""

import pyarrow as pa

from schemas.events.rejects import RejectKind
from schemas.tables.declaration import COUNT, DATE, STRING, Column, Table

TABLE = Table(
    name="rejects",
    en="Every refused line, with its exact bytes and why",
    zh="全部被拒收的行，含原始字节与原因",
    grain="one line of a landing segment",
    key=("segment", "byte_offset"),
    partition="received_date",
    version=1,
    columns=(
        Column("received_date", DATE, "Day the segment was landed, in the lake's time zone", "落地日期"),
        Column("source", STRING, "The folder of landing it came from", "落地来源"),
        Column(
            "segment",
            STRING,
            "Path of the segment below landing, or topic and partition",
            "落地文件路径，或 Kafka 主题与分区",
        ),
        Column(
            "byte_offset",
            COUNT,
            "Where the line starts in the segment; of a topic, the record's offset",
            "行首字节偏移；Kafka 为记录位移",
            unit="bytes",
        ),
        Column(
            "kind", STRING, "Why, one of a closed set", "拒收类别", allowed=tuple(kind.value for kind in RejectKind)
        ),
        Column("field", STRING, "The field at fault; null when it is the line", "出错字段", is_nullable=True),
        Column("reason", STRING, "One sentence for a person", "拒收原因"),
        Column("raw", pa.binary(), "The line's exact bytes, without its line feed", "原始字节"),
    ),
)
