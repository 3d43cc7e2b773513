"""What counts as an order, and as a paid one: the definition that every mart about money shares."""
