"""`runs`: what was done to the lake: one row a command, and one for each table that a run looked at.

It is a log, kept as lines in `<lake>/runs` and not as snapshots: a command that fails must be able to write it, also
when nothing can be audited or published any more.
"""

from schemas.tables.declaration import COUNT, DATE, INSTANT, SECONDS, STRING, Column, Table

COMMAND_OUTCOMES = ("done", "refused", "failed")
STEP_OUTCOMES = ("rebuilt", "unchanged", "skipped")

LOG = Table(
    name="runs",
    en="What was done to the lake: every command that writes, and every table that a run looked at",
    zh="运行日志：每条写入类命令，以及每次运行涉及的每张表",
    grain="one command, or one table in one run",
    key=("started_at", "command", "step"),
    partition="started_date",
    version=1,
    columns=(
        Column("started_date", DATE, "Business day of started_at", "开始业务日期"),
        Column("started_at", INSTANT, "When the command began", "命令开始时间", unit="UTC"),
        Column("ended_at", INSTANT, "When the command ended", "命令结束时间", unit="UTC"),
        Column("command", STRING, "The command: ingest, run, export …", "命令"),
        Column("step", STRING, "The table that a run looked at; empty for the command as a whole", "步骤：表名；整条命令为空"),
        Column(
            "outcome",
            STRING,
            "Of a command: done, refused by the audit, failed; of a table also rebuilt, unchanged, skipped",
            "结果",
            allowed=(*COMMAND_OUTCOMES, *STEP_OUTCOMES),
        ),
        Column(
            "exit_code",
            COUNT,
            "Of the command: 0 done, 1 our fault or the machine's, 2 usage, 3 refused; null for a table",
            "退出码；表级为空",
            unit="code",
            is_nullable=True,
        ),
        Column("duration_seconds", SECONDS, "How long the command, or the table, took", "耗时（秒）"),
        Column("day_count", COUNT, "Days rebuilt; null where that means nothing", "重建天数", is_nullable=True),
        Column("row_count", COUNT, "Rows written; null where that means nothing", "写入行数", is_nullable=True),
        Column("snapshot_id", STRING, "The snapshot published; null when none was", "发布的快照", is_nullable=True),
        Column("message", STRING, "Why it did not go well; empty when it did", "说明；正常为空"),
    ),
)  # fmt: skip
