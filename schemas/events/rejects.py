"""Why a line is refused: a closed set of kinds, in the order of their precedence.

A line has exactly one kind, the first that applies. Ingest creates them all while it decodes a block.
"""

from enum import StrEnum


class RejectKind(StrEnum):
    """One reason a line is no event. The value is what the `rejects` table holds."""

    OVERSIZE = "oversize"
    EMPTY = "empty"
    BOM = "bom"
    INVALID_UTF8 = "invalid_utf8"
    MALFORMED_JSON = "malformed_json"
    DUPLICATE_KEY = "duplicate_key"
    NOT_AN_OBJECT = "not_an_object"
    LONE_SURROGATE = "lone_surrogate"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_TIME = "bad_time"
    TIME_OUT_OF_BOUNDS = "time_out_of_bounds"


MEANINGS: dict[RejectKind, tuple[str, str]] = {
    RejectKind.OVERSIZE: ("The line is longer than the limit (1 MiB by default).", "行超过长度上限"),
    RejectKind.EMPTY: ("The line is empty or only white space.", "空行"),
    RejectKind.BOM: ("The line starts with a byte order mark.", "行首有字节顺序标记"),
    RejectKind.INVALID_UTF8: ("The bytes are not UTF-8.", "不是合法的 UTF-8"),
    RejectKind.MALFORMED_JSON: (
        "Not JSON: broken syntax, NaN, or nested deeper than 64 levels.",
        "不是合法的 JSON，或嵌套超过 64 层",
    ),
    RejectKind.DUPLICATE_KEY: ("An object, at any depth, has one key twice.", "对象中有重复的键"),
    RejectKind.NOT_AN_OBJECT: ("JSON, but not an object.", "不是 JSON 对象"),
    RejectKind.LONE_SURROGATE: ("A key or string has half of a surrogate pair.", "字符串含孤立代理项"),
    RejectKind.UNKNOWN_EVENT_TYPE: ("event_type is there, but none of the six.", "未知的事件类型"),
    RejectKind.MISSING_FIELD: (
        "A required field is absent or null; of two fields one of which must be there, both are; a placed order has no lines.",
        "缺少必填字段（缺失或为 null）；二选一的字段都缺失；下单事件没有订单行",
    ),
    RejectKind.WRONG_TYPE: (
        "Another type: a number in quotes (money aside), a float for an integer, a text that is no decimal for money.",
        "字段类型不符：数字加引号（金额除外）、整数处出现小数、金额文本不是十进制数",
    ),
    RejectKind.OUT_OF_RANGE: (
        "The right type, but too long, too short (an empty text), too large, too precise, or none of the values allowed.",
        "类型正确，但取值超出范围：过长、为空、过大、精度过高，或不在允许的取值之内",
    ),
    RejectKind.BAD_TIME: ("A time that is not RFC 3339 with an offset, or no day of the calendar.", "时间格式不合法"),
    RejectKind.TIME_OUT_OF_BOUNDS: (
        "After correction, too far in the future or too old (5 minutes, 400 days by default).",
        "时间超出允许范围",
    ),
}
"""What each kind means, in English and Chinese."""

STAGES: tuple[tuple[RejectKind, str, str], ...] = (
    (RejectKind.OVERSIZE, "reading the line's bytes", "读取字节时"),
    (RejectKind.MALFORMED_JSON, "reading the JSON", "解析 JSON 时"),
    (RejectKind.UNKNOWN_EVENT_TYPE, "checking the fields", "校验字段时"),
    (RejectKind.BAD_TIME, "reading the times", "解析时间时"),
)
"""The first kind of each step of decoding, and the step: when a kind is created."""

MAX_LINE_BYTES = 1024 * 1024  # no event of a shop is this long; what is comes from a broken or hostile client
MAX_DEPTH = 64  # levels of arrays and objects; deeper is no event, and would exhaust the stack of some reader
