"""The report's charts as SVG, drawn offline by Vega-Lite. Colours are marks that the page's style sheet gives values."""

from io import StringIO
from typing import Any

import altair as alt
import polars as pl

from maidian.options import Language
from maidian.report.gather import Report
from maidian.report.words import AXES, STEPS

# One column of a wide page; on a telephone its text shrinks to no less than nine pixels.
WIDTH, HEIGHT, FONT_SIZE = 400, 190, 13

# Vega writes colours into the SVG; the style sheet answers to these four with those of the reader's scheme.
INK, MUTED, BAR, LINE = "#010101", "#020202", "#030303", "#040404"

Chart = alt.Chart | alt.LayerChart | alt.VConcatChart


def draw(report: Report, language: Language) -> dict[str, str]:
    """An SVG for each section that has one and has rows, by the section's name."""
    charts: dict[str, Chart] = {}
    if report.rows("days"):
        charts["days"] = _days(report, language)
    if any(row["search_count"] for row in report.rows("funnel")):
        charts["funnel"] = _funnel(report, language)
    if report.rows("groups"):
        charts["groups"] = _groups(report, language)
    if report.rows("rejects"):
        charts["rejects"] = _rejects(report, language)
    return {name: _svg(chart) for name, chart in charts.items()}


def _days(report: Report, language: Language) -> Chart:
    frame = _frame(report, "days", "event_date", "session_count", "order_count").with_columns(
        pl.col("event_date").cast(pl.String)
    )
    day = alt.X("event_date:T", title=None, axis=alt.Axis(format="%m-%d", labelOverlap=True, tickCount=6))

    def bars(column: str, colour: str, height: int) -> alt.Chart:
        title = _heading(report, "days", column, language)
        chart: alt.Chart = (
            alt.Chart(frame, width=WIDTH, height=height)
            .mark_bar(color=colour, size=max(2, WIDTH // (2 * frame.height + 1)))
            .encode(x=day, y=alt.Y(f"{column}:Q", title=title, axis=alt.Axis(tickCount=4)))
        )
        return chart

    return alt.vconcat(bars("session_count", BAR, 110), bars("order_count", LINE, 90))


def _funnel(report: Report, language: Language) -> Chart:
    frame = _frame(report, "funnel", "step", "search_count", "of_all_ratio").with_columns(
        pl.col("step").replace_strict({step: words[language] for step, words in STEPS.items()}),
        label=pl.Series([f"{row['search_count']:,} ({row['of_all_ratio']:.1%})" for row in report.rows("funnel")]),
    )
    most = max(row["search_count"] for row in report.rows("funnel"))
    base = alt.Chart(frame, width=WIDTH - 60, height=HEIGHT).encode(
        y=alt.Y("step:N", sort=None, title=None),
        x=alt.X("search_count:Q", title=None, axis=None, scale=alt.Scale(domainMax=1.45 * most)),
    )
    labels = base.mark_text(align="left", dx=4, color=INK, fontSize=FONT_SIZE).encode(text="label:N")
    chart: alt.LayerChart = base.mark_bar(color=BAR) + labels
    return chart


def _groups(report: Report, language: Language) -> Chart:
    columns = ("group_least_amount", "group_greatest_amount", "customer_count", "group_threshold_amount")
    frame = _frame(report, "groups", *columns).with_columns(
        pl.col("group_least_amount", "group_greatest_amount", "group_threshold_amount").cast(pl.Float64)
    )
    amount = alt.X(
        "group_least_amount:Q",
        title=AXES["usual_order"][language],
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(tickCount=5, format="~s"),
    )
    height = alt.Y("customer_count:Q", title=_heading(report, "groups", "customer_count", language))
    base = alt.Chart(frame, width=WIDTH, height=HEIGHT)
    bars = base.mark_rect(color=BAR, stroke=INK, strokeWidth=0.5).encode(
        x=amount, x2="group_greatest_amount:Q", y=height, y2=alt.datum(0)
    )
    steps = base.mark_rule(color=LINE, strokeDash=[4, 3], strokeWidth=2).encode(x="group_threshold_amount:Q")
    chart: alt.LayerChart = bars + steps
    return chart


def _rejects(report: Report, language: Language) -> Chart:
    frame = _frame(report, "rejects", "kind", "line_count").group_by("kind").agg(pl.col("line_count").sum())
    frame = frame.sort("line_count", "kind", descending=[True, False])
    chart: alt.Chart = (
        alt.Chart(frame, width=WIDTH - 80, height=HEIGHT)
        .mark_bar(color=BAR)
        .encode(
            y=alt.Y("kind:N", sort=None, title=None),
            x=alt.X("line_count:Q", title=_heading(report, "rejects", "line_count", language)),
        )
    )
    return chart


def _frame(report: Report, name: str, *columns: str) -> pl.DataFrame:
    return pl.DataFrame([{column: row[column] for column in columns} for row in report.rows(name)])


def _heading(report: Report, name: str, column: str, language: Language) -> str:
    return report.parts[name][0].heading(column, language)


def _svg(chart: Chart) -> str:
    """The picture, as wide as its place."""
    styled: Any = chart
    axis = {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "gridColor": MUTED,
        "gridOpacity": 0.25,
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "titleFontWeight": "normal",
    }
    styled = styled.configure(background="transparent", font="sans-serif", axis=axis, view={"stroke": None})
    picture = StringIO()
    styled.save(picture, format="svg")
    return picture.getvalue()
