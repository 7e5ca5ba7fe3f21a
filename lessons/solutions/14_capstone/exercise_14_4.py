"""Exercise 14.4, person_hours: its solution, hints and usual mistakes."""
from tinyrlhf.teaching import exercise


@exercise("14.4", minutes=5, extra=True, hints=[
    "Which batches of answers did this model learn from, itself or through the model it began "
    "from? Each of them was given once, and cost its time once.",
    "Sum over the *different* batches of n times seconds, over all kinds in it, divided by 3600.",
    "`for batch in set(path):` and in it `for kind, n in asked[batch].items():`"])
def person_hours(asked, path, seconds):
    """How many hours did people spend for one model?

    asked: dict of all batches of answers in the project, {batch: {kind: how many}}. path: list of
    the batches that this model learned from on its way, in order; one that was used twice, say by
    a reward model and again by DPO, stands there twice. seconds: {kind: seconds for one answer}.
    Returns a number of hours.

    Worked: person_hours({"mended": {"correction": 360}, "votes": {"preference": 900}}, ["mended",
    "votes"], {"correction": 10, "preference": 4}) is 2.0: one hour for each.
    """
    return sum(n * seconds[kind] for batch in set(path) for kind, n in asked[batch].items()) / 3600


ASKED = {"mended": {"correction": 2000}, "votes": {"preference": 1000, "rating": 150},
         "votes 2": {"preference": 500}, "checks": {"rating": 700}}
SECONDS = {"correction": 10, "preference": 4, "rating": 3}
person_hours.cases = [({"mended": {"correction": 360}, "votes": {"preference": 900}},
                       ["mended", "votes"], {"correction": 10, "preference": 4}),
                      (ASKED, ["mended"], SECONDS),
                      (ASKED, ["mended", "votes", "votes 2"], SECONDS),
                      (ASKED, ["mended", "votes", "votes"], SECONDS), (ASKED, [], SECONDS)]


@person_hours.right
def batch_by_batch(asked, path, seconds):
    total, counted = 0, []
    for batch in path:
        if batch not in counted:
            counted.append(batch)
            total += sum(seconds[kind] * asked[batch][kind] for kind in asked[batch])
    return total / 60 / 60


@person_hours.right
def over_all_batches(asked, path, seconds):
    return sum((batch in path) * n * seconds[kind] / 3600
               for batch, kinds in asked.items() for kind, n in kinds.items())


@person_hours.wrong("It counts what people said for *other* models too. Which batches did this one "
                    "learn from?")
def whole_project(asked, path, seconds):
    return person_hours(asked, list(asked), seconds)


@person_hours.wrong("It counts the last batch only. The model stands on all that was asked before "
                    "it: whoever wants to repeat it must pay for that as well. What else is on its "
                    "path?")
def last_batch(asked, path, seconds):
    return person_hours(asked, path[-1:], seconds)


@person_hours.wrong("A batch that was used twice is paid twice. People said it once, and that is "
                    "why DPO and a reward model can be compared on equal answers. How often was it "
                    "asked for?")
def used_twice_paid_twice(asked, path, seconds):
    return sum(person_hours(asked, [batch], seconds) for batch in path)


@person_hours.wrong("That is in seconds or minutes. How many seconds has an hour?")
def in_minutes(asked, path, seconds):
    return 60 * person_hours(asked, path, seconds)


@person_hours.wrong("That is in seconds. How many of them has an hour?")
def in_seconds(asked, path, seconds):
    return 3600 * person_hours(asked, path, seconds)


@person_hours.wrong("All answers cost the same. A correction takes longer than a preference: "
                    "`seconds` says how long each kind takes. Which kind is looked up?")
def one_price(asked, path, seconds):
    return person_hours(asked, path, dict.fromkeys(seconds, max(seconds.values())))


@person_hours.wrong("It counts answers and not the time they take. What is each multiplied by?")
def answers_counted(asked, path, seconds):
    return person_hours(asked, path, dict.fromkeys(seconds, 3600))
