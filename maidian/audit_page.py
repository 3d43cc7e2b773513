"""One page of HTML about the last audit of every table, for people who do not program. It loads nothing from anywhere."""

from collections.abc import Sequence
from html import escape

from jobs.engine.last_audit import Finding, TableAudit
from maidian.audit_words import days_at_fault, found, reason
from maidian.options import Language
from schemas.tables import declared_tables

STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #1c2330; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 0; display: inline; }
p.lead { color: #475063; } code { font-size: .85em; color: #475063; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #e3e7ee; }
th { font-weight: 600; color: #475063; } td.number { white-space: nowrap; }
details { border: 1px solid #d4dae4; border-radius: 6px; padding: .6rem 1rem; margin: .8rem 0; }
summary { cursor: pointer; } summary .meaning { color: #475063; }
.met { color: #17663a; } .told { color: #8a5300; font-weight: 600; } .refused { color: #a31621; font-weight: 600; }
@media print { details { break-inside: avoid; } }
"""

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "What the last audit found",
        "lead": "Before a day of a table may be read by anyone, it is held against what must be true of it. What must "
        "never be wrong (critical) keeps the day from being published; a warning is only told. Below is the last "
        "audit of every table, with its reasons.",
        "made": "Lake {lake}; written {at}.",
        "all met": "all {count} met",
        "told": "warnings: {count}",
        "refused": "newer data refused",
        "table": "Table",
        "result": "Result",
        "published": "Published (UTC)",
        "asked": "What is asked",
        "found": "Found",
        "days": "Days judged",
        "ok": "met",
        "warning": "warning",
        "critical": "not met",
        "where": "Where",
        "newer": "Newer data was refused at {at}; what is described here is what was published before:",
        "none": "No table has been published yet.",
        "unaudited": "no audit recorded",
    },
    "zh": {
        "title": "最近一次数据审核结果",
        "lead": "每张表的每个业务日在可读之前，都要逐条核对。不满足“必须”条件的数据不会发布；“提醒”只提示、不拦截。下面是各表最近一次审核的结果与每条检查的理由。",
        "made": "数据湖 {lake}；生成于 {at}。",
        "all met": "{count} 项全部满足",
        "told": "{count} 项提醒",
        "refused": "较新的数据未通过",
        "table": "表",
        "result": "结果",
        "published": "发布时间（UTC）",
        "asked": "检查内容",
        "found": "实际情况",
        "days": "检查天数",
        "ok": "满足",
        "warning": "提醒",
        "critical": "不满足",
        "where": "出现在",
        "newer": "{at} 的较新数据未通过审核，以下为之前发布的数据：",
        "none": "还没有已发布的表。",
        "unaudited": "无审核记录",
    },
}


def audit_page(audits: Sequence[TableAudit], lake: str, written_at: str, language: Language) -> str:
    """The page. `lake` and `written_at` are only shown."""
    words = WORDS[language]
    body = [
        f"<h1>{words['title']}</h1>",
        f'<p class="lead">{words["lead"]}</p>',
        f'<p class="lead">{escape(words["made"].format(lake=lake, at=written_at))}</p>',
        _overview(audits, language) if audits else f"<p>{words['none']}</p>",
        *(_section(audit, language) for audit in audits),
    ]
    return (
        f'<!doctype html>\n<html lang="{"zh-Hans" if language == "zh" else "en"}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{words["title"]}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _overview(audits: Sequence[TableAudit], language: Language) -> str:
    words = WORDS[language]
    rows = [
        f'<tr><td><a href="#{audit.table}">{audit.table}</a></td><td>{_result(audit, language)}</td>'
        f"<td>{escape(audit.published_at[:16].replace('T', ' '))}</td></tr>"
        for audit in audits
    ]
    head = "".join(f"<th>{words[name]}</th>" for name in ("table", "result", "published"))
    return f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "</table>"


def _result(audit: TableAudit, language: Language) -> str:
    words = WORDS[language]
    parts = []
    if audit.refusal:
        parts.append(f'<span class="refused">{words["refused"]}</span>')
    if audit.failed:
        parts.append(f'<span class="told">{words["told"].format(count=len(audit.failed))}</span>')
    elif audit.findings:
        parts.append(f'<span class="met">{words["all met"].format(count=len(audit.findings))}</span>')
    else:
        parts.append(words["unaudited"])
    return ", ".join(parts)


def _section(audit: TableAudit, language: Language) -> str:
    words = WORDS[language]
    declared = declared_tables().get(audit.table)
    meaning = (declared.zh if language == "zh" else declared.en) if declared else ""
    refusal = ""
    if audit.refusal:
        newer = words["newer"].format(at=audit.refused_at)
        refusal = f'<p class="refused">{escape(newer)} {escape(audit.refusal)}</p>'
    head = "".join(f"<th>{words[name]}</th>" for name in ("result", "asked", "found", "days"))
    ordered = sorted(audit.findings, key=lambda finding: finding.outcome.success)
    rows = "\n".join(_row(finding, language) for finding in ordered)
    return (
        f'<details id="{audit.table}"{" open" if audit.failed or audit.refusal else ""}><summary><h2>{audit.table}</h2> '
        f'{_result(audit, language)}<br><span class="meaning">{escape(meaning)}</span></summary>'
        f"{refusal}<table><tr>{head}</tr>\n{rows}</table></details>"
    )


def _row(finding: Finding, language: Language) -> str:
    words, outcome = WORDS[language], finding.outcome
    kind = "ok" if outcome.success else outcome.severity
    style = {"ok": "met", "warning": "told", "critical": "refused"}[kind]
    where = "" if outcome.success else f"<br>{words['where']}: {escape(days_at_fault(outcome, language))}"
    return (
        f'<tr><td class="{style}">{words[kind]}</td><td>{escape(reason(finding, language))}{where}<br>'
        f'<code>{escape(outcome.column)}</code></td><td class="number">{escape(found(outcome, language))}</td>'
        f"<td>{outcome.partition_count:,}</td></tr>"
    )
