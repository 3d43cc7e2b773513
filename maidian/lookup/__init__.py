"""What an operator asks about one customer, one product or one search term, answered from the tables."""
