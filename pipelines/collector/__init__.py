"""The HTTP collector: tracking clients in, landing out, durable before the answer."""
