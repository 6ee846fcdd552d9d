"""What a PUSH dataset takes, keeps and does with it: the documented settings of the webhook."""

from datetime import date

from pydantic import BaseModel, Field

from gero.datasets import Algorithm, PushRules


class PushSettings(BaseModel):
    """Settings of a PUSH dataset. Limits count accepted rows, days and months are those of UTC."""

    auto_limit_size: bool = Field(
        True, description="Keep at most `max_samples_to_gather` rows in a version; otherwise refuse rows beyond them"
    )
    max_samples_to_gather: int = Field(10_000, ge=1, le=1_000_000)
    sampling_algorithm: Algorithm = Field("LAST_N", description="Which rows stay when there are more than that")
    daily_event_limit: int | None = Field(None, ge=1, le=1_000_000_000)
    monthly_event_limit: int | None = Field(None, ge=1, le=1_000_000_000)
    end_date: date | None = Field(None, description="The last day on which rows are accepted")
    dedupe: bool = Field(True, description="Take a row once: by its id, without one by its content")
    consolidate_every_events: int = Field(500, ge=1, le=1_000_000)
    consolidate_every_hours: int = Field(24, ge=1, le=8760)
    run_on_new_version: bool = Field(False, description="Start a dataset_improvement run after each consolidation")

    def rules(self) -> PushRules:
        """The same as the datasets slice knows them."""
        return PushRules(
            max_rows=self.max_samples_to_gather,
            limits_size=self.auto_limit_size,
            algorithm=self.sampling_algorithm,
            daily=self.daily_event_limit,
            monthly=self.monthly_event_limit,
            last_day=self.end_date.isoformat() if self.end_date else None,
            dedupe=self.dedupe,
            every_events=self.consolidate_every_events,
            every_hours=self.consolidate_every_hours,
        )


PUSH_FIELDS = frozenset(PushSettings.model_fields)
