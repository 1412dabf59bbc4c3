"""``agentevals evaluator init``: an evaluator to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click

from evaluation.cli.exit_codes import USAGE
from evaluation.evaluators.templates import EXAMPLE_NAME, scaffold

RUNTIMES = {
    "javascript": "javascript",
    "js": "javascript",
    "py": "python",
    "python": "python",
    "ts": "typescript",
    "typescript": "typescript",
}
LANGUAGES = {".py": "python", ".js": "javascript", ".ts": "typescript"}
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
COMMANDS = {"python": "python", "javascript": "node", "typescript": "node"}


class CannotScaffold(click.ClickException):
    """What was asked for cannot be written."""

    exit_code = USAGE


@click.command("init")
@click.argument("name")
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(file_okay=False),
    default=".",
    help="Folder that the evaluator's own folder is made in.  [default: this one]",
)
@click.option(
    "-r", "--runtime", help="python, javascript or typescript.  [default: python]"
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
def init(name: str, output_dir: str, runtime: str | None, force: bool) -> None:
    """Write an evaluator that works, to start from.

    NAME may end in .py, .js or .ts, which chooses the language.
    """
    name, language = _understand(name, runtime)
    folder = Path(output_dir, name)
    files = scaffold(name, language)
    there = [each for each in files if (folder / each).exists()]
    if there and not force:
        raise CannotScaffold(
            f"{folder / there[0]} is there already; choose another name, or --force"
        )
    _write(folder, files)
    click.echo(_told(folder, name, list(files), COMMANDS[language]))


def _understand(given: str, runtime: str | None) -> tuple[str, str]:
    """Return the evaluator's name and its language."""
    if runtime is not None and runtime.lower() not in RUNTIMES:
        known = sorted(RUNTIMES)
        raise CannotScaffold(f"Unknown runtime {runtime!r}. Supported: {known}")
    path = Path(given)
    if path.suffix and path.suffix.lower() not in LANGUAGES:
        known = list(LANGUAGES)
        raise CannotScaffold(f"Unknown extension {path.suffix!r}. Supported: {known}")
    if not NAME.fullmatch(path.stem):
        raise CannotScaffold(
            f"{path.stem!r} is no name for an evaluator; use letters, digits, _ and -"
        )
    chosen = LANGUAGES.get(path.suffix.lower(), RUNTIMES[(runtime or "python").lower()])
    return path.stem, chosen


def _write(folder: Path, files: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise CannotScaffold(f"Cannot write {str(folder)!r}: {reason}") from error


def _told(folder: Path, name: str, files: list[str], command: str) -> str:
    program = folder / files[0]
    path = program if program.is_absolute() else f"./{program}"
    return "\n".join(
        [
            f"Created evaluator in {folder}/",
            "",
            "Files:",
            *sorted(f"  {folder / each}" for each in files),
            "",
            "Next steps:",
            "  1. Implement your scoring logic in the generated code file; try it with",
            "",
            f"     {command} {program} < {folder / EXAMPLE_NAME}",
            "",
            "  2. Add it to your eval_config.yaml under 'evaluators':",
            "",
            "     evaluators:",
            f"       - name: {name}",
            "         type: code",
            f"         path: {path}",
            "         threshold: 0.5",
            '         protocol: "1.1"',
            "",
            "  3. Run: agentevals run <trace_file> --config eval_config.yaml",
        ]
    )
