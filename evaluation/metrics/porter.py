"""The Porter stemmer as NLTK extends it.

M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the changes
that the author made later and a few fixed forms. In every step the first rule whose
suffix fits decides, even when its condition then fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

_VOWELS = frozenset("aeiou")
REMEMBERED_WORDS = 20_000

_FIXED = {
    "skies": "sky",
    "sky": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "news": "news",
    "innings": "inning",
    "inning": "inning",
    "outings": "outing",
    "outing": "outing",
    "cannings": "canning",
    "canning": "canning",
    "howe": "howe",
    "proceed": "proceed",
    "exceed": "exceed",
    "succeed": "succeed",
}

_Rule = tuple[str, str]

_STEP_2: Sequence[_Rule] = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
    ("logi", "log"),
)
_STEP_3: Sequence[_Rule] = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
_STEP_4_SUFFIXES = [
    "al",
    "ance",
    "ence",
    "er",
    "ic",
    "able",
    "ible",
    "ant",
    "ement",
    "ment",
    "ent",
    "ion",
    "ou",
    "ism",
    "ate",
    "iti",
    "ous",
    "ive",
    "ize",
]


@lru_cache(maxsize=REMEMBERED_WORDS)
def stem(word: str) -> str:
    """Strip the suffixes of a lower-case word of ASCII letters and digits."""
    if word in _FIXED:
        return _FIXED[word]
    if len(word) <= 2:  # noqa: PLR2004 -- the algorithm leaves two letters alone
        return word
    for step in _STEPS:
        word = step(word)
    return word


def _pattern(word: str) -> str:
    """Spell a word as c (consonant) and v (vowel).

    Digits are consonants, and so is y at the start and after a vowel.
    """
    kinds: list[str] = []
    for i, letter in enumerate(word):
        if letter == "y":
            kinds.append("v" if i and kinds[-1] == "c" else "c")
        else:
            kinds.append("v" if letter in _VOWELS else "c")
    return "".join(kinds)


def _measure(word: str) -> int:
    """Count the vowel-consonant sequences, Porter's m."""
    return _pattern(word).count("vc")


def _has_vowel(word: str) -> bool:
    return "v" in _pattern(word)


def _ends_double_consonant(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _pattern(word).endswith("c")


def _ends_cvc(word: str) -> bool:
    """Tell a final consonant-vowel-consonant whose last letter is not w, x or y.

    A whole word of vowel and consonant counts too.
    """
    pattern = _pattern(word)
    if pattern == "vc":
        return True
    return pattern.endswith("cvc") and word[-1] not in "wxy"


def _first_fitting(
    word: str, rules: Sequence[_Rule], allowed: Callable[[str], bool]
) -> str:
    for suffix, replacement in rules:
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            return rest + replacement if allowed(rest) else word
    return word


def _step_1a(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:  # noqa: PLR2004 -- ties, dies, lies
        return word[:-1]
    rules = (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", ""))
    return _first_fitting(word, rules, lambda _: True)


def _step_1b(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]  # noqa: PLR2004 -- tied, died
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        rest = word.removesuffix(suffix)
        if rest != word and _has_vowel(rest):
            return _restored(rest)
        if rest != word:
            return word
    return word


def _restored(rest: str) -> str:
    """Mend what -ed or -ing left: hop(p), fil(e), conflat(e)."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if _ends_double_consonant(rest):
        return rest if rest[-1] in "lsz" else rest[:-1]
    return rest + "e" if _measure(rest) == 1 and _ends_cvc(rest) else rest


def _step_1c(word: str) -> str:
    rest = word[:-1]
    if word.endswith("y") and len(rest) > 1 and _pattern(rest).endswith("c"):
        return rest + "i"
    return word


def _step_2(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _step_2(word[:-2])
    if word.endswith("logi") and not word.endswith(tuple(s for s, _ in _STEP_2[:-1])):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    return _first_fitting(word, _STEP_2, lambda rest: _measure(rest) > 0)


def _step_3(word: str) -> str:
    return _first_fitting(word, _STEP_3, lambda rest: _measure(rest) > 0)


def _step_4(word: str) -> str:
    for suffix in _STEP_4_SUFFIXES:
        rest = word.removesuffix(suffix)
        if rest == word or (suffix == "ion" and not rest.endswith(("s", "t"))):
            continue
        return rest if _measure(rest) > 1 else word
    return word


def _step_5a(word: str) -> str:
    if not word.endswith("e"):
        return word
    rest = word[:-1]
    measure = _measure(rest)
    if measure > 1 or (measure == 1 and not _ends_cvc(rest)):
        return rest
    return word


def _step_5b(word: str) -> str:
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word


_STEPS = (
    _step_1a,
    _step_1b,
    _step_1c,
    _step_2,
    _step_3,
    _step_4,
    _step_5a,
    _step_5b,
)
