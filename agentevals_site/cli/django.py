"""Starting Django from a command: a wrong setting is one line and exit code 2."""

from __future__ import annotations

import os

import click


class WrongSettingError(click.ClickException):
    """A setting is wrong; the text names it, its value and the cure."""

    exit_code = 2


def start_django() -> None:
    """Load the settings and the applications, once.

    Raises:
        WrongSettingError: the start is refused.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentevals_site.settings")
    import django
    from django.apps import apps

    from agentevals_site.environment import SettingError

    if apps.ready:
        return  # a second set-up would set up logging anew, under whoever logs
    try:
        django.setup()
    except SettingError as error:
        raise WrongSettingError(str(error)) from error
