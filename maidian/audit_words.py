"""The last audit in words, for a terminal and for a page: what was found, where, and how it ended."""

from jobs.engine.audit import Outcome
from jobs.engine.last_audit import Finding
from maidian.options import Language

NONE: dict[Language, str] = {"en": "none", "zh": "无"}
UNITS: dict[Language, dict[str, str]] = {
    "en": {"rows": "{} rows", "values": "{} values", "a day": "{} rows a day"},
    "zh": {"rows": "{} 行", "values": "{} 个值", "a day": "每日 {} 行"},
}
TO: dict[Language, str] = {"en": " to ", "zh": " 至 "}


def reason(finding: Finding, language: Language) -> str:
    """Why it is asked."""
    return finding.zh if language == "zh" else finding.en


def found(outcome: Outcome, language: Language) -> str:
    """What was found over the days judged: `none`, `3 rows`, `2% to 5%`."""
    return _amount(outcome.column, outcome.observed[0], outcome.observed[-1], language)


def days_at_fault(outcome: Outcome, language: Language) -> str:
    """The days that did not meet it, each with what was found; the first few when there are many."""
    shown = [f"{day}: {_amount(outcome.column, value, value, language)}" for day, value in outcome.failed.items()]
    more = len(shown) - 3
    return "; ".join(shown[:3]) + (
        {"en": f" (and {more} more)", "zh": f"（另有 {more} 天）"}[language] if more > 0 else ""
    )


def _amount(metric: str, least: float, most: float, language: Language) -> str:
    if metric.endswith("_ratio"):
        numbers = [f"{value:.1%}" for value in (least, most)]
        unit = "{}"
    else:
        numbers = [f"{value:,}" for value in (least, most)]
        unit = UNITS[language]["values" if metric.endswith("_distinct_count") else "rows"]
        if metric == "row_count":
            unit = UNITS[language]["a day"]
        elif most == 0:
            return NONE[language]
    if least == most == 1:
        unit = unit.replace("rows", "row").replace("values", "value")
    return unit.format(numbers[0] if least == most else TO[language].join(numbers))
