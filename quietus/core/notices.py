"""Tells people outside the desk by Apprise; the addresses come from the settings only, never from a request."""

from collections.abc import Sequence

import structlog

log = structlog.get_logger(__name__)


def is_address(url: str) -> bool:
    """Whether Apprise knows this kind of address."""
    from apprise import Apprise

    return bool(Apprise.instantiate(url, suppress_exceptions=True))


def notify(urls: Sequence[str], *, title: str, body: str) -> bool:
    """Send one notice to every Apprise URL; False unless all of them took it.

    The caller passes a link and a label, never a person's text, name or address.
    """
    from apprise import Apprise  # a hundred plug-ins: whoever tells nobody need not load them

    ways = Apprise()
    understood = [ways.add(url) for url in urls]
    if not all(understood):  # the others are told all the same
        # counts, never the URL: it holds a password
        log.error("notice.no_such_way", urls=len(urls), understood=sum(understood))
    try:
        sent = bool(ways) and bool(ways.notify(title=title, body=body))
    except Exception as error:  # a hundred plug-ins, each with failures of its own; none may end the task
        log.error("notice.failed", error=type(error).__name__)
        return False
    return sent and all(understood)
