"""A zip file that is sent while it is made: nothing of it is kept, in memory or on a disk."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

# (name in the zip, its text piece by piece)
Member = tuple[str, Iterable[str]]


class _Pipe(io.RawIOBase):
    """What zipfile writes into; it cannot go back, so zipfile puts sizes behind each member."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # zipfile writes bytes
        self._written += view
        return view.nbytes

    def taken(self) -> bytes:
        found = bytes(self._written)
        self._written.clear()
        return found


def zip_stream(members: Iterable[Member], at: datetime) -> Iterator[bytes]:
    """The zip in pieces; a member is asked for its text only when its turn comes."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, texts in members:
            info = zipfile.ZipInfo(name, at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16  # for its owner's eyes where it is unpacked
            with archive.open(info, "w", force_zip64=True) as member:
                for text in texts:
                    member.write(text.encode())
                    if piece := pipe.taken():
                        yield piece
            yield pipe.taken()
    yield pipe.taken()
