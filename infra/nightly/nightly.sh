#!/bin/sh
# One night: what every scheduler here calls. Stops at the first step that fails, with its exit code:
# 1 the machine or we, 2 wrong usage, 3 data refused by the audit. Run it again at any time: it does what is left.
#
#   MAIDIAN_LAKE        the lake (required)
#   MAIDIAN_ON_FAILURE  whom to tell: an http(s) address or a shell command
#   MAIDIAN_LOG_FORMAT  json for a log collector
#   MAIDIAN_REPORT      where the report goes; without it none is written
set -eu
: "${MAIDIAN_LAKE:?name the lake}"

maidian ingest --json
maidian run --json
if [ -n "${MAIDIAN_REPORT:-}" ]; then
    maidian report --out "$MAIDIAN_REPORT"
fi
maidian gc
