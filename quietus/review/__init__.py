"""What needs eyes first: a queue that is a query, claims, decisions and who is told when nobody comes."""
