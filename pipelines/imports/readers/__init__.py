"""One reader a file format; each hands out batches of rows and knows how to take a column from them."""
