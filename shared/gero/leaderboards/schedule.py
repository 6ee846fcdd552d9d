"""When a leaderboard runs by itself: the documented schedule object, version 2.

Each enabled trigger has its next time; when that has come, the trigger is looked at and moved to its next time after
now. `cron` then starts a run, `new_data` does when enough rows were accepted, `model_version` when a model is another
than the one the latest run evaluated. The rules:

- Missed times, however many, are one run at the next tick.
- A time at which a run is active is skipped and noted; the next one comes as usual.
- Two triggers at one moment are one run, in the name of the first that asks for it.
- While a schedule is paused nothing fires, and nothing is made up for when it is resumed.
- A change of the schedule counts from the change on.
- New rows are those accepted since the latest run was started. A run that could not be planned, or was pinned to a
  version, has not used them: they count on. Models are compared with those of the latest run that was planned.

Cadences are times of UTC. A preset or an expression means the clock of its time zone, UTC unless it says another: a
time that a change of the clock leaves out fires once, right after it, and one that comes twice fires the first time
only. With `*` for the hour it fires in every hour that passes, whatever the clock calls it.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from gero.datasets import Algorithm
from gero.kit import clock
from gero.models import Input

# What `limit.auto` takes. Two models that answer one row in five differently, one right and the other wrong, are
# compared with a standard error of sqrt(0.2 / 5,000) = 0.6 points: two points between them are three of those. Telling
# one point would take four times the rows, and the money.
AUTO_ROWS = 5_000
PRESETS = {"HOURLY": "0 * * * *", "DAILY": "0 0 * * *", "WEEKLY": "0 0 * * 0", "MONTHLY": "0 0 1 * *"}
Cadence = Literal["DAILY", "WEEKLY", "MONTHLY"]
TriggerName = Literal["cron", "new_data", "model_version"]


class CronTrigger(Input):
    """Fires at fixed times."""

    enabled: bool = True
    preset: Literal[Cadence, "CUSTOM"] = "DAILY"
    expression: Annotated[str | None, Field(max_length=100, validate_default=True)] = None
    timezone: str = Field("UTC", description="An IANA name, such as Europe/Berlin")

    @model_validator(mode="before")
    @classmethod
    def _an_expression_is_custom(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("expression") is not None:
            if given.get("preset") not in (None, "CUSTOM"):
                raise ValueError("expression: it goes with preset CUSTOM only")
            return {**given, "preset": "CUSTOM"}
        return given

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone; use an IANA name, such as Europe/Berlin") from error
        return name

    @field_validator("expression")
    @classmethod
    def _has_five_fields(cls, expression: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("preset") != "CUSTOM":
            return expression
        if not expression or len(expression.split()) != 5:
            raise ValueError("CUSTOM needs a cron expression of five fields, such as 0 6 * * 1")
        try:
            next(CronSim(expression, datetime(2026, 1, 1)))
        except CronSimError as error:
            raise ValueError(f"{error}; the fields are minute, hour, day of month, month, day of week") from error
        except StopIteration as error:
            raise ValueError("no such day will come") from error
        return expression

    def next_after(self, moment: datetime) -> datetime:
        """The first time after `moment` at which it fires."""
        expression = self.expression if self.preset == "CUSTOM" else PRESETS[self.preset]
        return _next_after(str(expression), moment, ZoneInfo(self.timezone))


class NewDataTrigger(Input):
    """Fires when a PUSH dataset has accepted enough rows since the latest run."""

    enabled: bool = True
    check_cadence: Literal["HOURLY", Cadence] = "DAILY"
    every_new_events: int = Field(500, ge=1, le=1_000_000_000)

    def next_after(self, moment: datetime) -> datetime:
        """The first time after `moment` at which it is looked at."""
        return _next_after(PRESETS[self.check_cadence], moment)


class ModelVersionTrigger(Input):
    """Fires when a model of the leaderboard is another than the one the latest run evaluated."""

    enabled: bool = True
    cadence: Cadence = "DAILY"

    def next_after(self, moment: datetime) -> datetime:
        """The first time after `moment` at which it is looked at."""
        return _next_after(PRESETS[self.cadence], moment)


Trigger = CronTrigger | NewDataTrigger | ModelVersionTrigger


class Triggers(Input):
    """What starts a run; one that is not named is off."""

    cron: CronTrigger = CronTrigger(enabled=False)
    new_data: NewDataTrigger = NewDataTrigger(enabled=False)
    model_version: ModelVersionTrigger = ModelVersionTrigger(enabled=False)

    def enabled(self) -> dict[TriggerName, Trigger]:
        """Those that are on, by name."""
        every: dict[TriggerName, Trigger] = {
            "cron": self.cron,
            "new_data": self.new_data,
            "model_version": self.model_version,
        }
        return {name: trigger for name, trigger in every.items() if trigger.enabled}


class Limit(Input):
    """How many rows a scheduled run takes, and which."""

    auto: bool = Field(False, description=f"Gero picks the size, {AUTO_ROWS:,} rows; then `rows` is not used")
    rows: int | None = Field(None, ge=1, le=1_000_000_000)
    algorithm: Algorithm = "RANDOM_SHUFFLE"

    @model_validator(mode="after")
    def _has_a_size(self) -> "Limit":
        if not self.auto and self.rows is None:
            raise ValueError("rows: say how many rows a run takes, or set auto")
        return self


class RunDataset(Input):
    """Which of the dataset's rows a scheduled run takes: all, or as many as `limit` says."""

    mode: Literal["ALL", "LIMIT"] = "ALL"
    limit: Limit = Limit(auto=True)

    @property
    def rows(self) -> int | None:
        """The most rows that a run takes; None for all."""
        if self.mode == "ALL":
            return None
        return AUTO_ROWS if self.limit.auto else self.limit.rows


class Schedule(Input):
    """A leaderboard's schedule."""

    version: Literal[2] = 2
    triggers: Triggers
    dataset: RunDataset = RunDataset()
    paused: bool = False

    def check(self, dataset_type: str) -> None:
        """ValueError when it can never fire on a dataset of that type."""
        if not self.paused and not self.triggers.enabled():
            raise ValueError("schedule.triggers: enable one of cron, new_data, model_version, or set paused")
        if self.triggers.new_data.enabled and dataset_type != "PUSH":
            raise ValueError("schedule.triggers.new_data: only a PUSH dataset gathers new rows; use cron for this one")

    def next_times(self) -> dict[TriggerName, str]:
        """The first time after now (ISO) of each trigger that is on; none while it is paused."""
        now = clock.now()
        enabled = {} if self.paused else self.triggers.enabled()
        return {name: clock.iso(trigger.next_after(now)) for name, trigger in enabled.items()}


class ScheduleState(BaseModel):
    """What came of the latest time that a trigger asked for a run: `started`, or `skipped:` and why."""

    model_config = ConfigDict(frozen=True)
    last_fired_at: str
    last_trigger: TriggerName
    outcome: str
    run_id: str | None = None


def _next_after(expression: str, moment: datetime, zone: ZoneInfo | None = None) -> datetime:
    minute, hour, *days = expression.split()
    if hour != "*":
        # CronSim, as Debian's cron, takes times with a star for times that pass, not for those the clock shows.
        minute, hour = minute.replace("*", "0-59"), hour.replace("*", "0-23")
    found = CronSim(" ".join([minute, hour, *days]), moment.astimezone(zone or UTC))
    # In an hour that comes twice CronSim starts from the first, so what it finds may have been before.
    return next(one for one in (time.astimezone(UTC) for time in found) if one > moment)
