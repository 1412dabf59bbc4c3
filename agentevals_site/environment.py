"""Reading settings from the environment: a wrong value stops the start."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# Compared with what a browser sends, letter by letter.
ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[^\s/?#@A-Z\[\]]+|\[[0-9a-f:]+\](?::\d+)?)"
)
TRUE = {"1", "true", "yes", "on"}
# What seconds are added to (a date, a timer of the operating system) ends somewhere.
MAX_NUMBER = 1_000_000_000
MAX_DAYS = 36_500
FALSE = {"0", "false", "no", "off"}
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class SettingError(ImproperlyConfigured):
    """A setting is wrong; says its name, its value and the cure."""

    def __init__(self, name: str, value: object, cure: str) -> None:
        """Compose the one line that an operator reads."""
        shown = "is not set" if value is None else f"is {value!r}"
        super().__init__(f"{name} {shown}: {cure}")


class Environment:
    """Typed, strict access to environment variables."""

    def __init__(self) -> None:
        """Wrap django-environ, which reads ``os.environ``."""
        self._env = environ.Env()

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return the text; an empty value counts as unset."""
        value: str = self._env.str(name, default="")
        return value.strip() or default

    def choice(self, name: str, choices: Collection[str], *, default: str) -> str:
        """Return one of ``choices``, spelled exactly."""
        value: str = self._env.str(name, default=default)
        if value not in choices:
            raise SettingError(name, value, f"use one of {', '.join(sorted(choices))}")
        return value

    def integer(self, name: str, *, default: int, minimum: int) -> int:
        """Return a whole number of at least ``minimum`` and at most ``MAX_NUMBER``."""
        value = self._number(name, int, default)
        if not minimum <= value <= MAX_NUMBER:
            bound = f">= {minimum}" if value < minimum else f"<= {MAX_NUMBER}"
            raise SettingError(name, value, f"use a whole number {bound}")
        return int(value)

    def days(self, name: str) -> timedelta | None:
        """Return a number of whole days; None when it is 0 or unset."""
        days = self.integer(name, default=0, minimum=0)
        if days > MAX_DAYS:
            raise SettingError(name, days, f"use at most {MAX_DAYS}, or 0 for ever")
        return timedelta(days=days) if days else None

    def positive(self, name: str, *, default: float) -> float:
        """Return a number above 0 and at most ``MAX_NUMBER``."""
        value = self._number(name, float, default)
        if not 0 < value <= MAX_NUMBER:
            bound = f"<= {MAX_NUMBER}" if value > MAX_NUMBER else "> 0"
            raise SettingError(name, value, f"use a number {bound}")
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        """Return true or false; anything else is refused, never read as false."""
        value = self._env.str(name, default=str(default)).lower()
        if value not in TRUE | FALSE:
            raise SettingError(name, value, "use true or false")
        return value in TRUE

    def words(self, name: str, default: str) -> list[str]:
        """Return the comma-separated words, blanks left out."""
        words = (self.text(name, default) or "").split(",")
        return [word.strip() for word in words if word.strip()]

    def pairs(self, name: str) -> dict[str, str]:
        """Return the comma-separated pairs ``VARIABLE=https://HOST/PATH``."""
        pairs = {}
        for word in self.words(name, ""):
            variable, equals, address = word.partition("=")
            parts = urlsplit(address)
            if not equals or parts.scheme not in {"http", "https"} or not parts.netloc:
                cure = "use VARIABLE=https://HOST/PATH, separated by commas"
                raise SettingError(name, word, cure)
            pairs[variable] = address
        return pairs

    def origins(self, name: str, default: str) -> list[str]:
        """Return origins as a browser sends them: a scheme, a host, perhaps a port."""
        origins = self.words(name, default)
        for origin in origins:
            if not ORIGIN.fullmatch(origin):
                cure = "use scheme://host or scheme://host:port, without a slash at the end"
                raise SettingError(name, origin, cure)
        return origins

    def identifier(self, name: str, *, default: str) -> str:
        """Return a plain lower-case SQL identifier."""
        value: str = self._env.str(name, default=default)
        if not IDENTIFIER.fullmatch(value):
            cure = "use lower-case letters, digits and _, at most 63, no leading digit"
            raise SettingError(name, value, cure)
        return value

    def text_or_file(self, name: str) -> str | None:
        """Return ``NAME``, or the content of the file that ``NAME_FILE`` names."""
        path = self.text(f"{name}_FILE")
        if path is None:
            return self.text(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            cure = f"the file is unreadable ({error}); mend it or unset the variable"
            raise SettingError(f"{name}_FILE", path, cure) from error

    def folder(self, name: str) -> Path | None:
        """Return a folder that is there; None when unset."""
        path = self.text(name)
        if path is None:
            return None
        if not Path(path).is_dir():
            raise SettingError(name, path, "make the folder, or unset the variable")
        return Path(path).resolve()

    def database(self, name: str) -> dict[str, Any]:
        """Return Django's database settings for a ``postgres://`` URL.

        The value may hold a password, so an error never repeats it.
        """
        url = self.text_or_file(name)
        if not url:
            cure = (
                f"set it (or {name}_FILE) to postgres://USER:PASSWORD@HOST:PORT/NAME, "
                "or choose AGENTEVALS_STORAGE_BACKEND=sqlite"
            )
            raise SettingError(name, None, cure)
        if urlsplit(url).scheme not in {"postgres", "postgresql"}:
            raise SettingError(name, "(hidden)", "use a postgres:// URL")
        config: dict[str, Any] = self._env.db_url_config(url)
        return config

    def redis(self, name: str) -> str:
        """Return the URL of a Redis server, empty when unset; errors never repeat it."""
        url = self.text(name) or ""
        if url and urlsplit(url).scheme not in {"redis", "rediss"}:
            raise SettingError(name, "(hidden)", "use redis://HOST:PORT/NUMBER")
        if url and find_spec("channels_redis") is None:
            cure = "install the extra: pip install agentevals-django[redis]"
            raise SettingError(name, "(hidden)", cure)
        return url

    def _number(self, name: str, kind: type[int | float], default: float) -> float:
        value: str = self._env.str(name, default=str(default))
        try:
            return kind(value)
        except ValueError as error:
            noun = "a whole number" if kind is int else "a number"
            raise SettingError(name, value, f"use {noun}") from error


def make_folder_of(file: Path, name: str) -> None:
    """Make the folder of a file that the variable ``name`` names, if it is missing.

    Raises:
        SettingError: it cannot be made.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        cure = f"its folder cannot be made ({error.strerror}); name another file"
        raise SettingError(name, file, cure) from error


def local_secret_key(folder: Path) -> str:
    """Return the secret key of this machine, made once and readable by its owner.

    Raises:
        SettingError: the folder cannot be written.
    """
    path = folder / "secret_key"
    try:
        if not path.exists():
            _make_secret_key(folder, path)
        return path.read_text(encoding="ascii")
    except OSError as error:
        cure = (
            f"it cannot be used ({error.strerror}); name a folder that can be written"
        )
        raise SettingError("AGENTEVALS_STATE_DIR", str(folder), cure) from error


def _make_secret_key(folder: Path, path: Path) -> None:
    """Two first starts at once both write; the first link wins and both read the same."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"secret_key.{secrets.token_hex(8)}"
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50), encoding="ascii")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
