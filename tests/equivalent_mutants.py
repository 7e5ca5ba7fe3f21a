"""Changes of a solution that change nothing that is asked for, by name, with the reason (tests/mutants.py makes them).

INVISIBLE are no equivalents: they are wrong, but so little that the shares of many draws do not show it.
"""
EQUIVALENT = {
    "a NumPy number or truth value is as good as Python's": [
        "1.2: int(rng.choice(len(probs), p=probs)) -> rng.choice(len(probs), p=probs)",
        "2.1: bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12)) -> abs(new[0]) > 2.4 or abs(new[2]) > "
        "math.radians(12)",
        "2.3: bool(is_end[0]) -> is_end[0]",
        "3.4: int(rng.choice(np.flatnonzero(q == q.max()))) -> rng.choice(np.flatnonzero(q == q.max()))",
        "3.4: int(rng.integers(len(q))) -> rng.integers(len(q))",
        "6.5: bool(np.ptp(gap) <= 1e-06) -> np.ptp(gap) <= 1e-06"],
    "np.full makes whole numbers of a whole `smooth`, which then count as well": [
        "5.1: float(smooth) -> smooth"],
    "the boundary itself is never met, or both sides agree on it": [
        "2.1: abs(new[0]) > 2.4 -> abs(new[0]) >= 2.4",
        "2.1: abs(new[2]) > math.radians(12) -> abs(new[2]) >= math.radians(12)",
        "3.4: rng.random() < eps -> rng.random() <= eps",
        "6.1: in 1 / (1 + small) if d >= 0 else small / (1 + small): d >= 0 -> d > 0",
        "6.5: np.ptp(gap) <= 1e-06 -> np.ptp(gap) < 1e-06"],
    "the function is symmetric in these two": [
        "3.2: np.maximum(seen, 1) -> np.maximum(1, seen)",
        "3.2: np.maximum(seen, 1) -> np.maximum(1, seen) (2)",
        "4.3: np.maximum(running - 1, 1) -> np.maximum(1, running - 1)",
        "6.2: np.logaddexp(0, lose_scores - win_scores) -> np.logaddexp(lose_scores - win_scores, 0)",
        "10.5: np.minimum(ratio * advantages, np.clip(r ... ) * advantages) -> "
        "np.minimum(np.clip(ratio, 1 - eps, 1 + e ... o * advantages)",
        "10.5: np.clip(ratio, 1 - eps, 1 + eps) -> np.clip(1 - eps, ratio, 1 + eps)",
        "11.3: np.logaddexp(0.0, -lead) -> np.logaddexp(-lead, 0.0)",
        "12.3: np.isclose(shares, shares.max()) -> np.isclose(shares.max(), shares)"],
    "nats times their price is the price times the nats": [
        "10.3: kl_penalized_reward(scores, kl_sampled(l ... mask), kl_coef) -> "
        "kl_penalized_reward(scores, kl_coef, kl_ ... ef_logp, mask))"],
    "a sign or a factor that the next step takes out again": [
        "6.5: first - second -> second - first",
        "7.4: in 1 / (1 + np.exp(second_scores - first_scores)): 1 -> 2",
        "7.4: second_scores - first_scores -> first_scores - second_scores",
        "7.4: chances.var(axis=0) -> chances.std(axis=0)",
        "8.4: share - 0.5 -> 0.5 - share"],
    "the order of a sum, or of two questions that count alike": [
        "7.2: ((liked, hidden_liked, -surprise), (othe ... her, surprise)) -> "
        "((other, hidden_other, surprise), (liked ... ed, -surprise))",
        "13.4: (human(first, second), human(second, first)) -> (human(second, first), human(first, second))"],
    "all entries are written anew": [
        "2.2: np.zeros(len(rewards)) -> np.ones(len(rewards))"],
    "a batch of one game has one row, the first and the last": [
        "2.3: in game.observe(state)[0]: 0 -> -1",
        "2.3: in game.observe(state)[0]: 0 -> -1 (2)",
        "2.3: in rewards.append(reward[0]): 0 -> -1",
        "2.3: in bool(is_end[0]): 0 -> -1"],
    "another of many right answers": [
        "2.4: if reward == 'closer': return [0, 2] * 20 -> if False: return [0, 2] * 20",
        "2.4: in [0, 2] * 20: 20 -> 19",
        "2.4: in [0, 2] * 16: 16 -> 15",
        "12.5: range(1, 6) -> range(1, 6 - 1)",
        "12.5: in range(1, 6): 1 -> 2",
        "12.5: in range(1, 6): 6 -> 5"],
    "where this counts, the outer np.where takes the other side, or both are 0": [
        "4.3: np.maximum(running - 1, 1) -> running - 1",
        "4.3: in np.maximum(running - 1, 1): 1 -> 0",
        "4.3: np.where(running > 1, baseline, 0.0) -> baseline",
        "4.3: running > 1 -> running >= 1",
        "4.3: in running > 1: 1 -> 0",
        "5.1: np.where(total > 0, total, 1) -> total",
        "5.1: in np.where(total > 0, total, 1): total > 0 -> total >= 0",
        "5.1: in np.where(total > 0, total, 1): 1 -> 2",
        "5.1: in np.where(total > 0, total, 1): 1 -> 0",
        "5.1: in np.where(total > 0, total, 1): 0 -> -1",
        "7.3: in np.where(lead == 0, 0.5, lead > 0): lead > 0 -> lead >= 0"],
    "the exercise promises zeros there": [
        "4.3: np.where(alive, returns, 0.0) -> returns"],
    "the descent has come to rest long before, wherever it began": [
        "6.4: np.zeros(n) -> np.ones(n)",
        "6.4: range(1000) -> range(1000 - 1)",
        "6.4: range(1000) -> range(1, 1000)",
        "6.4: in range(1000): 1000 -> 1001",
        "6.4: in range(1000): 1000 -> 999",
        "6.4: 1.0 * slope -> slope",
        "6.4: in 1.0 * slope: 1.0 -> 3.0"],
    "what is left out is what the function does by itself": [
        "9.1: np.take_along_axis(log_probs, targets[..., None], axis=-1) -> "
        "np.take_along_axis(log_probs, targets[..., None])",
        "13.1: np.logaddexp.reduce(worth, axis=0) -> np.logaddexp.reduce(worth)",
        "13.3: np.linalg.lstsq(columns, scores, rcond=None) -> np.linalg.lstsq(columns, scores)"],
    "only 0 is asked for, and a mean is 0 where the sum is": [
        "13.4: said.sum(axis=1) -> said.mean(axis=1)"],
    "an array that is added to 0 stays what it is": [
        "7.2: np.zeros(W.shape) -> 0", "7.2: np.zeros(b.shape) -> 0", "7.2: np.zeros(v.shape) -> 0"],
    "preferences that are all equal are the same policy": [
        "1.4: np.zeros(6) -> np.ones(6)"],
    "the shares do not tell one move from another": [
        "1.4: (1, 4) if number < changes_at else (0, 2) -> (0, 2) if number < changes_at else (1, 4)",
        "1.4: in (1, 4) if number < changes_at else (0, 2): (1, 4) -> (4, 1)",
        "1.4: in (1, 4) if number < changes_at else (0, 2): (0, 2) -> (2, 0)",
        "1.4: in (1, 4) if number < changes_at else (0, 2): 4 -> 5",
        "1.4: in (1, 4) if number < changes_at else (0, 2): 4 -> 3",
        "1.4: in (1, 4) if number < changes_at else (0, 2): 2 -> 3"]}
INVISIBLE = [
    "1.4: in np.zeros(6): 6 -> 5",
    "1.4: number < changes_at -> number <= changes_at",
    "1.4: number < changes_at -> number <= changes_at (2)",
    "1.4: number < changes_at -> number > changes_at (2)",
    "1.4: in 1 if liked[-1] else -1: 1 -> 2",
    "1.4: in 1 if liked[-1] else -1: 1 -> 2 (2)"]
