"""Django's command line: ``python -m agentevals_site``, the same as ``manage.py``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a management command; a wrong setting or an expected refusal is one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentevals_site.settings")
    from django.core.management import execute_from_command_line

    from agentevals_site.environment import SettingError
    from runs.errors import RunError

    try:
        execute_from_command_line(sys.argv)
    except (SettingError, RunError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
