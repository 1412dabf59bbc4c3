"""Starting Django from a command: a wrong setting is one line and exit code 2."""

from __future__ import annotations

import os

import click

USAGE_ERROR = 2


def start_django() -> None:
    """Load the settings and the applications.

    Raises:
        click.ClickException: a setting is wrong; the text names it, its value, the cure.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentevals_site.settings")
    import django

    from agentevals_site.environment import SettingError

    try:
        django.setup()
    except SettingError as error:
        failure = click.ClickException(str(error))
        failure.exit_code = USAGE_ERROR
        raise failure from error
