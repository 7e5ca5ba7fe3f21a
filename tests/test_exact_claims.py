"""The figures of tests/benchmarks/exact.py, asserted on fresh seeds; slow, run by .ci/run."""
import importlib.util
from pathlib import Path

import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location("exact_benchmark", Path(__file__).parent / "benchmarks" / "exact.py")
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)

pytestmark = pytest.mark.slow
SEEDS = (520, 521)
LIMITS = {"natural gradient": 1e-6, "exact gradient": 1e-3, "RLOO": 0.01, "REINFORCE": 0.03, "PPO": 0.03,
          "DPO, exact shares": 0.01}


def test_every_method_comes_as_close_to_the_best_policy_as_claimed():
    rows = [benchmark.distances(seed, {name: benchmark.METHODS[name] for name in LIMITS}) for seed in SEEDS]
    assert max(error for _, error in rows) < 1e-9                    # J* - J = kl_coef KL
    for name, limit in LIMITS.items():
        assert max(max(found[name]) for found, _ in rows) <= limit, name


@pytest.mark.parametrize("kind", benchmark.WORLDS)
def test_best_of_n_stays_below_its_bound_and_below_the_best_policy_of_equal_distance(kind):
    for seed in range(520, 525):
        for n in (2, 4, 16, 64):
            nats, reward, optimal = benchmark.best_of(n, kind, seed)
            assert 0 <= benchmark.kl_bound(n) - nats < 0.05
            assert optimal > reward


def test_the_plain_gradient_collapses_where_the_natural_one_does_not():
    draws = [benchmark.collapse(seed) for seed in range(520, 540)]
    assert np.median([benchmark.modes(draw.plain) for draw in draws]) <= 1.2
    assert min(benchmark.modes(draw.best) for draw in draws) > 4
    assert max((draw.best - draw.plain) @ draw.rewards for draw in draws) < 0.01
    assert max(draw.natural_kl for draw in draws) < 0.01
