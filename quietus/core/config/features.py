"""What the desk does with texts, sessions and figures: the model, retention, review, alerts."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

AUDIT_DAYS_LEAST = 31


class EscalationStep(BaseModel):
    """Who is told when an item of HIGH priority has waited this long."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    after_minutes: int = Field(ge=0, le=7 * 24 * 60)
    urls: list[SecretStr] = Field(min_length=1, max_length=20)


class FeatureSettings(BaseModel):
    model: Literal["local", "remote", "external"] = Field(
        "local",
        description="`local`: the shipped weights; `remote`: an HTTP model server; `external`: a model of "
        "your own posts outcomes.",
    )
    model_url: str = Field("", description="The remote model server's address, for `model=remote`.")
    model_token: SecretStr = Field(SecretStr(""), description="Sent to it as X-Service-Token.")
    model_timeout_seconds: float = Field(5.0, gt=0, le=120, description="Longest wait for its answer.")
    batch_size: int = Field(200, ge=1, le=1000, description="Texts that a task claims at once.")
    stale_minutes: float = Field(
        5.0, gt=0, le=1440, description="A text still PENDING after this long is analysed alone."
    )
    attempts: int = Field(3, ge=1, le=20, description="Lone attempts before a text becomes FAILED.")

    retention_texts_days: int = Field(
        0, ge=0, le=36500, description="Texts are deleted this many days after they were read; 0 keeps them."
    )
    retention_sessions_days: int = Field(
        0, ge=0, le=36500, description="Video sessions are deleted this many days after their end; 0 keeps them."
    )
    retention_events_days: int = Field(
        0, ge=0, le=36500, description="Windows of video sessions are deleted after this many days; 0 keeps them."
    )
    retention_audit_days: int = Field(
        0,
        ge=0,
        le=36500,
        description=f"Audit rows are deleted after this many days, {AUDIT_DAYS_LEAST} at least; 0 keeps them. What "
        "sign-ins, tokens, consents and kept records are judged by stays.",
    )
    erasure_wait_days: int = Field(
        7, ge=0, le=90, description="Days between asking to be erased and the erasure; 0 erases at once."
    )

    context: Literal["general", "healthcare", "workplace", "education"] = Field(
        "general",
        description="Where this desk is used. `workplace` and `education` refuse video sessions "
        "(EU AI Act, Art. 5(1)(f)) unless `QUIETUS_CONTEXT_BASIS` names the exception.",
    )
    context_basis: Literal["none", "medical", "safety"] = Field(
        "none",
        description="The exception that the operator relies on and can show: `medical` or `safety` reasons.",
    )
    import_mib: int = Field(
        64, ge=1, le=2048, description="Largest NDJSON file of video events that one upload may bring, in MiB."
    )

    claim_minutes: int = Field(
        15, ge=1, le=240, description="A reviewer has an item for this long; an open page renews it."
    )
    review_low_sample: int = Field(
        5,
        ge=0,
        le=1000,
        description="LOW texts of each day that join the review queue, drawn at random and unmarked, so that "
        "misses are seen.",
    )
    escalation: list[EscalationStep] = Field(
        [],
        description="Who is told of an item of HIGH priority, and when, as JSON: "
        '`[{"after_minutes": 0, "urls": ["mailtos://…"]}, {"after_minutes": 15, "urls": ["…"]}]` (Apprise addresses). '
        "Empty: nobody is told.",
    )

    alert_rules: str = Field(
        "[]",
        description="Rules that watch figures, as JSON: "
        '`[{"name": "high-share", "figure": "text_distribution", "column": "share", '
        '"where": {"predicted_label": "HIGH"}, "warn": 0.2, "critical": 0.4, "window_minutes": 1440, '
        '"grace_minutes": 10}]`. docs/operating.md tells more.',
    )
    alert_urls: list[SecretStr] = Field(
        [],
        description="Who is told when a rule changes its state, as JSON: a list of Apprise addresses. Empty: nobody.",
    )
