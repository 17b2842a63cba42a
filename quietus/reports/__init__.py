"""Files made of figures: built by a task, kept in the result backend only, rendered on request."""
