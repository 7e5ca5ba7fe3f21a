"""The museum of bugs: each function is as it was published. Mend it."""
import numpy as np
from tinyrlhf.numerics import log_softmax


# museum.1, 5 minutes; takuseno/ppo, issue 3
def clipped_objective(log_probs, old_log_probs, advantages, clip):
    """What PPO is paid for each action, to be raised: the less favourable of what it earns without
    a limit on its ratio to the old policy and with one.

    log_probs, old_log_probs, advantages: arrays (N,); clip: such as 0.2. Returns (N,).

    Worked: three bad actions (advantage -1) of ratio 0.5, 1 and 2 and clip 0.2 give -0.8, -1, -2.
    """
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio, np.clip(ratio, 1 - clip, 1 + clip)) * advantages


# museum.2, 8 minutes; allenai/open-instruct, pull request 535; NVIDIA-NeMo/RL, pull request 2506
def kl_slope(log_probs, ref_log_probs):
    """A derivative by each log-probability whose sum over the batch is, on average, the slope of
    KL(policy || reference): the answers were drawn by the policy itself.

    log_probs, ref_log_probs: (N,) of N drawn answers. Returns (N,), for the mean over the batch.

    Worked: of log-ratios [0.5, -0.1] it is [0.25, -0.05].
    """
    return np.ones(len(log_probs)) / len(log_probs)


# museum.3, 4 minutes; walkinglabs/hands-on-modern-rl, issue 27
def k3(log_probs, ref_log_probs):
    """The estimator k3 of KL(policy || reference) for actions that the policy drew: never
    negative, and right on average.

    log_probs, ref_log_probs: (N,) of the drawn actions. Returns (N,).

    Worked: an action of chance 0.2 in the policy and 0.4 in the reference gives 2 - 1 - log 2.
    """
    log_ratio = log_probs - ref_log_probs
    return np.exp(log_ratio) - 1 - log_ratio


# museum.4, 5 minutes; CarperAI/trlx, issue 582
def nats_of(log_probs, ref_log_probs, there):
    """The sampled log-ratio of each text, a sum over its tokens; padding does not count.

    log_probs, ref_log_probs: (B, T - 1); entry i is that of token i + 1, as the first token is
    given. there: (B, T), True where a token is, False where only padding is. Returns (B,).

    Worked: of log-ratios [[1, 2, 4]] with two tokens there, the first one given, it is [1].
    """
    return ((log_probs - ref_log_probs) * there[:, :-1]).sum(axis=1)


# museum.5, 4 minutes; PrimeIntellect-ai/prime-rl, pull request 2084; modelscope/ms-swift, pull
# request 9767
def masked_objective(log_probs, old_log_probs, advantages, mask):
    """The mean of ratio * advantage over the tokens that count.

    log_probs, old_log_probs, advantages: (B, T); where the mask (B, T) is False they may hold
    anything, -inf and NaN included. Returns a number.

    Worked: ratios [[2, 1]] and advantages [[3, 5]] with the second masked give 6.
    """
    ratio = np.exp(log_probs - old_log_probs)
    return (ratio * advantages * mask).sum() / mask.sum()


# museum.6, 4 minutes; meta-pytorch/torchtune, pull request 1875
def loss_of_parts(parts):
    """The mean loss of a token, when a batch is worked off in parts (gradient accumulation).

    parts: list of arrays, the losses of the tokens of each part; their lengths differ. Returns a
    number: what one large batch would give.

    Worked: [[3], [1, 1, 1]] gives 1.5.
    """
    return sum(part.mean() for part in parts) / len(parts)


# museum.7, 3 minutes; nvidia-cosmos/cosmos-rl, pull request 155; huggingface/trl, issue 6668
def mean_where(losses, mask):
    """The mean loss of the tokens that count; 0 where none does (the answers were cut off).

    losses: (B, T), finite; mask: (B, T). Returns a number.

    Worked: losses [[2, 4, 9]] of which the first two count give 3.
    """
    return (losses * mask).sum() / mask.sum()


# museum.8, 4 minutes; EleutherAI/gpt-neox, pull request 1285
def score_of(scores, lengths):
    """The reward model's score of each text: what it says at its last token.

    scores: (B, T), what it says at every token; lengths: (B,) integers, at least 1, at most T; what
    comes after is padding. Returns (B,).

    Worked: scores [[1, 2, 9]] of a text of two tokens give [2].
    """
    return scores[:, -1]


# museum.9, 4 minutes; NVIDIA-NeMo/Megatron-Bridge, pull request 4660; mlabonne/llm-course, issue 33
def what_counts(tokens, lengths):
    """Which tokens are imitated: all of the text, its end mark (0) included, no padding (also 0).

    tokens: (B, T) integers; lengths: (B,), tokens of each text with its end mark. Returns a mask
    (B, T).

    Worked: tokens [[5, 0, 0]] of length 2 give [[True, True, False]].
    """
    return tokens != 0


# museum.10, 5 minutes; jsboige/CoursIA, pull request 7821; openai/baselines, issue 436
def td_target(rewards, next_values, terminated, truncated, gamma):
    """What a state is worth by one step and the value of the next state.

    rewards, next_values: (N,); terminated (N,): the world ended, nothing follows; truncated (N,):
    time was up, and the next state was still a state. Returns (N,).

    Worked: reward 1, next value 10, gamma 0.9: 10 where time was up, 1 where the world ended.
    """
    return rewards + gamma * next_values * ~(terminated | truncated)


# museum.11, 5 minutes; openai/spinningup, issue 50
def td_errors(rewards, values, gamma):
    """By how much each step of an episode was better than expected.

    rewards: (T,), rewards[t] was paid for the action at step t; values: (T + 1,), of every state.
    Returns (T,).

    Worked: rewards [0, 1] and values [0.5, 0.5, 0] give [0, 0.5] at gamma 1.
    """
    paid = np.concatenate([[0.0], rewards[:-1]])
    return paid + gamma * values[1:] - values[:-1]


# museum.12, 4 minutes; RLinf/RLinf, issue 1568; RITCHIEHuang/DeepRL_Algorithms, issue 13
def critic_slope(values, returns):
    """The derivative of the mean of (value - return)**2 / 2 by each value.

    values: (N,), as the network gives them; returns: (N, 1), as the buffer has them. Returns (N,).

    Worked: values [1, 2] and returns [[1], [4]] give [0, -1].
    """
    return (values - returns).mean(axis=0) / len(values)


# museum.13, 4 minutes; OpenRLHF/OpenRLHF, pull request 853; NVIDIA/NeMo-Aligner, issue 46
def drawn_log_probs(logits, actions, temperature):
    """The log-probabilities of actions under the policy that drew them: softmax(logits / T).

    logits: (N, A); actions: (N,) integers; temperature: T, above 0. Returns (N,).

    Worked: logits [[0, log 3]], action 1: log 0.75 at T = 1, and log 0.9 at T = 0.5.
    """
    return log_softmax(logits)[np.arange(len(actions)), actions]


# museum.14, 4 minutes; linkedin/Liger-Kernel, pull request 693; huggingface/trl, issue 789
def answer_log_probs(log_probs, mask):
    """The log-probability of each answer, as DPO's loss needs it.

    log_probs: (B, T), of each token; mask: (B, T), True for the tokens of the answer. Returns (B,).

    Worked: [[-1, -2, -9]] of which two count give [-3].
    """
    return np.where(mask, log_probs, 0.0).sum(axis=1) / mask.sum(axis=1)


# museum.15, 6 minutes; NVIDIA-NeMo/RL, issue 1518
def standardized(rewards):
    """The advantages of a group of answers to one question: each reward minus the mean of the
    others, in units of the group's spread (population standard deviation); all 0 where it has none.

    rewards: (K,), K at least 2. Returns (K,).

    Worked: [1, 0, 0, 0] gives 1 / 0.433 = 2.309 for the first, -1/3 / 0.433 = -0.770 for the rest.
    """
    others = np.array([np.delete(rewards, i) for i in range(len(rewards))])
    return (rewards - others.mean(axis=1)) / (others.std(axis=1) + 1e-6)
