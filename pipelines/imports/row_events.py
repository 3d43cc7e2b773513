"""Events made of one row each, a batch at a time."""

from collections import Counter

from pipelines.imports.compile_mapping import CompiledEvent
from pipelines.imports.event_heads import OVERSIZE, ContentIds, encode_fitting, head_columns, identities, make_heads
from pipelines.imports.field_sets import Problems
from pipelines.imports.ledger import BytesSink, Ledger
from pipelines.imports.readers.batch import Batch, RefusedRow


class RowEvents:
    """Makes the events of one `[[event]]` without `group_by`, and writes them."""

    def __init__(self, event: CompiledEvent, source: str, sink: BytesSink, ledger: Ledger) -> None:
        self._event = event
        self._ids = ContentIds(source, event.label)
        self._sink = sink
        self._ledger = ledger

    def add(self, batch: Batch) -> None:
        """Write the events of these rows; a row with a problem is refused whole."""
        event, problems = self._event, Problems()
        ids = None if event.event_id is None else event.event_id(batch)
        if ids is None:
            ids = list(map(self._ids.of_row, identities(batch)))
        columns = head_columns(event, batch, ids, problems)
        lines = None
        if event.line is not None:
            lines = [[line] for line in map(event.line.struct, *event.line.columns(batch, problems))]
        properties = None if event.properties is None else event.properties.things(batch, problems)
        heads = make_heads(event, ids, columns, lines, properties)
        kept = [place for place in range(len(batch)) if place not in problems] if problems else range(len(batch))
        encoded, too_long = encode_fitting([heads[place] for place in kept] if problems else heads)
        for place in too_long:
            problems[kept[place]] = OVERSIZE
        if problems:
            refused = batch.take(sorted(problems))
            self._ledger.refuse(
                RefusedRow(number, problems[place], batch.reader.shown(row))
                for place, number, row in zip(sorted(problems), refused.numbers, refused.rows, strict=True)
            )
        self._sink.write(encoded)
        statuses = columns[event.fields.names.index("status")] if event.event_type == "order" else [None] * len(batch)
        for status, count in Counter(statuses[place] for place in kept if place not in problems).items():
            self._ledger.count_events(event.event_type, status, count, count)

    def close(self) -> None:
        """Nothing is held back: every row is an event by itself."""
