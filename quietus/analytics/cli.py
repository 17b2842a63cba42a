"""`sql NAME`: the statement of a figure, to be run wherever one likes; `sql` alone lists the figures."""

import click
from flask.cli import with_appcontext


@click.command()
@click.argument("name", required=False)
@click.option("--from", help="A day, or an RFC 3339 time; 30 days ago when left out.")
@click.option("--to", help="A day to its end, or an RFC 3339 time; now when left out.")
@click.option("--tz", help="IANA time zone of days and steps; UTC when left out.")
@click.option("--set", "others", multiple=True, metavar="NAME=VALUE", help="Any other parameter of the figure.")
@click.option("--document", is_flag=True, help="Print docs/figures.md instead.")
@click.pass_context
def sql(
    context: click.Context, /, name: str | None, others: tuple[str, ...], document: bool, **period: str | None
) -> None:
    """Print the SQL of figure NAME with its values: python -m quietus sql overview | psql "$(…url database)"."""
    from quietus.analytics.catalogue import FIGURES
    from quietus.analytics.document import page

    if document:
        click.echo(page(), nl=False)
        return
    if name is None:
        for figure in FIGURES.values():
            click.echo(f"{figure.name:20} {figure.question}")
        return
    given = period | dict(_pair(text) for text in others)
    # needs the database, for its own way of writing values
    context.invoke(with_appcontext(_print), name=name, given={key: value for key, value in given.items() if value})


def _print(name: str, given: dict[str, str]) -> None:
    from quietus.analytics import service
    from quietus.core.errors import Invalid, NotFound

    try:
        params = service.read_params(name, given)
    except NotFound:
        raise click.ClickException(f"There is no figure {name}: `sql` alone lists them.") from None
    except Invalid as invalid:
        problems = (f"{field}: {' '.join(texts)}" for field, texts in (invalid.errors or {}).items())
        raise click.ClickException("; ".join(problems)) from None
    click.echo(service.psql(name, params) + ";")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter("write it as NAME=VALUE", param_hint="--set")
    return name, value
