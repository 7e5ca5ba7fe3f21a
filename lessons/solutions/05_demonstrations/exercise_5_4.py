"""Exercise 5.4, advice_to_update: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("5.4", minutes=7, extra=True, hints=[
    "Ask of each kind: which action is it about, the one that was taken or the one that was typed? "
    "And does it say more of it, or less?",
    "\"action\": 1 for the typed action. \"thumb\": the thumb, +1 or -1, for the action taken. "
    "\"nobody\": the game's reward for the action taken. All others 0.",
    "`push = np.zeros(n_actions)`, then an `if` for each kind"])
def advice_to_update(said, taken, reward, kind, n_actions):
    """Which log-probabilities should rise, and by how much, after one step with a person beside it?

    said: what the person typed. taken: the action that the policy took. reward: what the game paid
    for it. kind: what `said` means: "action": the number of the action that they would have taken,
    a demonstration or correction; "thumb": +1 or -1, a judgement of the action taken; "nobody":
    nothing, since nobody looks: all there is is the game's reward. Returns an array (n_actions,):
    by how much to raise log pi of each action, below 0 to lower it. A person's word counts whatever
    the game pays.

    Worked: the policy pushed right (1), the person types 0 and means left: advice_to_update(0, 1,
    1.0, "action", 2) is [1, 0].
    """
    push = np.zeros(n_actions)
    if kind == "action":
        push[said] = 1.0
    elif kind == "thumb":
        push[taken] = said
    else:
        push[taken] = reward
    return push


advice_to_update.cases = [(0, 1, 1.0, "action", 2), (2, 0, -0.5, "action", 3),
                          (1, 1, 1.0, "action", 2), (-1, 1, 1.0, "thumb", 2),
                          (1, 0, 0.0, "thumb", 3), (-1, 2, -2.0, "thumb", 4),
                          (0, 1, 0.7, "nobody", 2), (0, 2, -1.5, "nobody", 3)]


@advice_to_update.law("Who types 0 for left must teach as much as who types 1 for right. Do both "
                      "raise one action by 1?")
def left_counts_as_much_as_right(f):
    return all(near(f(said, 1, 0.0, "action", 2), np.eye(2)[said]) for said in (0, 1))


@advice_to_update.right
def by_a_table(said, taken, reward, kind, n_actions):
    action, weight = {"action": (said, 1.0), "thumb": (taken, said),
                      "nobody": (taken, reward)}[kind]
    return weight * np.eye(n_actions)[action]


@advice_to_update.right
def one_by_one(said, taken, reward, kind, n_actions):
    judged = {"thumb": float(said), "nobody": reward}
    return np.array([float(action == said) if kind == "action" else judged[kind] * (action == taken)
                     for action in range(n_actions)])


@advice_to_update.wrong("The number of the typed action is used as if it were a reward: 0 for left "
                        "then teaches nothing at all, and 1 praises whatever was done. What does "
                        "somebody mean who types 0?")
def action_as_reward(said, taken, reward, kind, n_actions):
    return (reward if kind == "nobody" else said) * np.eye(n_actions)[taken]


@advice_to_update.wrong("The action taken is raised, not the one that was typed. That makes "
                        "mistakes likelier just when they are corrected. Which action did the "
                        "person want?")
def raises_what_was_done(said, taken, reward, kind, n_actions):
    return (1.0 if kind == "action" else said if kind == "thumb"
            else reward) * np.eye(n_actions)[taken]


@advice_to_update.wrong("Advice is multiplied by the game's reward. The person has already judged; "
                        "where the game pays nothing or punishes, their word would be lost or "
                        "turned round. What counts when somebody speaks?")
def times_the_reward(said, taken, reward, kind, n_actions):
    push = advice_to_update(said, taken, reward, kind, n_actions)
    return push if kind == "nobody" else reward * push


@advice_to_update.wrong("The game's reward is added to the thumb. Then a thumb down on a step that "
                        "pays 1 says nothing. What counts when somebody speaks?")
def thumb_plus_reward(said, taken, reward, kind, n_actions):
    extra = reward if kind == "thumb" else 0.0
    return advice_to_update(said, taken, reward, kind, n_actions) + extra * np.eye(n_actions)[taken]


@advice_to_update.wrong("A thumb is taken for the number of an action: -1 is then the last one. A "
                        "thumb judges what was done. Which action is it about?")
def thumb_as_action(said, taken, reward, kind, n_actions):
    return reward * np.eye(n_actions)[taken] if kind == "nobody" else np.eye(n_actions)[said]


@advice_to_update.wrong("A thumb down does nothing here, or as much as a thumb up. Half of what "
                        "people say is that something was bad. By how much should log pi rise "
                        "after -1?")
def down_is_ignored(said, taken, reward, kind, n_actions):
    said = max(said, 0) if kind == "thumb" else said
    return advice_to_update(said, taken, reward, kind, n_actions)


@advice_to_update.wrong("A thumb down does nothing here, or as much as a thumb up. Half of what "
                        "people say is that something was bad. By how much should log pi rise "
                        "after -1?")
def down_counts_as_up(said, taken, reward, kind, n_actions):
    return advice_to_update(abs(said), taken, reward, kind, n_actions)


@advice_to_update.wrong("All actions that were not advised are pushed down as well. That is done "
                        "by the softmax: raising one lowers the others' chances by itself (5.2). "
                        "What is pushed?")
def others_pushed_down(said, taken, reward, kind, n_actions):
    push = advice_to_update(said, taken, reward, kind, n_actions)
    return np.where(np.arange(n_actions) == said, 1.0, -1.0) if kind == "action" else push
