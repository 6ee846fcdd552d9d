"""What a better challenger must still respect before it replaces the model in production."""

from pydantic import Field

from gero.models import Input
from gero.ranking import Guardrails


class GuardrailSettings(Input):
    """Limits of a challenger relative to the model in production; null is no limit."""

    max_cost_ratio: float | None = Field(None, gt=0, le=1000, description="Cost per row, as a multiple")
    max_latency_ratio: float | None = Field(None, gt=0, le=1000, description="95th percentile, as a multiple")
    max_error_increase: float | None = Field(
        0.01, ge=0, le=1, description="By how much the share of rows it fails on may be greater"
    )

    def guardrails(self) -> Guardrails:
        """The same for the decision."""
        return Guardrails(self.max_cost_ratio, self.max_latency_ratio, self.max_error_increase)
