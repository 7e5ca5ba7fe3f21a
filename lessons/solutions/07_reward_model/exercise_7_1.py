"""Exercise 7.1, traj_score: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("7.1", minutes=4, hints=[
    "A person judges the whole walk, the model rewards single steps. The bridge between them is a "
    "sum, over the steps that were really walked.",
    r"$R(\text{walk}) = \sum_{t \,:\, \text{mask}_t} r(\text{features}_t)$",
    "`rewards = reward_fn(features)`, which is (B, T); then look up np.where"])
def traj_score(reward_fn, features, mask):
    """The score of each of B walks: the sum of the rewards of its steps.

    reward_fn: a function, features (B, T, F) -> rewards (B, T). features: array (B, T, F), what is
    known of each step. mask: array (B, T) of True and False. Walks have different lengths; where
    mask is False nobody walked, and whatever the features say there does not count. Returns an
    array (B,).

    Worked: one walk with the rewards 1, 2 and 5, of which the last is only padding (mask True,
    True, False): traj_score returns [3.0].
    """
    return np.where(mask, reward_fn(features), 0.0).sum(axis=1)


def first_feature(features):
    return features[..., 0].copy()


def likes_the_first_fears_the_second(features):
    return features @ np.array([1.0, -2.0])


def pays_for_every_step(features):
    return 1.0 + features[..., 0] ** 2


traj_score.cases = [(first_feature, np.array([[[1.0], [2.0], [5.0]]]),
                     np.array([[True, True, False]])),
                    (likes_the_first_fears_the_second, np.array([[[1.0, 0], [1, 1], [0, 1], [0, 0]],
                                                                 [[0, 2], [3, 0], [7, 1], [7, 1]]]),
                     np.array([[True, True, True, True], [True, True, False, False]])),
                    (first_feature, np.array([[[0.5], [0.5]], [[-1.0], [4.0]], [[2.0], [-3.0]]]),
                     np.array([[True, True], [True, False], [True, True]])),
                    (pays_for_every_step, np.array([[[0.5], [0.0], [2.0]], [[1.0], [3.0], [3.0]]]),
                     np.array([[True, True, False], [True, True, True]]))]


@traj_score.law("A walk that goes on for a second, equal round must score twice as much. Does "
                "yours?")
def twice_the_walk_twice_the_score(f):
    once, mask = np.array([[[1.0], [2.0]]]), np.ones((1, 2), bool)
    twice = np.concatenate([once, once], axis=1)
    return near(2 * f(first_feature, once, mask),
                f(first_feature, twice, np.ones((1, 4), bool)))


@traj_score.right
def walk_by_walk(reward_fn, features, mask):
    return np.array([sum(reward_fn(walk[walked])) for walk, walked in zip(features, mask)])


@traj_score.right
def by_a_product(reward_fn, features, mask):
    return np.einsum("bt,bt->b", reward_fn(features), mask)


MEAN = ("That looks like the mean over the steps. Then a walk through one flower bed and a walk "
        "through ten cost the same, and the length is lost. Does a second trampled flower make a "
        "walk worse?")


@traj_score.wrong(MEAN)
def mean_over_steps(reward_fn, features, mask):
    return (reward_fn(features) * mask).sum(axis=1) / mask.sum(axis=1)


@traj_score.wrong(MEAN)
def mean_over_all_columns(reward_fn, features, mask):
    return (reward_fn(features) * mask).sum(axis=1) / mask.shape[1]


@traj_score.wrong(MEAN)
def mean_over_everything(reward_fn, features, mask):
    return reward_fn(features).mean(axis=1)


@traj_score.wrong("Only the last step counts. The person saw the whole walk, flowers at its "
                  "beginning included. Over what do you have to sum?")
def last_step_only(reward_fn, features, mask):
    return reward_fn(features)[np.arange(len(mask)), mask.sum(axis=1) - 1]


@traj_score.wrong("Steps that nobody walked are counted. Short walks are filled up with padding so "
                  "that all fit into one array. Which argument says where a walk is over?")
def padding_counted(reward_fn, features, mask):
    return reward_fn(features).sum(axis=1)


@traj_score.wrong("It adds up the features and rewards the sum. A reward is paid at each step, "
                  "for that step alone; only where it is a plain weighing of features are the two "
                  "the same. What is added up?")
def reward_of_the_sum(reward_fn, features, mask):
    return reward_fn((features * mask[..., None]).sum(axis=1))


@traj_score.wrong("Padding is set to 0 before the reward is asked. A reward may be paid for "
                  "nothing at all, so these steps still count. Does the mask belong before "
                  "reward_fn, or behind it?")
def features_zeroed(reward_fn, features, mask):
    return reward_fn(features * mask[..., None]).sum(axis=1)
