"""The report: one page about how the shop does, for people who do not program."""
