"""The suites of expectations the audit judges by, one JSON file a table; jobs/engine/suites.py reads them."""
