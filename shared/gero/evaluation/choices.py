"""The letter that an answer to a multiple-choice question chooses."""

import re

# Every repeat is bounded: an answer of nothing but spaces must not take long.
_DRESS = r"[(\[{*_`\"'“‘$]{0,6}"
_UNDRESS = r"[)\]}*_`\"'”’.:,!$]{0,6}"
_LETTER = rf"{_DRESS}(?:\\boxed\{{)?\b([A-Za-z])\b(?![’'][a-z])"
_MORE = re.compile(rf"{_UNDRESS}\s{{0,3}}(?:,|or\b|and\b|/|&|\bnor\b)\s{{0,3}}{_DRESS}([A-Za-z])\b(?!\s{{0,3}}\w)")
_STATED = re.compile(
    r"\b(?:answer|option|choice|solution|antwort|respuesta|réponse)\b[*_`\"”]{0,4}\s{0,3}"
    r"(?:is|=|:|ist|es|est|would be|must be)?\s{0,3}:?[*_`]{0,4}\s{0,3}(?:(?:the|option|choice|letter)\b\s{0,3}){0,3}"
    + _LETTER,
    re.IGNORECASE,
)
_BOXED = re.compile(r"\\boxed\{\s{0,3}(?:\\text\{)?\s{0,3}\(?([A-Za-z])\)?\s{0,3}\}")
# All of a line is the letter, or it begins with the letter and what closes it: "(B)", "**b**", "B) Paris", "B: it".
_ALONE = re.compile(rf"\s*{_LETTER}{_UNDRESS}\s*")
_LABEL = re.compile(r"\s*[*_`]{0,4}(?:\(([A-Za-z])\)|([A-Za-z])[).:])[*_`]{0,4}(?:\s|$)")
_MARKED = re.compile(r"\(([A-Z])\)|\*\*\(?([A-Z])[).:]?\*\*")
_CAPITAL = re.compile(r"(?<![\w'’])([B-HJ-Z])(?![\w'’])")  # A and I are words
_JOINED = re.compile(r"\b[A-Z]\)?\s{0,3}(?:or|and|nor|,|/|&)\s{0,3}$")
_MAX_TEXT = 20_000


def chosen_letter(text: str) -> str | None:
    """The letter, A to Z; None when no letter is chosen, or more than one.

    The first of these that is there counts: the text or its last line is a letter, a boxed letter, the last "answer is
    B", the one letter that lines begin with ("B) it"), that is in brackets or bold, or that is a capital by itself.
    """
    text = text[-_MAX_TEXT:].strip()
    if not text:
        return None
    lines = [text, text.splitlines()[-1]]
    for line in lines:
        if alone := _ALONE.fullmatch(line):
            return alone[1].upper()
    if boxed := _BOXED.findall(text):
        return str(boxed[-1]).upper()
    stated = [found for found in _STATED.finditer(text) if _is_letter(found)]
    if stated:
        return None if _MORE.match(text, stated[-1].end()) else stated[-1][1].upper()
    labels = {str(label[1] or label[2]).upper() for line in text.splitlines() if (label := _LABEL.match(line))}
    if labels:
        return labels.pop() if len(labels) == 1 else None
    marked = {one[1] or one[2] for one in _MARKED.finditer(text)}
    if marked:
        return marked.pop() if len(marked) == 1 else None
    capitals = list(_CAPITAL.finditer(text))
    joined = any(_JOINED.search(text, max(0, one.start() - 10), one.start()) for one in capitals)
    letters = {one[1] for one in capitals}
    return letters.pop() if len(letters) == 1 and not joined else None


def _is_letter(found: re.Match[str]) -> bool:
    """Whether it is a letter, not a word: "the answer is a dog" chooses nothing."""
    if found[1] not in "aiAI":
        return found[1].isupper() or not re.match(r"\s*\w", found.string[found.end() : found.end() + 20])
    rest = found.string[found.end() : found.end() + 20]
    return not re.match(r"\s+\w", rest) or bool(re.match(r"\s+(?:because|since|as|and|or|but)\b", rest))
