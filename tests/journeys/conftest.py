"""What journeys ask for."""

from tests.local_cloud import api, cloud, datasets, serve, stand_ins

__all__ = ["api", "cloud", "datasets", "serve", "stand_ins"]
