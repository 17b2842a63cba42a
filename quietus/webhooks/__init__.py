"""Tells other programs of recorded outcomes and ended sessions: signed, tried again, and every delivery noted."""
