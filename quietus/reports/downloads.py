"""A report on its way to somebody's disk."""

from urllib.parse import quote

from flask import Response

from quietus.reports.service import Download


def as_answer(file: Download) -> Response:
    answer = Response(file.pieces, content_type=file.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{quote(file.filename)}"'
    # what a program may check the file against: the JSON's rows give the same digest
    answer.headers["X-Report-Digest"] = file.digest
    answer.headers["X-Report-Rows"] = str(file.row_count)
    return answer
