"""Everything that anyone did or read, as rows that cannot be changed."""
