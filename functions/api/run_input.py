"""How a run is asked for: the same words start it and forecast it."""

from decimal import Decimal

from pydantic import Field

from gero.datasets import Algorithm
from gero.kit import money
from gero.models import Input
from gero.runs import Options


class RunInput(Input):
    """How to run. Nothing of it is needed: then every row of the newest data is evaluated."""

    rows: int | None = Field(None, ge=1, le=1_000_000_000, description="Evaluate at most so many rows")
    algorithm: Algorithm = Field("RANDOM_SHUFFLE", description="Which rows, when there are more than `rows`")
    dataset_version: int | None = Field(None, ge=1, description="Evaluate this version of the dataset, as it is")
    fresh: bool = Field(False, description="Ask, and pay for, again what earlier runs have asked")
    max_cost_usd: Decimal | None = Field(
        None, gt=0, le=1_000_000, description="Pause when the run has spent that, instead of the leaderboard's limit"
    )

    def options(self) -> Options:
        """What is handed to the run; a limit of cost only where one was given, as the leaderboard may have its own."""
        options = Options(
            rows_limit=self.rows,
            algorithm=self.algorithm,
            dataset_version=self.dataset_version,
            fresh=self.fresh,
        )
        if self.max_cost_usd is not None:
            options["max_cost_nanos"] = money.to_nanos(self.max_cost_usd)
        return options


class ResumeInput(Input):
    """How a paused run goes on."""

    max_cost_usd: Decimal | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="What the run may spend from its beginning on; null: as much as it takes; left out: as before",
    )

    def max_cost_nanos(self, before: int | None) -> int | None:
        """The new limit in nano-dollars, None without one; `before`: the one until now."""
        if "max_cost_usd" not in self.model_fields_set:
            return before
        return None if self.max_cost_usd is None else money.to_nanos(self.max_cost_usd)
