"""The demo's wholesaler."""
