"""The least that a web server can do to accept a text: one route, two inserts, one commit (promise P5's baseline).

Nobody signs in, nothing is checked, nothing is logged or counted. gunicorn runs it with the product's own settings.
"""

import json
import os
import threading
from uuid import uuid4

import psycopg
from flask import Flask, Response, request

RECORD = (
    "INSERT INTO analysis_records (id, user_id, input_text, source, predicted_label, confidence, model_version, "
    "ai_processing_ms, submitted_at, analyzed_at, request_id) "
    "VALUES (%s, %s, %s, 'API', 'LOW', 0, 'bare', 0, now(), now(), %s)"
)
AUDIT = (
    "INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata) "
    "VALUES (%s, 'analysis:accepted', 'analysis', %s, %s)"
)

app = Flask(__name__)
own = threading.local()


def _connection() -> "psycopg.Connection[tuple[object, ...]]":
    """Each thread keeps its own, as a pool would hand it out."""
    if not hasattr(own, "connection"):
        own.connection = psycopg.connect(os.environ["BARE_DATABASE_URL"])
    found: psycopg.Connection[tuple[object, ...]] = own.connection
    return found


@app.post("/accept")
def accept() -> Response:
    body, row, request_id, user = request.get_json(), uuid4(), uuid4(), os.environ["BARE_USER"]
    facts = json.dumps({"request_id": str(request_id), "source": "API", "subject_id": user})
    connection = _connection()
    connection.execute(RECORD, (row, user, body["text"], request_id))
    connection.execute(AUDIT, (user, str(row), facts))
    connection.commit()
    answer = json.dumps({"id": str(row), "request_id": str(request_id), "status": "PENDING"})
    return Response(answer, 202, content_type="application/json")
