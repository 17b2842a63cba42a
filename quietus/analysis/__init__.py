"""Texts that people submit and the review priority that the model gives each."""
