"""Tests mirror the source; `oracles` says slowly and plainly what a table must hold."""
