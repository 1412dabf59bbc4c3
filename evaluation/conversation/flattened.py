"""Lists and objects that were flattened into dotted attribute names."""

from __future__ import annotations

from evaluation.conversation.dialect import Attributes
from evaluation.values import JSON


def unflatten(attributes: Attributes, prefix: str) -> list[JSON]:
    """Rebuild the list that was flattened below a prefix.

    Args:
        attributes: names such as ``llm.input_messages.0.message.role``.
        prefix: the names' common beginning, its dot included.

    Returns:
        The items by their index; gaps close up. Objects whose keys are all numbers are
        lists. Empty when no name has the prefix.
    """
    tree = _Branch()
    for name, value in attributes.items():
        if name.startswith(prefix):
            _insert(tree, name[len(prefix) :].split("."), value)
    rebuilt = _lists(tree)
    return rebuilt if isinstance(rebuilt, list) else []


# Names are no deeper than this in any dialect; the rest of a name stays one key.
_MAX_LEVELS = 12


class _Branch(dict[str, JSON]):
    """A level of names, told apart from objects that are values."""


def _insert(tree: _Branch, path: list[str], value: JSON) -> None:
    node = tree
    last = min(len(path), _MAX_LEVELS) - 1
    for key in path[:last]:
        child = node.setdefault(key, _Branch())
        if not isinstance(child, _Branch):
            return
        node = child
    node.setdefault(".".join(path[last:]), value)


def _lists(node: JSON) -> JSON:
    # At most _MAX_LEVELS deep, for values are not entered.
    if not isinstance(node, _Branch):
        return node
    children = {key: _lists(child) for key, child in node.items()}
    if children and all(_is_index(key) for key in children):
        return [children[key] for key in sorted(children, key=int)]
    return children


_MAX_INDEX_DIGITS = 9


def _is_index(key: str) -> bool:
    return key.isdecimal() and len(key) <= _MAX_INDEX_DIGITS
