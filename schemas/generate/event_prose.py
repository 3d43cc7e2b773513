"""What docs/events.md says in sentences. What a declaration can say is not repeated here."""

TITLE = "# The event contract, version {version} · 事件契约"

OPENING = """
What a shop sends us: one JSON object an event, one event a line, UTF-8. 每行一个 JSON 对象，即一个事件。
The declaration is [schemas/events/contract.py](../schemas/events/contract.py); it judges every line, and
this page and the [JSON Schemas](../schemas/events/v{version}) are generated from it. Events that pass and events that
fail, with the reason in the name of the file, are in [examples](../schemas/events/v{version}/examples).
How an accepted event is stored says [tables.md](tables.md), table `events`.

```json
{{"event_type": "view", "event_id": "01J9ZQ4T3M", "occurred_at": "2026-11-20T09:30:15+08:00",
 "customer_id": "C1024", "sku_id": "YP100234", "price": "12.80"}}
```
"""

VALUES = """
## Values · 取值规则

- **null** is the same as leaving the field out; so a required field that is null is missing, and one with a default has it.
  填 null 等同于不填。
- **Text** is kept in Unicode NFC; lengths count code points. An empty text is refused (`out_of_range`): leave the field
  out, or send null. 空字符串会被拒收，没有值就不要填。
- **Integers** are written without a point: `5`, not `5.0` and not `"5"`. 整数不带小数点，也不加引号。
- **Money** is an exact decimal, (18, 4): at most 14 digits before the point and 4 after it. Write a number (`12.8`) or a
  decimal text (`"12.80"`); both are read from their own characters, never through a binary float. More decimals are
  refused, not rounded; zeros at the end do not count. 金额为精确小数，超出四位小数会被拒收，不做四舍五入。
- **Instants** are RFC 3339 with an offset: `2026-11-20T09:30:15+08:00`, `2026-11-20T01:30:15.123456Z`. A time without
  an offset, a date alone, `24:00` and a leap second are refused. Digits beyond the microsecond are cut off.
  时间必须带时区偏移，微秒以下截去。
- **Quantity** is a whole number and may be negative: a credit note is an order line with a minus.
  数量为整数，红字单为负数。
- **Unknown fields** of the event are kept in `properties`, as they were sent; where `properties` has a field of that name
  already, as `top_level.<name>`. An order line has no properties of its own: when a line has an unknown field, all lines
  are kept in `properties` too, as they were sent. 未知字段原样保留在 properties 中；订单行含未知字段时，整个 lines 原样保留一份。
- **Not JSON** to us, though some libraries read it: `NaN`, a trailing comma, one key twice in an object, half of a
  surrogate pair, a byte order mark.
- **Clocks**: when `sent_at` and `received_at` of an event are more than 10 minutes apart, the client's clock is off and
  `occurred_at` is shifted by the difference; what was sent is kept as `client_at`. 客户端时钟偏差超过 10 分钟时自动校正。
- **Repeats**: a second event with the same `event_id` is dropped, whenever and wherever it arrives. 重复事件自动去重。
"""

REJECTS = """
## Rejects · 拒收

A line that is no event becomes one row of the table `rejects`, with its exact bytes, its kind, the field at fault and one
sentence for a person. It is never an error, and never stops the lines around it. Each line has one kind: the first of this
list that applies. Ingest (`maidian ingest`) creates them all, while it decodes; `maidian replay` takes repaired lines back.
每个被拒收的行只有一个类别，按下表顺序取第一个；修复后可用 `maidian replay` 重新导入。
"""

VERSIONS = """
## Versions · 版本

A published version never changes, but for new fields that nobody has to send.
[published.json](../schemas/events/v{version}/published.json) holds what has been promised: the JSON Schemas without their
words. `python -m schemas.generate` adds a new optional field to it and refuses everything else: a field that goes, a
type or limit that moves, an optional field that becomes required. Such a change is a new version, beside this one.

To add a field: write it in `contract.py` with its English and Chinese meaning, run `python -m schemas.generate`, and commit
what changed. The tests fail until all three agree.
已发布的版本不会改变，只能新增可选字段；其他改动须发布新版本。
"""
