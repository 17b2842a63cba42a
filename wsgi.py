"""The WSGI entry: `gunicorn wsgi:app`, `flask --app wsgi …`."""

from quietus import create_app

app = create_app()
