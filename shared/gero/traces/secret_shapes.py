"""Secrets in a text: keys and tokens by the shapes that their issuers give them, and what is said to be a password."""

import re

from gero.traces.personal import Spans

# Each begins where a word does, and runs to the end of its characters, so that no stretch is read twice.
_SHAPES = (
    r"(?:sk|pk|rk)[-_][\w-]{16,}+",  # OpenAI, Anthropic, OpenRouter, Stripe
    r"(?:gh[oprsu]|github_pat)_\w{20,}+",
    r"glpat-[\w-]{16,}+",
    r"xox[abeoprs]-[\w-]{10,}+",
    r"(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}(?![\w-])",  # AWS
    r"AIza[\w-]{30,}+",  # Google
    r"ya29\.[\w.-]{20,}+",
    r"(?:hf|npm|drgero|hpd|pypi|dop_v1|shpat|whsec|r8|gsk)[_-][\w-]{16,}+",
    r"SG\.[\w-]{16,}+\.[\w-]{16,}+",
    r"eyJ[\w-]{8,}+\.[\w-]{4,}+(?:\.[\w-]*+)?",  # JSON Web Tokens
)
_PREFIXES = (
    *("sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-"),
    *("xox", "AKIA", "ASIA", "AGPA", "AROA", "AIDA", "AIza", "ya29.", "SG.", "eyJ"),
    *("hf_", "npm_", "drgero_", "hpd_", "pypi-", "dop_v1_", "shpat_", "whsec_", "r8_", "gsk_"),
)
_SHAPE = re.compile(rf"(?<![\w-])(?:{'|'.join(_SHAPES)})")
_BEARER = re.compile(r"(?i)(?<!\w)(?:bearer|basic)[ \t]{1,8}(?=[^\s]*[\d=._-])([\w.~+/=-]{8,}+)")
_SAID = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|secret|api[ _-]?key|access[ _-]?key|(?:auth|access|refresh)[ _-]?token)"
    r"(?:[_-][\w-]{0,20})?[\"']?[ \t]{0,3}(?:=>|[:=]|\bis\b(?=[ \t]+\S*[\d_!@#$%^&*]))[ \t]{0,3}[\"']?([^\s\"',;]{6,}+)"
)
_IN_URL = re.compile(r"://[^\s/:@]{1,256}:([^\s/@]{1,256})@")
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*+(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?")


# What must be in a text, in small letters, before it is searched; the group of the match that is secret.
_IN_WORDS = (
    (("bearer", "basic"), _BEARER, 1),
    (("passw", "passphrase", "secret", "key", "token"), _SAID, 1),
    (("://",), _IN_URL, 1),
    (("-----begin ",), _PRIVATE, 0),
)


def secrets(text: str) -> Spans:
    """Keys, tokens and passwords; of `password = …` only what is said."""
    if any(prefix in text for prefix in _PREFIXES):
        yield from (found.span() for found in _SHAPE.finditer(text))
    lowered = text.lower()
    for words, pattern, group in _IN_WORDS:
        if any(word in lowered for word in words):
            yield from (found.span(group) for found in pattern.finditer(text))
