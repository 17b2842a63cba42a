"""Style sheets and scripts travel small, pages whole, and a browser that has a file is not sent it again."""

import gzip
from typing import Any

import pytest
from flask.testing import FlaskClient

GZIP = {"Accept-Encoding": "gzip, br"}


def get(client: FlaskClient, path: str, **headers: str) -> Any:
    """The answer, read whole: else its file would stay open."""
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()}, buffered=True)


@pytest.mark.parametrize("path", ["/static/app.css", "/static/app.js", "/static/live/timeline.mjs"])
def test_the_same_file_travels_small(client: FlaskClient, path: str) -> None:
    whole, small = get(client, path), get(client, path, **GZIP)
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in whole.headers
    assert gzip.decompress(small.data) == whole.data
    assert len(small.data) < len(whole.data) / 2
    assert "Accept-Encoding" in small.headers["Vary"]
    assert "Accept-Encoding" in whole.headers["Vary"]
    assert small.content_length == len(small.data)


def test_what_the_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    tag = get(client, "/static/app.css", **GZIP).headers["ETag"]
    assert get(client, "/static/app.css", **GZIP, If_None_Match=tag).status_code == 304


def test_pages_pictures_parts_and_refusals_go_out_as_they_are(client: FlaskClient) -> None:
    for path in ("/", "/help", "/static/touch-icon.png", "/static/no-such.css", "/healthz"):
        assert "Content-Encoding" not in get(client, path, **GZIP).headers, path
    assert get(client, "/static/app.css", Accept_Encoding="gzip;q=0").data.startswith(b"/*")
    part = get(client, "/static/app.css", **GZIP, Range="bytes=0-9")
    assert (part.status_code, len(part.data)) == (206, 10)
