"""Says on a view who may call it; accounts/guard.py enforces it and refuses every view that says nothing."""

from collections.abc import Callable
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])

PUBLIC = "public"


def public(view: View) -> View:
    """Anyone may call this, signed in or not."""
    view.access = PUBLIC  # type: ignore[attr-defined]  # functions take attributes; typing has no word for it
    return view


def asked_by_itself(view: View) -> View:
    """An open page calls this unasked, again and again: that is not somebody using their sign-in."""
    view.by_itself = True  # type: ignore[attr-defined]  # as above
    return view


def requires(*permissions: str) -> Callable[[View], View]:
    """Only who holds one of `permissions` (accounts/permissions.py) may call this."""

    def mark(view: View) -> View:
        view.access = permissions  # type: ignore[attr-defined]  # as above
        return view

    return mark
