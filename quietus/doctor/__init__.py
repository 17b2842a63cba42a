"""`doctor`: looks at every part of a desk, one by one and each with a time limit, and says what to do."""
