"""Backups of the database, and what has to happen besides loading one: rights, erasures and sign-ins, proof."""
