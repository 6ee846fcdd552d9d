"""When a leaderboard runs by itself: the cron trigger of the documented schedule object (version 2)."""

from datetime import datetime
from typing import Literal

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, model_validator

PRESETS = {"DAILY": "0 0 * * *", "WEEKLY": "0 0 * * 0", "MONTHLY": "0 0 1 * *"}


class CronTrigger(BaseModel):
    """Fires at fixed times, UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enabled: bool = True
    preset: Literal["DAILY", "WEEKLY", "MONTHLY", "CUSTOM"] = "DAILY"
    expression: str | None = None

    @model_validator(mode="after")
    def _has_five_fields(self) -> "CronTrigger":
        if self.preset != "CUSTOM":
            return self
        if not self.expression or len(self.expression.split()) != 5:
            raise ValueError("expression: CUSTOM needs a cron expression of five fields, such as 0 6 * * 1")
        try:
            CronSim(self.expression, datetime(2026, 1, 1))
        except CronSimError as error:
            raise ValueError(f"expression: {error}") from error
        return self

    def next_after(self, moment: datetime) -> datetime:
        """The first time after `moment` at which it fires."""
        expression = self.expression if self.preset == "CUSTOM" else PRESETS[self.preset]
        return next(CronSim(str(expression), moment))


class Triggers(BaseModel):
    """What starts a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    cron: CronTrigger


class Schedule(BaseModel):
    """A leaderboard's schedule."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Literal[2] = 2
    triggers: Triggers

    def next_after(self, moment: datetime) -> datetime | None:
        """The next time a run is due; None when no trigger is enabled."""
        return self.triggers.cron.next_after(moment) if self.triggers.cron.enabled else None
