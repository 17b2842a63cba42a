"""Every command, for `python -m quietus …` and `flask quietus …`."""

import click

from quietus.accounts.cli import token, user
from quietus.admin.cli import ledger, prepare
from quietus.analysis.cli import backtest
from quietus.analytics.cli import sql
from quietus.audit.cli import audit
from quietus.backups.cli import backup, restore
from quietus.core.cli import settings
from quietus.demo import demo
from quietus.doctor.cli import doctor
from quietus.privacy.cli import retention, subject
from quietus.reports.cli import report
from quietus.stack.cli import up, url
from quietus.textmodel.cli import model
from quietus.video.cli import import_events
from quietus.webhooks.cli import webhooks

model.add_command(backtest)
COMMANDS = (
    up, demo, user, token, subject, retention, import_events, sql, report, ledger, audit,
    webhooks, model, url, settings, prepare, backup, restore, doctor,
)  # fmt: skip
group = click.Group("quietus", commands=COMMANDS, help="The commands of `python -m quietus`.")
