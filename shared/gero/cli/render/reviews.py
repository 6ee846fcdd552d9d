"""Reviews: an item as a reviewer reads it, and how far a review is."""

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, GOOD, card, cell, table, text

_ENDS: Final = {
    "winner": "a winner is certain",
    "tie": "the best are equally good",
    "reviewed": "everything was reviewed",
    "closed": "closed by a person",
    "ended": "its run has ended",
}


def review_item(item: dict[str, Any]) -> RenderableType:
    """A question with its answers, whose nobody knows, and the keys."""
    sides = [("answer", item["answer"])] if item["mode"] == "rating" else [("A", item["a"]), ("B", item["b"])]
    parts: list[RenderableType] = [_titled("question", item["input"])]
    if item.get("expected"):
        parts.append(_titled("expected", "\nor\n".join(item["expected"])))
    if item.get("rubric"):
        parts.append(_titled("rubric", item["rubric"]))
    parts += [_titled(name, answer or "(empty)") for name, answer in sides]
    place = f"{item['item_id']}, yours {formats.age(item['expires_at'])}; {review_progress(item)}"
    return Group(
        *parts, Text(place.replace("yours in", "yours for"), style=FAINT), Text(review_keys(item), style=FAINT)
    )


def review_keys(item: dict[str, Any]) -> str:
    """What can be said of an item."""
    if item["mode"] == "rating":
        return "1 (bad) to 5 (good), s skip, u undo, q quit"
    return "a or b is better, t tie, s skip, u undo, q quit"


def review_progress(noted: dict[str, Any]) -> str:
    """How far a review is, in words."""
    progress = noted["progress"]
    closed = ", and the review is closed" if noted.get("status") == "closed" else ""
    return f"{formats.count(progress['reviewed'])} of {formats.count(progress['total'])} reviewed{closed}"


def review_report(review: dict[str, Any], names: dict[str, str]) -> RenderableType:
    """How far a review is, how its reviewers agree, and where the models (id -> name) stand."""
    agreement, waits = review["agreement"], ", a run waits for it" if review["run_waits"] else ""
    end = f": {_ENDS.get(review['end'], review['end'])}" if review.get("end") else ""
    about = card(
        [
            ("review", f"{review['status']}{end}{waits}"),
            ("of run", review["run_id"]),
            ("opened", formats.age(review["opened_at"])),
            ("progress", _progress(review)),
            ("votes", _votes(review)),
            ("agreement", _agreement(agreement) if agreement["pairs"] else None),
        ]
    )
    return Group(about, "", _standing(review, names)) if review["standing"] else about


def _progress(review: dict[str, Any]) -> str:
    alone = f", {formats.counted(review['automatic'], 'item')} needed nobody" if review["automatic"] else ""
    return review_progress({"progress": review["progress"]}) + alone


def _votes(review: dict[str, Any]) -> str:
    people = formats.counted(len(review["reviewers"]), "reviewer")
    return f"{formats.count(review['votes'])} of {people}, {formats.count(review['skips'])} skipped"


def _agreement(agreement: dict[str, Any]) -> str:
    kappa = "" if agreement["kappa"] is None else f", kappa {agreement['kappa']:.2f}"
    return f"{100 * agreement['share']:.0f} % of {formats.counted(agreement['pairs'], 'pair')} of votes{kappa}"


def _standing(review: dict[str, Any], names: dict[str, str]) -> Table:
    if review["mode"] == "rating":
        shown = table(["model", "mean rating", "answers"], numbers=("mean rating", "answers"), wide=["model"])
        for one in review["standing"]:
            shown.add_row(_name(one, names), formats.score(one["score"]), formats.count(one["reviewed"]))
        return shown
    numbers = ("rank", "rating", "wins", "losses", "ties")
    shown = table(["rank", "model", "rating", "95 %", "wins", "losses", "ties", ""], numbers=numbers, wide=["model"])
    for one in review["standing"]:
        low, high = one["rank_low"], one["rank_high"]
        rated = one["rating"] is not None
        shown.add_row(
            formats.NOTHING if low is None else str(low) if low == high else f"{low}-{high}",
            _name(one, names),
            f"{one['rating']:.0f}" if rated else formats.NOTHING,
            f"{one['rating_low']:.0f}–{one['rating_high']:.0f}" if rated else formats.NOTHING,
            *(formats.count(one[name]) for name in ("wins", "losses", "ties")),
            Text("" if one["in_race"] else "out of the race", style=FAINT),
        )
    return shown


def _name(one: dict[str, Any], names: dict[str, str]) -> Text:
    return cell(names.get(one["model_id"], one["model_id"]))


def _titled(title: str, content: str) -> RenderableType:
    return Group(Text(title, style=f"bold {GOOD}" if len(title) == 1 else "bold"), text(content), "")
