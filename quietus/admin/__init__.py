"""Running the desk: the first start, boot checks, and what admins see."""
