"""Master data, `maidian import --as skus|customers`: one file becomes the whole of one table, or nothing does."""
