"""Exercise 9.5, as_mdp: its solution, hints and usual mistakes."""
from tinyrlhf.teaching import exercise


@exercise("9.5", minutes=5, extra=True, hints=[
    "Put yourself into the model's place: what stands on the page before each decision, what is "
    "decided, what is it paid? The first page is empty, and the last decision is to end.",
    "Step i: the state is word[:i], the action is character i of word + \".\", and the reward is 0 "
    "except at the last step.",
    "`steps = []`, then `for i, action in enumerate(word + \".\"):`"])
def as_mdp(word, worth):
    """The episode of writing a word, as a list of its decisions: (state, action, reward) each.

    A state is the text so far, a string, "" at first. An action is one letter, or "." for the end
    mark, which ends the episode. The reward is what somebody thinks of the finished word, and comes
    when it is finished.

    word: a string. worth: a number. Returns a list of tuples (string, string, number).

    Worked: as_mdp("la", 2.0) is [("", "l", 0.0), ("l", "a", 0.0), ("la", ".", 2.0)].
    """
    return [(word[:i], action, worth if i == len(word) else 0.0)
            for i, action in enumerate(word + ".")]


@as_mdp.play
def list_of_tuples(as_mdp, word, worth):
    found = as_mdp(word, worth)
    if not isinstance(found, (list, tuple)):
        return found
    return [tuple(step) if isinstance(step, list) else step for step in found]


as_mdp.cases = [("la", 2.0), ("merol", -1.5), ("a", 0.5), ("", -4.0)]


@as_mdp.right
def step_by_step(word, worth):
    steps, text = [], ""
    for letter in word:
        steps.append([text, letter, 0])
        text += letter
    return steps + [[text, ".", worth]]


@as_mdp.right
def by_zip(word, worth):
    n = len(word)
    return list(zip([word[:i] for i in range(n + 1)], list(word) + ["."], [0.0] * n + [worth]))


def decisions(word, worth, rewards, states=None, actions=None):
    actions = word + "." if actions is None else actions
    states = [word[:i] for i in range(len(actions))] if states is None else states
    return [(state, action, float(reward))
            for state, action, reward in zip(states, actions, rewards)]


@as_mdp.wrong("Every letter is paid the full reward, so a word of five letters earns six times "
              "what it is worth, and long words pay best. Somebody judges the finished word, once. "
              "When is it finished?")
def reward_at_every_letter(word, worth):
    return decisions(word, worth, [worth] * (len(word) + 1))


@as_mdp.wrong("The reward is shared out among the letters. The sum is right, but nobody said what "
              "each letter contributes; to find that out is the learner's task. When does somebody "
              "judge the word?")
def reward_shared_out(word, worth):
    return decisions(word, worth, [worth / (len(word) + 1)] * (len(word) + 1))


NO_END = ("The end mark is missing. To stop is a decision, too, and the last one: until it is "
          "taken, the word may still go on. Which action stands after the last letter?")


@as_mdp.wrong(NO_END)
def end_mark_missing_and_all_paid(word, worth):
    return decisions(word, worth, [worth] * len(word), actions=word)


@as_mdp.wrong(NO_END)
def end_mark_missing(word, worth):
    return decisions(word, worth, [0.0] * (len(word) - 1) + [worth], actions=word)


@as_mdp.wrong("The end mark is there, but the reward comes one step before it. After the last "
              "letter the word may still go on; it is only finished when the end mark is written. "
              "Which step gets the reward?")
def reward_before_the_end(word, worth):
    return decisions(word, worth, [0.0] * (len(word) - 1) + [worth, 0.0] if word else [0.0])


@as_mdp.wrong("Each state already contains the letter that is about to be chosen. Then the choice "
              "would be no choice. What stands on the page *before* the first letter is written?")
def state_after_the_action(word, worth):
    states = [(word + ".")[:i + 1] for i in range(len(word) + 1)]
    return decisions(word, worth, [0.0] * len(word) + [worth], states)


@as_mdp.wrong("Each state already contains the letter that is about to be chosen. Then the choice "
              "would be no choice. What stands on the page *before* the first letter is written?")
def state_after_the_action_without_the_end(word, worth):
    return decisions(word, worth, [0.0] * len(word) + [worth],
                     states=[word[:i + 1] for i in range(len(word) + 1)])


@as_mdp.wrong("The state is the last letter only. A model may see no more than that, but the state "
              "of the game is the whole text: the reward depends on all of it. What stands on the "
              "page?")
def last_letter_as_state(word, worth):
    states = [word[max(i - 1, 0):i] for i in range(len(word) + 1)]
    return decisions(word, worth, [0.0] * len(word) + [worth], states)


@as_mdp.wrong("The first decision is missing: the page is empty, and a first letter has to be "
              "chosen. What is the first state?")
def first_decision_missing(word, worth):
    return decisions(word, worth, [0.0] * len(word) + [worth])[1:]


@as_mdp.wrong("Nothing is paid at all. The reward is 0 before the end, but not at the end. Where "
              "does `worth` enter?")
def never_paid(word, worth):
    return decisions(word, worth, [0.0] * (len(word) + 1))
