from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluation.reports.grid import NARROWEST_LAST_COLUMN, grid

CELLS = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=90)


def test_numbers_are_aligned_to_the_right() -> None:
    lines = grid(
        ("", "Score"), [("a", "1.0000"), ("b", "0.25")], numeric=frozenset({1})
    )

    assert lines == ["     Score", "-  -------", "a   1.0000", "b     0.25"]


def test_one_cell_that_is_no_number_aligns_the_column_to_the_left() -> None:
    lines = grid(("", "Score"), [("a", "1.0000"), ("b", "N/A")], numeric=frozenset({1}))

    assert lines[2:] == ["a  1.0000", "b  N/A"]


def test_empty_cells_do_not_change_the_alignment() -> None:
    lines = grid(("A", "Score"), [("a", ""), ("b", "0.25")], numeric=frozenset({1}))

    assert lines[2:] == ["a", "b       0.25"]


def test_a_cell_of_several_lines_takes_several_lines() -> None:
    lines = grid(("A", "B"), [("x", "one\ntwo"), ("y", "three")])

    assert lines[2:] == ["x    one", "     two", "y    three"]


def test_the_last_column_is_wrapped_to_the_width() -> None:
    lines = grid(("A", "Error"), [("x", "word " * 30)], width=40)

    assert len(lines) > 5
    assert max(len(line) for line in lines) <= 40


def test_a_narrow_terminal_leaves_the_last_column_readable() -> None:
    lines = grid(("A", "Error"), [("x" * 50, "word " * 30)], width=20)

    assert max(len(line) for line in lines) <= 52 + NARROWEST_LAST_COLUMN


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_wrapping_loses_no_character_but_spaces(rows: list[tuple[str, str]]) -> None:
    lines = grid(("First", "Last"), rows, width=40)

    written = "".join("".join(line.split()) for line in lines[2:])
    cells = "".join("".join(cell.split()) for row in rows for cell in row)
    assert sorted(written) == sorted(cells)
