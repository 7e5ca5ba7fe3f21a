"""Exercise 8.3, rlhf_round: its solution, hints and usual mistakes."""
from types import SimpleNamespace

from tinyrlhf.teaching import exercise


@exercise("8.3", minutes=8, hints=[
    "Act, ask, fit, improve, in this order. The policy only ever learns from the model, and the "
    "model from all votes that there have been.",
    "votes = old ones + new ones; model = fit(votes); policy = improve(policy, model).",
    "`pairs = world.play(policy)` and `votes = votes + list(zip(pairs, world.ask(pairs)))`"])
def rlhf_round(policy, votes, world):
    """One round of the loop: act, ask, fit, improve.

    policy: whatever world.play and world.improve understand. votes: list of (pair, said) of all
    earlier rounds, which the caller still needs as it is. world has the functions play(policy) -> a
    list of n pairs of walks; ask(pairs) -> n answers; fit(votes) -> a reward model, which says of a
    walk what it is worth; improve(policy, reward model) -> a better policy; and reward, the game's
    own, which also says of a walk what it is worth. Returns (policy, votes): the new policy, and
    all votes, old ones first.

    Worked: with a world in which walks and policies are numbers, rlhf_round(1, [((5, 6), 1)],
    world) asks about the pairs (1, 2) and (2, 3), gets 1 and 0, and returns the policy 8 and three
    votes.
    """
    pairs = world.play(policy)
    votes = votes + list(zip(pairs, world.ask(pairs)))
    model = world.fit(votes)
    return world.improve(policy, model), votes


def small_world(asked):
    """Walks and policies are numbers; a model is worth the winners' sum on top of what it is asked
    about."""
    def fit(votes):
        total = sum(pair[said] for pair, said in votes)
        return lambda walk: walk + total

    def improve(policy, reward):
        return reward(policy) - policy - 2 * (len(asked) == 2)

    def ask(pairs):
        asked.extend(pairs)
        return [1, 0, 1][:len(pairs)]

    return SimpleNamespace(play=lambda policy: [(policy, policy + 1), (policy + 1, policy + 2)],
                           ask=ask, fit=fit, improve=improve, reward=lambda walk: 100 * walk)


@rlhf_round.play
def in_a_small_world(rlhf_round, policy, votes):
    asked = []
    return (*rlhf_round(policy, votes, small_world(asked)), asked)


rlhf_round.cases = [(1, [((5, 6), 1)]), (4, []), (-3, [((0, 2), 0), ((7, 3), 1), ((2, 2), 0)])]


@rlhf_round.right
def step_by_step(policy, votes, world):
    kept = list(votes)
    pairs = world.play(policy)
    for pair, said in zip(pairs, world.ask(pairs)):
        kept.append((pair, said))
    return world.improve(policy, world.fit(kept)), kept


@rlhf_round.right
def by_unpacking(policy, votes, world):
    pairs = world.play(policy)
    said = world.ask(pairs)
    every = [*votes, *((pair, answer) for pair, answer in zip(pairs, said))]
    return world.improve(policy, lambda walk: world.fit(every)(walk)), every


@rlhf_round.wrong("The policy is improved on the game's own reward. That is traditional "
                  "reinforcement learning: people were asked for nothing. Whose reward should the "
                  "policy learn from?")
def on_the_games_reward(policy, votes, world):
    policy_after, votes = rlhf_round(policy, votes, world)
    return world.improve(policy, world.reward), votes


@rlhf_round.wrong("The votes of earlier rounds are forgotten. The walker no longer meets what it "
                  "has learned to avoid, so the new votes do not mention it, and it will be tried "
                  "again. What should the model explain?")
def earlier_votes_forgotten(policy, votes, world):
    pairs = world.play(policy)
    votes = list(zip(pairs, world.ask(pairs)))
    return world.improve(policy, world.fit(votes)), votes


@rlhf_round.wrong("The model is fitted to the old votes, before the new ones are in. People were "
                  "asked for nothing until the next round. What comes first, asking or fitting?")
def fitted_before_asking(policy, votes, world):
    model = world.fit(votes)
    pairs = world.play(policy)
    return world.improve(policy, model), votes + list(zip(pairs, world.ask(pairs)))


@rlhf_round.wrong("The new votes are used, but not returned: the next round begins without them. "
                  "What does the caller need for the next round?")
def votes_not_returned(policy, votes, world):
    return rlhf_round(policy, votes, world)[0], votes


@rlhf_round.wrong("The new votes stand before the old ones. The order of rounds tells how people "
                  "changed. Which come first?")
def new_ones_first(policy, votes, world):
    pairs = world.play(policy)
    every = list(zip(pairs, world.ask(pairs))) + votes
    return world.improve(policy, world.fit(every)), every


@rlhf_round.wrong("The policy is improved first, and people are asked about the walks of the new "
                  "one, which nothing has been learned from yet. In which order do act, ask, fit "
                  "and improve come?")
def improved_before_asking(policy, votes, world):
    policy = world.improve(policy, world.fit(votes))
    pairs = world.play(policy)
    return policy, votes + list(zip(pairs, world.ask(pairs)))
