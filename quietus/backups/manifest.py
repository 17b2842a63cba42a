"""The small file beside a backup: what must be in it, and by which digest it is known to be whole."""

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from quietus.backups.programs import BackupError
from quietus.core.config import settings

FORMAT: Final = 1
SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`rows` are counted in the same snapshot that was dumped; `key` tells whether the secret key is the same."""

    made_at: str
    bytes: int
    sha256: str
    rows: dict[str, int]
    migration: str
    server: int
    dumped_by: int
    key: str
    format: int = FORMAT

    @classmethod
    def beside(cls, file: Path) -> Self:
        """Raises BackupError where there is none, or none that can be read."""
        place = path_of(file)
        try:
            found = cls(**json.loads(place.read_text()))
        except FileNotFoundError:
            raise BackupError(f"{place} is missing: without it nobody knows whether {file.name} is whole.") from None
        except (OSError, ValueError, TypeError):
            raise BackupError(f"{place} cannot be read: it is damaged, or of another version.") from None
        if found.format != FORMAT:
            raise BackupError(f"{place} was written by another version of the program.")
        return found

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    def check(self, file: Path) -> None:
        """Raises BackupError unless the file is, byte for byte, what was written."""
        try:
            fits = file.stat().st_size == self.bytes and digest_of(file) == self.sha256
        except OSError as error:
            raise BackupError(f"{file} cannot be read ({error.strerror}).") from None
        if not fits:
            raise BackupError(f"{file} is damaged: it is not what was written. Take another backup.")


def path_of(file: Path) -> Path:
    return file.with_name(file.name + SUFFIX)


def digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def key_mark() -> str:
    """Says whether two secret keys are the same, and nothing else about them."""
    key = settings().secret_key.get_secret_value().encode()
    return hmac.digest(key, b"quietus.backup", "sha256").hex()[:16]


def write_private(file: Path, text: str) -> None:
    """For its owner's eyes, on the disk when this returns."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
