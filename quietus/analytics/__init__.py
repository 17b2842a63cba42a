"""Figures computed from the raw rows by named .sql files, each answered together with its SQL."""
