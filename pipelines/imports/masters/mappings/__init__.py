"""Mappings of masters that come with maidian."""
