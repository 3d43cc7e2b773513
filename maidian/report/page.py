"""The report as one page of HTML that loads nothing from anywhere."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from html import escape
from importlib.resources import files
from typing import Any

from maidian.options import Language
from maidian.reading.cell_text import cell_text, is_number
from maidian.reading.section import Section
from maidian.report.gather import Report, Rows
from maidian.report.words import CHART_TEXT, NOTES, STEPS, WORDS

QUALITY = ("sources", "late", "rejects", "audits")


def report_page(report: Report, charts: Mapping[str, str], language: Language) -> str:
    """The page. `charts` are SVG by section."""
    words = WORDS[language]
    period = words["period"].format(first=report.first_day, last=report.last_day)
    shop = [name for name in report.parts if name not in (*QUALITY, "summary")]
    contents = "".join(
        f'<li><a href="#{name}">{escape(report.parts[name][0].title(language))}</a></li>' for name in [*shop, *QUALITY]
    )
    body = [
        f"<header><h1>{words['title']}</h1><p>{period}</p><p class='lead'>{words['lead']}</p></header>",
        _cards(*report.parts["summary"], language),
        f"<nav aria-label='{words['contents']}'><ul>{contents}</ul></nav>",
        "<main>",
        *(_section(*report.parts[name], charts.get(name), language, "h2") for name in shop),
        f"<h2 class='part'>{words['quality']}</h2>",
        *(_section(*report.parts[name], charts.get(name), language, "h3") for name in QUALITY),
        "</main>",
    ]
    assets = files("maidian.report")
    style, script = ((assets / name).read_text(encoding="utf-8") for name in ("report.css", "sort_tables.js"))
    return (
        f'<!doctype html>\n<html lang="{"zh-Hans" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{words['title']} · {report.last_day}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + f"\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _cards(section: Section, rows: Rows, language: Language) -> str:
    values = dict(zip(section.headings, rows[0], strict=True))
    currency = values.pop("currency")
    cards = []
    for name, value in values.items():
        heading = section.heading(name, language)
        if isinstance(value, Decimal):  # at a glance; the day's table has all digits
            heading = f"{heading} {currency or ''}".strip()
        text = _cell(name, round(value) if isinstance(value, Decimal) else value, language)
        cards.append(f"<div><dt>{escape(heading)}</dt><dd>{escape(text)}</dd></div>")
    label = escape(section.title(language))
    return f"<section id='{section.name}' aria-label='{label}'><dl class='cards'>{''.join(cards)}</dl></section>"


def _section(section: Section, rows: Rows, chart: str | None, language: Language, heading: str) -> str:
    note = NOTES.get(section.name, {}).get(language)
    parts = [f"<section id='{section.name}'><{heading}>{escape(section.title(language))}</{heading}>"]
    if note:
        parts.append(f"<p class='note'>{escape(note)}</p>")
    if chart:
        text, picture = escape(CHART_TEXT[section.name][language]), chart.replace("<svg", "<svg aria-hidden='true'", 1)
        parts.append(f"<figure role='img' aria-label='{text}'>{picture}</figure>")
    table = _table(section, rows, language) if rows else f"<p>{WORDS[language]['nothing']}</p>"
    if chart:  # the picture first, the numbers on demand
        table = f"<details><summary>{WORDS[language]['numbers']}</summary>{table}</details>"
    return "\n".join([*parts, table, "</section>"])


def _table(section: Section, rows: Rows, language: Language) -> str:
    numeric = [any(is_number(row[index]) for row in rows) for index in range(len(section.headings))]
    head = "".join(
        f"<th scope='col'{' class=number' if is_right else ''}><button type='button'>{escape(section.heading(name, language))}</button></th>"
        for name, is_right in zip(section.headings, numeric, strict=True)
    )
    lines = []
    for row in rows:
        cells = "".join(
            f"<td{' class=number' if is_right else ''} data-value='{escape(_sort_key(value), quote=True)}'>"
            f"{escape(_cell(name, value, language))}</td>"
            for name, value, is_right in zip(section.headings, row, numeric, strict=True)
        )
        lines.append(f"<tr>{cells}</tr>")
    body = "\n".join(lines)
    return (
        f"<div class='scroll' tabindex='0' role='region' aria-label='{escape(section.title(language))}'>"
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def _cell(name: str, value: Any, language: Language) -> str:
    if name == "step":
        return STEPS[value][language]
    if name.endswith("_ratio") and value is not None:
        return f"{100 * value:.1f} %"
    return cell_text(name, value, language)


def _sort_key(value: Any) -> str:
    """What the script sorts by: numbers as they are, instants and text as text, nothing last."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
