"""What is wrong with a mapping is one line: the file, the key, and the known ones near it; before any row is read."""

import pytest

from pipelines.imports.import_files import prepare_mapping
from schemas.errors import UsageError
from tests.pipelines.imports.small_mappings import ORDERS, VIEWS, Workshop

ADJACENT = ORDERS.format(rows="adjacent")

WRONG = {
    "not TOML": ("[input", "is not TOML: "),
    "nothing": ("", "top level: the key 'event' is missing"),
    "no event": ("event = []", "[event]: expected list of length >= 1"),
    "top level": ("evnt = 1\n" + VIEWS, "top level: unknown key 'evnt'; did you mean event?"),
    "in a table": (VIEWS + '[input]\ndelimeter = ","', "[input]: unknown key 'delimeter'; did you mean delimiter?"),
    "in an event": (VIEWS.replace("type", "tpye"), "[[event]] 1: unknown key 'tpye'; did you mean type?"),
    "in an expression": (
        VIEWS.replace('"{price}"', '{ colum = "price" }'),
        "[[event]] 1 fields.price: unknown key 'colum'; did you mean column?",
    ),
    "in a nested condition": (
        VIEWS + '[[drop]]\nname = "x"\nwhen = { any = [{ column = "a", is = 1 }, { colunm = "b" }] }',
        "[[drop]] 1 when.any 2: unknown key 'colunm'; did you mean column?",
    ),
    "wrong choice": (ADJACENT.replace("adjacent", "sorted"), "[[event]] 1 rows: 'sorted' is none of adjacent, scattered"),
    "wrong type": (VIEWS + "[time]\nzone = 8", "[time] zone: expected str | null, got int"),
    "a date": (VIEWS.replace('"{price}"', "2026-11-20"), "[[event]] 1 fields.price: expected "),
    "event type": (VIEWS.replace('"view"', '"veiw"'), "[[event]] 1 type: 'veiw' is no event type; did you mean view?"),
    "unknown field": (
        VIEWS.replace("sku_id", "skuid"),
        "[[event]] 1 fields: unknown field 'skuid' of a view; did you mean sku_id",
    ),
    "field of another type": (VIEWS + 'query = "{q}"', "[[event]] 1 fields: unknown field 'query'"),
    "shared field of one type": (VIEWS + '[fields]\nsku_id = "1"', "[fields]: unknown field 'sku_id'"),
    "unknown field of a line": (ADJACENT + 'prise = "1"', "[[event]] 1 line: unknown field 'prise'"),
    "properties among fields": (VIEWS + "properties = 1", "[[event]] 1 fields.properties: goes into [event.properties]"),
    "required field": (VIEWS.replace('sku_id = "{product}"', ""), "[[event]] 1 fields: sku_id is missing; every view needs it"),
    "required field of a line": (
        ADJACENT.replace('quantity = "{pieces}"', ""),
        "[[event]] 1 line: quantity is missing; every line needs it",
    ),
    "neither customer nor device": (
        VIEWS.replace('anonymous_id = "{visitor}"', ""),
        "[[event]] 1 fields: give customer_id or anonymous_id; every view needs one of them",
    ),
    "placed without lines": (
        ADJACENT[: ADJACENT.index("[event.line]")].replace('"paid"', '"placed"'),
        "[[event]] 1: a placed order needs its lines; add [event.line]",
    ),
    "lines of a view": (VIEWS + '[event.line]\nsku_id = "1"', "[[event]] 1 line: only an order is made of several rows"),
    "constant the contract refuses": (
        ADJACENT.replace('"paid"', '"payed"'),
        "[[event]] 1 fields.status: status: 'payed' is none of approved, cancelled, paid, placed, returned, shipped",
    ),
    "constant of a choice": (
        ADJACENT.replace('"paid"', '{ first_of = ["{a}", "payed"] }'),
        "[[event]] 1 fields.status: status: 'payed' is none of",
    ),
    "constant of a map": (
        ADJACENT.replace('"paid"', '{ column = "a", map = { A = "payed" } }'),
        "[[event]] 1 fields.status: status: 'payed' is none of",
    ),
    "default": (VIEWS.replace('"{price}"', '{ column = "p", default = "free" }'), "fields.price: price: 'free' is not an amount"),
    "two sources of a value": (
        VIEWS.replace('"{price}"', '{ column = "p", text = "1" }'),
        "[[event]] 1 fields.price: give one of column, text, value, first_of (it has column, text)",
    ),
    "no source of a value": (VIEWS.replace('"{price}"', "{ strip = true }"), "give one of column, text, value, first_of (it has none)"),
    "stray brace": (VIEWS.replace("{price}", "{price"), "[[event]] 1 fields.price: '{price' has a stray brace"),
    "list for one value": (VIEWS.replace('"{price}"', '["{price}"]'), "fields.price: takes one value, not a list"),
    "as on a field": (VIEWS.replace('"{price}"', '{ column = "p", as = "integer" }'), "fields.price: as is for properties"),
    "every_row on a field": (VIEWS.replace('"{price}"', '{ column = "p", every_row = true }'), "every_row is for the properties"),
    "every_row without group": (
        VIEWS + '[event.properties]\na = { column = "a", every_row = true }',
        "[[event]] 1 properties.a: every_row is for an event with group_by",
    ),
    "group by nothing": (ADJACENT.replace('group_by = "order"', "group_by = []"), "[[event]] 1 group_by: names no column"),
    "zone": (VIEWS + '[time]\nzone = "China"', "'China' is no time zone; name one as Asia/Shanghai or Europe/London"),
    "no zone": (VIEWS + '[time]\nformat = "%Y-%m-%d"', "times of format '%Y-%m-%d' have no offset; give [time] zone"),
    "time format": (VIEWS + '[time]\nformat = "%Y-%Q"', "time format '%Y-%Q' 'Q' is a bad directive"),
    "named time format": (VIEWS + '[time]\nformat = "ios"', "time format 'ios' is none of iso, epoch_seconds"),
    "format without year": (VIEWS + '[time]\nformat = "%H:%M"', "time format '%H:%M' has no year"),
    "format with a zone name": (VIEWS + '[time]\nformat = "%Y %Z"', "has %Z, but zone names are ambiguous"),
    "encoding": (VIEWS + '[input]\nencoding = "utf8x"', "[input] encoding: 'utf8x' is none; such are utf-8, gb18030"),
    "encoding that is no text": (VIEWS + '[input]\nencoding = "base64"', "[input] encoding: 'base64' is none"),
    "delimiter": (VIEWS + "[input]\ndelimiter = '\"'", "[input] delimiter: '\"' cannot part fields"),
    "columns": (VIEWS + '[input]\ncolumns = ["a", "a"]', "[input] columns: a name stands twice"),
    "condition without column": (VIEWS + '[[drop]]\nname = "x"\nwhen = { is = 1 }', "[[drop]] 1 when: names no column to test"),
    "condition without test": (VIEWS + '[[drop]]\nname = "x"\nwhen = { column = "a" }', "[[drop]] 1 when: says nothing of column 'a'"),
    "empty condition": (VIEWS + '[[drop]]\nname = "x"\nwhen = {}', "[[drop]] 1 when: is empty; give column and a test"),
    "regular expression": (
        VIEWS + '[[drop]]\nname = "x"\nwhen = { column = "a", matches = "(" }',
        "[[drop]] 1 when: matches = '(' is no regular expression",
    ),
    "source": (VIEWS.replace('"shop"', '"My Shop"'), "source: 'My Shop': use only a to z, 0 to 9, _ and -"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_mapping_is_refused_before_any_row_is_read(what: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    text, message = WRONG[what]
    path = shop.write("shop.toml", text)
    with pytest.raises(UsageError) as caught:
        prepare_mapping(str(path))
    said = str(caught.value)
    assert message in said
    assert "shop.toml" in said
    assert "\n" not in said
    assert caught.value.exit_code == 2


def test_mapping_that_is_nowhere_names_those_that_are() -> None:
    with pytest.raises(
        UsageError, match=r"mapping 'online-retail': no such mapping and no such file; did you mean online_r"
    ):
        prepare_mapping("online-retail")
    with pytest.raises(UsageError, match=r"mapping 'x': .*; known: online_retail, otto"):
        prepare_mapping("x")
    with pytest.raises(UsageError, match=r"nowhere\.toml: cannot be read"):
        prepare_mapping("nowhere.toml")


def test_mapping_in_another_encoding_is_one_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = Workshop(tmp_path_factory.mktemp("shop")).write("m.toml", b'description = "\xff"\n')
    with pytest.raises(UsageError, match="is not UTF-8; save the file as UTF-8"):
        prepare_mapping(str(path))
