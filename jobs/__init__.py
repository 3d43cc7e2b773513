"""Facts and marts, one file each; engine/ finds, orders, runs, audits and publishes them."""
