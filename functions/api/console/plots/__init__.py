"""Where the points of the charts lie; templates draw them as SVG."""

from functions.api.console.plots.pareto import ParetoPlot, pareto_plot
from functions.api.console.plots.whiskers import WhiskerPlot, whisker_plot

__all__ = ["ParetoPlot", "WhiskerPlot", "pareto_plot", "whisker_plot"]
