"""The pages that anyone may open at any time: what this is, and where to get help now."""
