"""Sign-in, passwords, throttles, the first ADMIN, and mail."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

TOKEN_DAYS_LONGEST = 3650


class AccountSettings(BaseModel):
    session_hours: int = Field(12, ge=1, le=720, description="A sign-in ends after this long, used or not.")
    session_idle_minutes: int = Field(
        60, ge=5, le=1440, description="A sign-in ends after this long without a request."
    )
    reset_minutes: int = Field(30, ge=5, le=1440, description="How long a password reset link works.")
    token_days_max: int = Field(365, ge=1, le=TOKEN_DAYS_LONGEST, description="Longest life of an API token.")
    argon2_time_cost: int = Field(2, ge=1, le=20, description="argon2id passes (OWASP: 2).")
    argon2_memory_kib: int = Field(19456, ge=8, le=1048576, description="argon2id memory in KiB (OWASP: 19456).")
    argon2_parallelism: int = Field(1, ge=1, le=16, description="argon2id lanes (OWASP: 1).")
    argon2_concurrent: int = Field(2, ge=1, le=64, description="Password hashes computed at once per process.")
    sign_in_limit: str = Field("10 per 5 minutes", description="Failed sign-ins of one account from one address.")
    sign_in_address_limit: str = Field(
        "50 per 5 minutes", description="Failed sign-ins from one address, all accounts."
    )
    sign_in_account_limit: str = Field(
        "100 per 5 minutes", description="Failed sign-ins of one account from all addresses."
    )
    sign_in_global_limit: str = Field("1000 per 5 minutes", description="Failed sign-ins of everybody.")
    register_limit: str = Field("20 per hour", description="Registrations and reset requests from one address.")

    registration: Literal["open", "closed"] = Field(
        "open",
        description="`open`: anybody may make an account, and learns by it whether an address has one; `closed`: "
        "accounts come from the desk (`python -m quietus user create`).",
    )
    admin_email: str = Field("admin@localhost", description="The first ADMIN, made at the first start.")
    admin_password: SecretStr = Field(
        SecretStr(""), description="The first ADMIN's password. Unset: one is made and printed once."
    )

    mail_backend: Literal["console", "smtp"] = Field("console", description="Where mail goes.")
    mail_sender: str = Field("Quietus <noreply@localhost>", description="The From line of mails.")
    mail_server: str = Field("localhost", description="SMTP host.")
    mail_port: int = Field(25, ge=1, le=65535, description="SMTP port.")
    mail_username: str = Field("", description="SMTP user, when the server wants one.")
    mail_password: SecretStr = Field(SecretStr(""), description="SMTP password.")
    mail_use_tls: bool = Field(False, description="STARTTLS for SMTP.")
