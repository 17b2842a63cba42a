"""The Celery entry: `celery --app celery_worker worker|beat`."""

from quietus import create_app
from quietus.admin import boot

flask_app = create_app()
celery_app = flask_app.extensions["celery"]
boot.connect(flask_app)
