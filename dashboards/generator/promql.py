"""The few forms of PromQL that the panels are made of."""

from __future__ import annotations

RATE = "$__rate_interval"
DEPLOYMENT = 'namespace=~"$namespace",deployment=~"$deployment"'
INSTANCE = f'{DEPLOYMENT},instance=~"$instance"'
RESOURCE = 'resource_namespace=~"$namespace",resource=~"$deployment"'
# Every gateway tells the same of the whole deployment.
ONE_VOICE = "namespace, deployment"


def rate(metric: str, labels: str, by: str = "", window: str = RATE) -> str:
    """Increase a second of a counter, summed by labels."""
    return f"{_sum(by)}(rate({metric}{{{labels}}}[{window}]))"


def quantile(share: float, histogram: str, labels: str, by: str = "", window: str = RATE) -> str:
    """A quantile of a histogram, over all or by labels; ``histogram`` is its name without ``_bucket``."""
    kept = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({kept}) (rate({histogram}_bucket{{{labels}}}[{window}])))"


def mean(histogram: str, labels: str, by: str = "", window: str = RATE) -> str:
    """The mean of a histogram's observations."""
    return f"{rate(histogram + '_sum', labels, by, window)} / {rate(histogram + '_count', labels, by, window)}"


def once(metric: str, labels: str, by: str, how: str = "max") -> str:
    """A gauge that several replicas tell alike, counted once in each deployment."""
    return f"{how} by ({ONE_VOICE}{', ' + by if by else ''}) ({metric}{{{labels}}})"


def _sum(by: str) -> str:
    return f"sum by ({by}) " if by else "sum"
