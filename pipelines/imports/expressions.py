"""What a mapping says of one field, compiled to a function from a batch to the field's column."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipelines.imports.conditions import Test, compile_condition
from pipelines.imports.contract_kinds import FieldKind, column_converter, converter
from pipelines.imports.mapping import AsType, Constant, Expression, FieldValue, Item, Time
from pipelines.imports.readers.batch import Batch
from pipelines.imports.templates import column_maker, parse_template
from pipelines.imports.time_formats import check_format, needs_zone
from pipelines.imports.times import parser_of
from pipelines.imports.transforms import Step, chain, steps_of
from pipelines.imports.values import ApplyToColumn, Column, Refusal, Value, as_text, each
from schemas.errors import UsageError

MakeColumn = Callable[[Batch], Column]


class Finish(NamedTuple):
    """The last step of every field: what makes a value what the event wants, for one value and for a column."""

    of_value: Step
    of_column: ApplyToColumn


def _finish(step: Step) -> Finish:
    return Finish(step, each(step))


_TRUE, _FALSE = {"true", "1", "yes", "y"}, {"false", "0", "no", "n"}


@dataclass
class Compiler:
    """Compiles the expressions of one part of a mapping; `columns` collects the columns they take."""

    times: Time
    columns: set[str] = field(default_factory=set)

    def compile_field(self, value: FieldValue, kind: FieldKind, where: str) -> MakeColumn:
        """A field of the contract. Constants are checked at once, against what the field takes."""
        if isinstance(value, list) and kind.kind != "texts":
            raise UsageError(f"{where}: takes one value, not a list")
        if isinstance(value, Expression) and value.as_ is not None:
            raise UsageError(f"{where}: as is for properties; the contract says what {kind.name} is ({kind.kind})")
        if isinstance(value, Expression) and value.every_row:
            raise UsageError(f"{where}: every_row is for the properties of an event with group_by")
        if kind.kind == "time":
            finish = _finish(self._time_parser(value, kind.name, where))
        else:
            finish = Finish(converter(kind), column_converter(kind))
        return self._compile(value, kind.name, finish, where, is_time=kind.kind == "time")

    def compile_property(self, value: FieldValue, name: str, where: str) -> MakeColumn:
        """A property: as it stands in the file, unless `as` says what it is."""
        as_type = value.as_ if isinstance(value, Expression) else None
        finish = self._finish_of(as_type, value, name, where)
        return self._compile(value, name, finish, where, is_time=as_type == "time")

    def compile_key(self, columns: list[str]) -> MakeColumn:
        """The columns whose values say which rows belong together, as one text."""
        self.columns.update(columns)
        to_texts = each(as_text)
        if len(columns) == 1:
            return lambda batch: to_texts(batch.column(columns[0]), batch.reader.is_text)
        return lambda batch: [
            None if None in values else "\x1f".join(values)
            for values in zip(*(to_texts(batch.column(name), batch.reader.is_text) for name in columns), strict=True)
        ]

    def _compile(
        self, value: FieldValue, name: str, finish: Finish | None, where: str, *, is_time: bool = False
    ) -> MakeColumn:
        if isinstance(value, list):
            return self._list(value, name, finish, where)
        if not isinstance(value, Expression):
            return self._plain(value, finish, where)
        expression = value
        if not is_time and (expression.time_format or expression.time_zone):
            raise UsageError(f'{where}: time_format and time_zone are for times; a property needs as = "time" too')
        make = self._source(expression, name, where)
        steps = steps_of(expression, name)
        if finish is not None:
            for constant in self._constants_of(expression, is_last=not steps):
                _check_constant(constant, finish, where)
        keeps_text = expression.column is not None or expression.text is not None
        if steps:
            step = chain(steps if finish is None else [*steps, finish.of_value])
            make = _after(each(step), make, keeps_text=keeps_text)
        elif finish is not None:
            make = _after(finish.of_column, make, keeps_text=keeps_text)
        if expression.default is not None:
            make = _fill(make, _check_constant(expression.default, finish, where))
        if expression.when is not None:
            make = _mask(make, compile_condition(expression.when, f"{where}.when", self.columns))
        return make

    def _source(self, expression: Expression, name: str, where: str) -> MakeColumn:
        given = [key for key in ("column", "text", "value", "first_of") if getattr(expression, key) is not None]
        if len(given) != 1:
            raise UsageError(
                f"{where}: give one of column, text, value, first_of (it has {', '.join(given) or 'none'})"
            )
        if expression.column is not None:
            column = expression.column
            self.columns.add(column)
            return lambda batch: batch.column(column)
        if expression.first_of is not None:
            parts = [self._compile(part, name, None, f"{where}.first_of") for part in expression.first_of]
            if not parts:
                raise UsageError(f"{where}: first_of is empty")
            return lambda batch: [
                next((value for value in values if value is not None), None)
                for values in zip(*(part(batch) for part in parts), strict=True)
            ]
        constant = expression.text if expression.text is not None else expression.value
        assert constant is not None
        return self._plain(constant, None, where, is_template=expression.value is None)

    def _plain(self, value: Constant, finish: Finish | None, where: str, *, is_template: bool = True) -> MakeColumn:
        """A constant, or a text with columns in it."""
        if isinstance(value, str) and is_template:
            texts, names = parse_template(value, where)
            if names:
                self.columns.update(names)
                make = column_maker(texts, names)
                return make if finish is None else _after(finish.of_column, make)
            value = texts[0]
        made = _check_constant(value, finish, where)
        return lambda batch: [made] * len(batch)

    def _list(self, parts: list[Item], name: str, finish: Finish | None, where: str) -> MakeColumn:
        made = [self._compile(part, name, None, where) for part in parts]

        def collect(batch: Batch) -> Column:
            rows = zip(*(make(batch) for make in made), strict=True) if made else [()] * len(batch)
            return [[value for value in values if value is not None] or None for values in rows]

        return collect if finish is None else _after(finish.of_column, collect, keeps_text=False)

    def _constants_of(self, expression: Expression, *, is_last: bool) -> list[Constant]:
        """Constants that reach the field as they are: a typing error in one is found before any row is read."""
        if expression.map is not None and not expression.split:
            return list(expression.map.values())
        parts = expression.first_of or [] if is_last else []
        texts = [part.text if isinstance(part, Expression) else part for part in parts]
        return [text for text in texts if text is not None and not (isinstance(text, str) and "{" in text)]

    def _time_parser(self, value: FieldValue, name: str, where: str) -> Step:
        said = value if isinstance(value, Expression) else Expression()
        time_format = said.time_format or self.times.format
        zone_name = said.time_zone or self.times.zone
        wrong = check_format(time_format)
        if wrong is not None:
            raise UsageError(f"{where}: time format {time_format!r} {wrong}")
        if needs_zone(time_format) and zone_name is None:
            raise UsageError(f"{where}: times of format {time_format!r} have no offset; give [time] zone")
        zone = None if zone_name is None else _zone(zone_name, where)
        parse = parser_of(time_format, zone, ambiguous=self.times.ambiguous, nonexistent=self.times.nonexistent)

        def finish(moment: Value) -> Value:
            made = parse(moment)
            return Refusal(f"{name}: {made.reason}") if isinstance(made, Refusal) else made

        return finish

    def _finish_of(self, as_type: AsType | None, value: FieldValue, name: str, where: str) -> Finish | None:
        match as_type:
            case None:
                return None
            case "time":
                return _finish(self._time_parser(value, name, where))
            case "boolean":
                return _finish(lambda value: _to_boolean(value, name))
        return _finish(converter(FieldKind(name, as_type, is_required=False)))


def _to_boolean(value: Value, name: str) -> Value:
    text = as_text(value).lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return Refusal(f"{name}: {text!r} is neither true nor false")


def _check_constant(constant: Constant, finish: Finish | None, where: str) -> Value:
    """The constant as the field takes it; a constant no row could use is an error of the mapping."""
    made = constant if finish is None else finish.of_value(constant)
    if isinstance(made, Refusal):
        raise UsageError(f"{where}: {made.reason}")
    return made


def _after(step: ApplyToColumn, make: MakeColumn, *, keeps_text: bool = True) -> MakeColumn:
    """`keeps_text`: from a file of texts alone, `make` gives texts alone."""
    return lambda batch: step(make(batch), keeps_text and batch.reader.is_text)


def _fill(make: MakeColumn, default: Value) -> MakeColumn:
    return lambda batch: [default if value is None else value for value in make(batch)]


def _mask(make: MakeColumn, test: Test) -> MakeColumn:
    return lambda batch: [value if fits else None for value, fits in zip(make(batch), test(batch), strict=True)]


def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"{where}: {name!r} is no time zone; name one as Asia/Shanghai or Europe/London") from None
