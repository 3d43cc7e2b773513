"""How events get in: import, ingest, and the generator of the demo."""
