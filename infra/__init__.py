"""How maidian runs outside a terminal: examples for proxies and machines, and a cluster on this one."""
