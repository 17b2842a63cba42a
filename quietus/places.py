"""Where the program's own files lie, and its state: in a checkout of the project, or installed as a package."""

import os
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

PACKAGE: Final = Path(__file__).resolve().parent
PROJECT: Final = PACKAGE.parent
_CHECKOUT: Final = (PROJECT / "migrations" / "env.py").is_file()
MIGRATIONS: Final = (PROJECT if _CHECKOUT else PACKAGE) / "migrations"


def _state() -> Path:
    """The folder of the embedded servers when nobody names one."""
    if _CHECKOUT:
        return PROJECT / "var"
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/quietus")  # root's home is closed to the account that the servers run as
    return user_data_path("quietus")


STATE: Final = _state()
