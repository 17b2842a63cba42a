"""Where to go after signing in: a place within this desk, never another site."""

import re
from typing import Final

LENGTH_MAX: Final = 2048
# one leading slash and plain URL characters: browsers drop tabs and line ends and read \ as /, so that
# "/\t/evil" or "/\evil" would lead away
_WITHIN: Final = re.compile(r"/(?!/)[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*")


def within(target: str | None, otherwise: str) -> str:
    """`target` when it is a path of this desk, else `otherwise`."""
    if not target or len(target) > LENGTH_MAX or not _WITHIN.fullmatch(target):
        return otherwise
    # back to the sign-in page would look as if signing in had failed
    if target.startswith("/auth/") and target.partition("?")[0] != "/auth/account":
        return otherwise
    return target
