"""Every door answers what is wrong with the name of the argument: nothing hangs, nothing becomes NaN silently."""
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import doors  # noqa: E402

pytestmark = pytest.mark.skipif(not hasattr(signal, "alarm"), reason="a call that hangs is ended by a signal")


def test_what_is_right_is_taken_by_every_door():
    for door, unknown, said in doors.right():
        assert not unknown and (said == "taken" or door == "runs.load"), (door, unknown, said)


def test_wrong_arguments_are_named_at_95_of_100_doors_and_none_hangs_or_becomes_nan():
    counts, others = doors.table()
    total = {name: sum(count[name] for count in counts.values()) for name in doors.VERDICTS}
    assert total["hangs"] == total["NaN"] == 0, others
    assert sum(total.values()) > 1000 and total["named"] >= 0.95 * sum(total.values()), others
