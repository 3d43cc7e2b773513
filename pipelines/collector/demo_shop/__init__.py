"""The demo shop of `maidian collect --demo-shop`: a page of a small wholesaler whose clicks arrive as events."""

SOURCE = "demo-shop"
"""The source of its events: a folder of landing."""

WRITE_KEY = "demo-shop"
"""No secret: whoever sees the page may send."""
