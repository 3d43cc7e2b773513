"""Definitions that come with maidian, one TOML file a list; copy one into `<lake>/audiences` and change it."""
