"""One export in a process of its own, for a test to kill: the audit passes at once, for the real one takes long to load."""

import sys
from datetime import date
from pathlib import Path

from maidian.audiences.export import export
from maidian.audiences.export_rules import ExportRules
from maidian.audiences.load_audience import load_audience
from maidian.audiences.report import Request
from schemas.lake.lake import open_lake

lake = open_lake(Path(sys.argv[1]))
request = Request(date(2026, 11, 20), date(2026, 11, 21), "csv", "en", Path(sys.argv[2]))
audience = load_audience(lake, "viewed_not_ordered")
print("begins", flush=True)  # noqa: T201 the test counts from here
export(lake, audience, ExportRules(), request, lambda *_: [])
