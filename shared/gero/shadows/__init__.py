"""Shadow traffic: what a challenger answers to requests that production has answered already, and how it compares.

The inference endpoint needs only the request and who is asked. What asks, scores and counts is loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from gero.shadows.request import MAX_BYTES, ShadowRequest, challenger_of

if TYPE_CHECKING:
    from gero.shadows.comparison import Comparison, compared
    from gero.shadows.figures import Figures, forget, listed
    from gero.shadows.shadowing import ask_challengers

__all__ = [
    "MAX_BYTES",
    "Comparison",
    "Figures",
    "ShadowRequest",
    "ask_challengers",
    "challenger_of",
    "compared",
    "forget",
    "listed",
]

_MODULES: Final = {
    "comparison": ("Comparison", "compared"),
    "figures": ("Figures", "forget", "listed"),
    "shadowing": ("ask_challengers",),
}


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
