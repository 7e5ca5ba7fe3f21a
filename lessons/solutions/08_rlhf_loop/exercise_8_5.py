"""Exercise 8.5, train: its solution, hints and usual mistakes."""
from types import SimpleNamespace

from tinyrlhf.teaching import exercise


@exercise("8.5", minutes=10, extra=True, hints=[
    "Tries come before feedback, feedback before an update, an update before new tries. Then "
    "people compare the old tries with the new ones.",
    "In each round: give_feedback(tries), update(robot, tries, feedback), new tries = act(), and "
    "compare(old, new) is added to the shares. converged(shares)?",
    "`for number in range(1, most_rounds + 1):`"])
def train(robot, human, algorithm, converged, most_rounds):
    """The training loop of a robot with a person: until it has converged, or for most_rounds
    rounds.

    robot.act() -> some tries. human.give_feedback(tries) -> what a person says of them.
    algorithm.update(robot, tries, feedback) makes the robot better. human.compare(before, after) ->
    the share in which they prefer the tries `after`. converged: function of the list of all such
    shares so far -> True or False, looked at after each round. Returns how many rounds it took.

    Worked: with people who see no more difference in round 3, train(robot, human, algorithm,
    converged, 9) is 3. Then feedback was given 3 times, and tries were played 4 times.
    """
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        algorithm.update(robot, tries, human.give_feedback(tries))
        before, tries = tries, robot.act()
        shares.append(human.compare(before, tries))
        if converged(shares):
            break
    return number


class Played(Exception):
    """It goes on and on."""


def cast(calm_from, told):
    """A robot whose tries are numbered, a person and an algorithm who note what happens in
    `told`."""
    def note(*what):
        told.append(" ".join(map(str, what)))
        if len(told) > 60:
            raise Played("more than 60 calls")

    def act():
        acted.append(0)
        note("act", len(acted))
        return len(acted)

    def give_feedback(tries):
        note("feedback on", tries)
        return f"said of {tries}"

    def compare(before, after):
        note("compare", before, after)
        return 0.5 if after > calm_from else 0.9

    acted = []
    return (SimpleNamespace(act=act), SimpleNamespace(give_feedback=give_feedback, compare=compare),
            SimpleNamespace(update=lambda robot, tries, feedback: note("update", tries, feedback)))


def calm(shares):
    return bool(shares) and shares[-1] == 0.5


@train.play
def on_a_stage(train, calm_from, most_rounds):
    told = []
    try:
        rounds = train(*cast(calm_from, told), calm, most_rounds)
    except Played:
        rounds = -1
    return rounds, told


train.told = "people who see no more difference in round {calm_from}, most_rounds = {most_rounds}"
train.cases = [(3, 9), (5, 3), (1, 1), (2, 2)]


@train.right
def with_a_while(robot, human, algorithm, converged, most_rounds):
    shares, tries = [], robot.act()
    while len(shares) < most_rounds and not converged(shares):
        feedback = human.give_feedback(tries)
        algorithm.update(robot, tries, feedback)
        after = robot.act()
        shares.append(human.compare(tries, after))
        tries = after
    return len(shares)


@train.right
def with_a_return(robot, human, algorithm, converged, most_rounds):
    shares, tries = [], robot.act()
    for _ in range(most_rounds):
        said = human.give_feedback(tries)
        algorithm.update(robot, tries, said)
        tries, before = robot.act(), tries
        shares += [human.compare(before, tries)]
        if converged(shares):
            return len(shares)
    return most_rounds


@train.wrong("It never stops by itself: most_rounds is not looked at. People are not there for "
             "ever, and a criterion may never be met. What else ends the loop?")
def without_a_limit(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, algorithm, converged, 10**9)


@train.wrong("It always takes most_rounds rounds: the criterion is not looked at. After each "
             "round, has it converged?")
def without_the_criterion(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, algorithm, lambda shares: False, most_rounds)


@train.wrong("The update gets the new tries with what was said of the old ones. Then praise and "
             "blame go to the wrong tries. Which tries did the person see?")
def feedback_on_other_tries(robot, human, algorithm, converged, most_rounds):
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        feedback, before, tries = human.give_feedback(tries), tries, robot.act()
        algorithm.update(robot, tries, feedback)
        shares.append(human.compare(before, tries))
        if converged(shares):
            break
    return number


@train.wrong("It compares tries that were played before any update of this round: of course people "
             "see no difference. When should the new tries be played?")
def compared_before_the_update(robot, human, algorithm, converged, most_rounds):
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        feedback, before, tries = human.give_feedback(tries), tries, robot.act()
        shares.append(human.compare(before, tries))
        algorithm.update(robot, before, feedback)
        if converged(shares):
            break
    return number


@train.wrong("Nothing is ever updated: people speak, and nobody listens. What makes the robot "
             "better?")
def never_updated(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, SimpleNamespace(update=lambda *what: None), converged,
                        most_rounds)


@train.wrong("The old tries are forgotten: it compares with the very first ones, and people will "
             "always see that. With which tries should the new ones be compared?")
def compared_with_the_first(robot, human, algorithm, converged, most_rounds):
    first = tries = robot.act()
    shares = []
    for number in range(1, most_rounds + 1):
        algorithm.update(robot, tries, human.give_feedback(tries))
        tries = robot.act()
        shares.append(human.compare(first, tries))
        if converged(shares):
            break
    return number


@train.wrong("That is one round too few or too many: it counts before or after the last one. How "
             "many times was feedback given?")
def miscounted(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, algorithm, converged, most_rounds) - 1
