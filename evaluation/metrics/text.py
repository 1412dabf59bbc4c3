"""Words of a text as ROUGE counts them, for every script."""

from __future__ import annotations

import re
from unicodedata import category, normalize

from evaluation.metrics.porter import stem

SHORTEST_STEMMED_WORD = 4
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
# Han, hiragana, katakana and hangul syllables: each character is a word.
_SINGLE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
# Thai, Lao, Myanmar and Khmer write no spaces: a word is a base and its marks.
_CLUSTERED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def words(text: str) -> list[str]:
    """Split a text into the words that ROUGE-1 counts.

    The text is normalised (NFKC) and lower-cased. Words of ASCII letters and digits
    with more than three characters are stemmed; words with any other character stay
    whole. Punctuation, symbols and emoji separate words and are no words.
    """
    lowered = normalize("NFKC", text).lower()
    if lowered.isascii():
        return [_stemmed(word) for word in _ASCII_WORDS.findall(lowered)]
    separated = "".join(map(_separate, lowered))
    return [
        _stemmed(piece) if piece.isascii() else piece for piece in separated.split()
    ]


def _separate(character: str) -> str:
    if _SINGLE.match(character):
        return f" {character} "
    is_mark = category(character).startswith("M")
    if _CLUSTERED.match(character):
        return character if is_mark else f" {character}"
    return character if is_mark or character.isalnum() else " "


def _stemmed(word: str) -> str:
    return stem(word) if len(word) >= SHORTEST_STEMMED_WORD else word
