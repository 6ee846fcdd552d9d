"""From a message to the words that the stand-in models compare."""

import re

_WORD = re.compile(r"[a-zà-ÿ]+(?:'[a-z]+)?")
_WITHOUT_TOPIC = (
    "a about again all also am an and any are as at be been before but by can could did do does for from get got had "
    "has have he hello her hi his how i i'd i'm i've if in into is it it's its just me more my no not now of on one "
    "or our out please she so some than thank thanks that the their them then there they this to up us was we were "
    "what when where which while who why will with would yes you your"
)
_STOP_WORDS = frozenset(_WITHOUT_TOPIC.split())
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "s", "y", "e")
_SHORTEST_STEM = 3


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order."""
    return _WORD.findall(text.lower().replace("’", "'"))


def stems(text: str) -> list[str]:
    """The words that carry meaning, without their endings: "Delivered parcels" -> ["deliver", "parcel"]."""
    return [_stem(word) for word in words(text) if word not in _STOP_WORDS]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word
