"""Video sessions and the priorities of their windows; so far only the tables, as the seed schema has them."""
