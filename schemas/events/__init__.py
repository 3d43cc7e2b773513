"""The event contract: six buy-side event types, one declaration, and everything generated from it."""
