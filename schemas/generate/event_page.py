"""docs/events.md: the contract for people who send events."""

from msgspec import inspect

from schemas.events.columns import Field, contract_fields, order_line_fields
from schemas.events.contract import AT_LEAST_ONE, EVENT_TYPES, EVENT_TYPES_ZH, VERSION, Event, OrderLine
from schemas.events.rejects import MEANINGS, STAGES, RejectKind
from schemas.generate import event_prose as prose
from schemas.generate.json_schema import Schema, field_schema, first_sentences, judged_fields
from schemas.generate.markdown import code, page, table
from schemas.tables.events import TABLE as EVENTS

MANY = 10**9  # bounds this wide are there to stop faults, and say nothing to a reader


def event_page() -> str:
    """The whole page."""
    return page(
        prose.TITLE.format(version=VERSION),
        prose.OPENING.format(version=VERSION),
        "## Every event · 每个事件",
        _fields_table([field for field in contract_fields() if _is_common(field)], judged_fields(Event)),
        _one_of_two(Event),
        *(_type_section(event_type) for event_type in EVENT_TYPES),
        "### Order lines · 订单行\n\nThe items of `lines`.",
        _fields_table(list(order_line_fields()), judged_fields(OrderLine)),
        "## Who carries what · 各类事件的字段\n\n● required, ○ optional, · is not a field of this type.",
        _carried_table(),
        prose.VALUES,
        prose.REJECTS,
        _rejects_table(),
        prose.VERSIONS.format(version=VERSION),
    )


def _is_common(field: Field) -> bool:
    return field.name in judged_fields(Event)


def _type_section(event_type: str) -> str:
    struct = EVENT_TYPES[event_type]
    own = [field for field in contract_fields() if event_type in field.event_types and not _is_common(field)]
    heading = f"### `{event_type}` · {EVENT_TYPES_ZH[event_type]}"
    rules = [_one_of_two(struct)] if struct in AT_LEAST_ONE else []
    return "\n\n".join([heading, first_sentences(struct), _fields_table(own, judged_fields(struct)), *rules])


def _one_of_two(struct: type[Event]) -> str:
    return f"At least one of {code(AT_LEAST_ONE[struct])} is required (二者至少填一个)."


def _fields_table(fields: list[Field], by_name: dict[str, inspect.Field]) -> str:
    rows = [
        [
            f"`{field.name}`",
            _type(field, field_schema(by_name[field.name])),
            "yes" if by_name[field.name].required else "",
            _rule(field, field_schema(by_name[field.name])),
            field.en,
            field.zh,
        ]
        for field in fields
    ]
    if any(field.name == "event_id" for field in fields):
        rows.insert(1, ["`event_type`", "string", "yes", f"one of {code(EVENT_TYPES)}", "What happened", "事件类型"])
    return table(["field", "type", "required", "rule", "meaning", "含义"], rows)


def _type(field: Field, schema: Schema) -> str:
    if field.column in ("instant", "money"):
        return field.column
    names = schema.get("type", "string")
    name = next(name for name in names if name != "null") if isinstance(names, list) else names
    if name == "array":
        return f"list of {'lines' if schema['items']['type'] == 'object' else schema['items']['type'] + 's'}"
    return str(name)


def _rule(field: Field, schema: Schema) -> str:
    judged = schema.get("items", schema)
    rules = []
    if "enum" in judged:
        rules.append(f"one of {code(EVENTS.column(field.name).allowed or filter(None, judged['enum']))}")
    if "maxLength" in judged:
        least, most = judged["minLength"], judged["maxLength"]
        rules.append(f"{least} characters" if least == most else f"{least}..{most} characters")
    if "minimum" in judged and judged["minimum"] > -MANY:
        rules.append(f"{judged['minimum']} or more")
    if field.unit:
        rules.append(f"unit: {field.unit}")
    if "default" in schema:
        rules.append(f"default `{schema['default']}`")
    return "; ".join(rules)


def _carried_table() -> str:
    rows = []
    for field in contract_fields():
        marks = []
        for struct in EVENT_TYPES.values():
            carried = judged_fields(struct).get(field.name)
            marks.append("·" if carried is None else "●" if carried.required else "○")
        rows.append([f"`{field.name}`", *marks])
    return table(["field", *EVENT_TYPES], rows)


def _rejects_table() -> str:
    stages = {kind: f"{en} · {zh}" for kind, en, zh in STAGES}
    rows, stage = [], ""
    for place, kind in enumerate(RejectKind, start=1):
        stage = stages.get(kind, stage)
        en, zh = MEANINGS[kind]
        rows.append([str(place), f"`{kind.value}`", en, zh, stage])
    return table(["", "kind", "meaning", "含义", "created while"], rows)
