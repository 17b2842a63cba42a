"""After signing in, people stay on this desk."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quietus.accounts.next_page import within

HERE = "https://desk.example/auth/sign-in"


@pytest.mark.parametrize(
    "target", ["/history", "/check-in/1?x=1&y=%C3%A9", "/review/queue?cursor=a==", "/auth/account?x"]
)
def test_it_leads_back_to_where_one_was(target: str) -> None:
    assert within(target, "/") == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "history",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n//evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        " /history",
        "/history\r\nSet-Cookie: a=b",
        "/auth/sign-in?next=/auth/sign-in",
        "/auth/accountant",
        "/" + "a" * 3000,
    ],
)
def test_it_leads_nowhere_else(target: str | None) -> None:
    assert within(target, "/start") == "/start"


@given(st.text(alphabet="/\\.:@?#&%\t\n\r ae", max_size=12))
@example("/%09/evil")
@example("/..//evil")
def test_no_text_leads_to_another_host(target: str) -> None:
    # a browser drops tabs and line ends and reads \ as / before it resolves
    seen = within(target, "/start").replace("\\", "/").translate(dict.fromkeys(map(ord, "\t\r\n")))
    assert urlsplit(urljoin(HERE, seen)).netloc == "desk.example"
