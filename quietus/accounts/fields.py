"""What an e-mail address, a name and a role must be; each function returns the form that is kept."""

import re
import unicodedata
from typing import Final

import email_validator
from flask_babel import gettext

from quietus.accounts.permissions import ROLES

EMAIL_MAX: Final = 255
NAME_MIN: Final = 2
NAME_MAX: Final = 120
TOKEN_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")

# The address is first of all the name one signs in with, and a self-hosted desk lives on hosts of its own:
# admin@localhost, ward@clinic.local, ward@clinic.test. The library means its list to be changed by its users.
for _own in ("local", "localhost", "test"):
    if _own in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(_own)

# categories of characters that have no place in a name: controls, private use, halves of characters,
# unassigned ones, line and paragraph separators
_UNFIT: Final = ("Cc", "Co", "Cs", "Cn", "Zl", "Zp")
# they reorder what stands beside them, so that one name could be shown as another's
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def email_address(text: str) -> str:
    """The address trimmed, NFC and lower-cased: one account whatever the case. Raises ValueError."""
    try:
        # globally_deliverable=False: a host without a dot is fine, mail to it never leaves the house
        found = email_validator.validate_email(
            text.strip().lower(), check_deliverability=False, globally_deliverable=False
        ).normalized
    except (email_validator.EmailNotValidError, UnicodeError) as error:
        # not the library's words: they may quote the input
        raise ValueError(gettext("This is not an e-mail address.")) from error
    if len(found) > EMAIL_MAX or found != found.lower():
        raise ValueError(gettext("This is not an e-mail address."))
    return found


def full_name(text: str) -> str:
    """The name in NFC with single spaces. Raises ValueError."""
    found = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.category(c) in _UNFIT or c in _DIRECTIONS for c in found):
        raise ValueError(gettext("This name holds characters that cannot be shown."))
    if not NAME_MIN <= len(found) <= NAME_MAX:
        raise ValueError(gettext("A name has %(least)s to %(most)s characters.", least=NAME_MIN, most=NAME_MAX))
    if not any(unicodedata.category(c).startswith("L") for c in found):
        raise ValueError(gettext("A name has at least one letter."))
    return found


def token_name(text: str) -> str:
    """A token's name: a short slug, because it goes to the audit log, which holds no free text (D14)."""
    if not TOKEN_NAME.fullmatch(text):
        raise ValueError(gettext("Use 1 to 40 small letters, digits and hyphens, such as intake-form."))
    return text


def role_names(names: frozenset[str]) -> frozenset[str]:
    """The roles as given. Raises ValueError for none or an unknown one."""
    if not names:
        raise ValueError(gettext("An account has at least one role."))
    if names - set(ROLES):
        raise ValueError(gettext("The roles are %(roles)s.", roles=", ".join(ROLES)))
    return names
