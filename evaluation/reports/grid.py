"""Rows of cells as a plain text table."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "
# The contract's table gives every heading two columns to spare.
HEADING_PADDING = 2
NARROWEST_LAST_COLUMN = 24


def grid(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: frozenset[int] = frozenset(),
    width: int | None = None,
) -> list[str]:
    """Lay cells out under dashed headings, two spaces between the columns.

    Args:
        headings: one heading a column; the first may be empty.
        rows: cells, any of several lines; each row as long as ``headings``.
        numeric: positions of columns of numbers; they are aligned to the right as
            long as every cell that is not empty is a number.
        width: columns of the terminal, to which the last cell is wrapped.

    Returns:
        The lines, without trailing spaces below the dashes.
    """
    cells = [[cell.strip().splitlines() or [""] for cell in row] for row in rows]
    widths = _widths(headings, cells)
    if width is not None:
        _wrap_last(cells, widths, width)
        widths = _widths(headings, cells)
    right = [
        column in numeric and _all_numbers([row[column] for row in cells])
        for column in range(len(headings))
    ]
    return [
        _line(headings, widths, right),
        GAP.join("-" * columns for columns in widths),
        *(line for row in cells for line in _row_lines(row, widths, right)),
    ]


def _widths(headings: Sequence[str], cells: list[list[list[str]]]) -> list[int]:
    return [
        max(
            [len(heading) + HEADING_PADDING * bool(heading)]
            + [len(line) for row in cells for line in row[column]]
        )
        for column, heading in enumerate(headings)
    ]


def _wrap_last(cells: list[list[list[str]]], widths: list[int], width: int) -> None:
    import textwrap

    before = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    room = max(width - before, NARROWEST_LAST_COLUMN)
    for row in cells:
        wrapped = [textwrap.wrap(line, room) or [""] for line in row[-1]]
        row[-1] = [line for lines in wrapped for line in lines]


def _all_numbers(cells: list[list[str]]) -> bool:
    texts = [line for cell in cells for line in cell if line]
    return bool(texts) and all(_is_number(text) for text in texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _row_lines(row: list[list[str]], widths: list[int], right: list[bool]) -> list[str]:
    height = max(len(cell) for cell in row)
    padded = [cell + [""] * (height - len(cell)) for cell in row]
    return [_line(line, widths, right) for line in zip(*padded, strict=True)]


def _line(cells: Sequence[str], widths: list[int], right: list[bool]) -> str:
    aligned = (
        cell.rjust(columns) if to_right else cell.ljust(columns)
        for cell, columns, to_right in zip(cells, widths, right, strict=True)
    )
    return GAP.join(aligned).rstrip()
