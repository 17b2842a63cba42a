"""`settings`: every setting as the Markdown table of docs/settings.md."""

import click


def settings_table() -> str:
    """docs/settings.md, from the class itself."""
    from quietus.core.config import Settings

    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable, read once at the start. This page is generated from",
        "`quietus/core/config/` by `python -m quietus settings`; a test holds the two together.",
        "",
        "| variable | default | what it does |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        alias = getattr(field.validation_alias, "choices", None)
        variable = str(alias[0]) if alias else f"QUIETUS_{name.upper()}"
        default = field.get_default()
        secret = hasattr(default, "get_secret_value")
        shown = default.get_secret_value() if secret else default
        text = "" if shown in ("", None) else f"`{shown}`"
        if name == "state":
            text = "`var/` in a checkout, else `~/.local/share/quietus`"
        lines.append(f"| `{variable}` | {text} | {field.description} |")
    return "\n".join(lines) + "\n"


@click.command()
def settings() -> None:
    """Print every setting with its default and meaning."""
    click.echo(settings_table(), nl=False)
