"""The API in memory: a review, one item after the other."""

from typing import Any

from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, route

ITEM = "0123456789abcde{}"


class ReviewRoutes:
    """`review_items` items are to be reviewed; `verdicts` holds what was said of each, by whom."""

    def __init__(self) -> None:
        super().__init__()
        self.review_items = 3
        self.review_mode = "pairwise"
        self.review_closed = False
        self.review_readable = True
        self.review_refusals = self.undo_refusals = 0
        self.review_refusal = 409, "this item is not yours (any more); ask for the next one"
        self.verdicts: dict[str, dict[str, Any]] = {}

    @route("GET", "/api/leaderboards/{board}/reviews/next")
    def next_review(self, query: dict[str, str], body: Any, board: str) -> Answer:
        left = [one for one in map(ITEM.format, range(self.review_items)) if one not in self.verdicts]
        if not left or self.review_closed:
            return 200, {"item": None, "why": "nothing is left for you"}
        rated = self.review_mode == "rating"
        sides = {"answer": "One [answer]"} if rated else {"a": "Left \x1b[2Janswer", "b": ""}
        item = {"item_id": left[0], "mode": self.review_mode, "input": f"What is [{left[0][-1]}]?", **sides}
        facts = {"expected": ["4", "four"], "rubric": "Be brief.", "expires_at": now()}
        return 200, {"item": item | facts | {"progress": self._progress()}, "why": None}

    @route("POST", "/api/leaderboards/{board}/reviews/close")
    def close_review(self, query: Any, body: Any, board: str) -> Answer:
        self.review_closed = True
        status, told = self.show_review(query, body, board)
        kept = told if self.review_readable else ("run_id", "status", "end", "progress")
        return status, {name: told[name] for name in kept}

    @route("GET", "/api/leaderboards/{board}/reviews")
    def show_review(self, query: Any, body: Any, board: str) -> Answer:
        votes = [one for one in self.verdicts.values() if one.get("verdict") != "skip"]
        models = [*getattr(self, "models", {}).get(board, {}).values()]
        return 200, {
            "run_id": "r",
            "mode": self.review_mode,
            "status": "closed" if self.review_closed else "open",
            "end": "closed" if self.review_closed else None,
            "run_waits": not self.review_closed,
            "opened_at": now(),
            "closed_at": None,
            "rows": 3,
            "reviewers_per_item": 1,
            "progress": self._progress(),
            "votes": len(votes),
            "skips": len(self.verdicts) - len(votes),
            "automatic": 1,
            "reviewers": {"t/ann": len(votes)},
            "agreement": {"pairs": 8, "share": 0.75, "kappa": 0.5},
            "standing": [_contender(model["id"], place) for place, model in enumerate(models)],
            "latest_votes": [],
        }

    @route("POST", "/api/leaderboards/{board}/reviews/{item}")
    def give_verdict(self, query: Any, body: dict[str, Any], board: str, item: str) -> Answer:
        if self.review_closed:
            raise Refused(409, "this review is closed, so verdicts count no more")
        if self.review_refusals:
            self.review_refusals -= 1
            raise Refused(*self.review_refusal)
        self.verdicts[item] = body
        return 200, {"item_id": item, "status": "open", "progress": self._progress()}

    @route("DELETE", "/api/leaderboards/{board}/reviews/{item}")
    def take_verdict_back(self, query: dict[str, str], body: Any, board: str, item: str) -> Answer:
        if self.undo_refusals:
            self.undo_refusals -= 1
            raise Refused(409, "many people review at this moment; send it again")
        if self.verdicts.pop(item, None) is None:
            raise Refused(409, "you have not reviewed this item, so there is nothing to undo")
        return self.next_review(query, body, board)[0], {"item_id": item}

    def _progress(self) -> dict[str, int]:
        return {"reviewed": len(self.verdicts), "total": self.review_items}


def _contender(model_id: str, place: int) -> dict[str, Any]:
    rating = {"rating": 1100.4 - 200 * place, "rating_low": 1050.0, "rating_high": 1150.0}
    ranks = {"rank_low": 1, "rank_high": place + 1, "in_race": not place}
    return {"model_id": model_id, "wins": 2, "losses": 1, "ties": 0, "score": 0.7, "reviewed": 3, **rating, **ranks}
