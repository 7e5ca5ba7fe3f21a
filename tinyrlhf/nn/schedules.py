"""Settings that fade: functions of the share of training that is left, which falls from 1 to 0."""
from tinyrlhf.checks import check_range


def linear(start, lowest=0.0, gone_at=0.0):
    """start * max(left - gone_at, lowest) / (1 - gone_at): a straight line down.

    Args:
        start: the value at the beginning.
        lowest: it stays here, a share of `start` if gone_at is 0.
        gone_at: the share of training that is left when the line reaches 0, below 1.

    >>> [linear(8.0, gone_at=0.5)(left) for left in (1.0, 0.75, 0.5, 0.0)]
    [8.0, 4.0, 0.0, 0.0]
    """
    check_range("start", start, -1e9, 1e9)
    check_range("lowest", lowest, 0, 1)
    check_range("gone_at", gone_at, 0, 0.999)
    return lambda left: start * max(left - gone_at, lowest) / (1 - gone_at)


def as_schedule(setting):
    """A number as a setting that never fades; a schedule as it is."""
    return setting if callable(setting) else lambda left: setting
