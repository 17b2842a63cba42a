"""`model backtest`: what other weights would have said about the texts that this desk has stored."""

from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import with_appcontext


@click.command("backtest")
@click.option("--weights", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Other weights.")
@click.option("--limit", default=10_000, show_default=True, type=click.IntRange(1), help="Newest texts at most.")
@click.option("--reviewed", is_flag=True, help="Only texts that a person has reviewed.")
@with_appcontext
def backtest(weights: Path | None, limit: int, reviewed: bool) -> None:
    """Score stored texts again with other weights and print what would change. Nothing stored is changed."""
    from quietus.analysis.service import answered_texts
    from quietus.textmodel.artefact import FOLDER, ArtefactProblem
    from quietus.textmodel.backtest import Answered
    from quietus.textmodel.backtest import backtest as compare
    from quietus.textmodel.local import LocalModel

    def rows() -> Iterator[Answered]:
        for text, label, human in answered_texts(limit=limit, reviewed=reviewed):
            yield Answered(text, label, human)

    try:
        for line in compare(rows(), LocalModel(weights or FOLDER)).lines():
            click.echo(line)
    except ArtefactProblem as problem:
        raise click.ClickException(str(problem)) from None
