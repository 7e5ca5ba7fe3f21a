"""Exercise 11.3, dpo_loss: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("11.3", minutes=7, hints=[
    "It is the loss of lesson 6, -log sigmoid(lead), with implicit rewards for scores. The unknown "
    "constant log Z stands in both, and cancels.",
    r"$\text{lead}_i = c \, [(\log \pi(y_w) - \log \pi_{ref}(y_w)) - (\log \pi(y_l) - \log "
    r"\pi_{ref}(y_l))]$ for the pair $i$; $L = \frac{1}{N} \sum_i \log(1 + e^{-\text{lead}_i})$",
    "`lead = kl_coef * ((chosen - ref_chosen) - ...)`; for log(1 + e^x) without overflow look up "
    "np.logaddexp"])
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """How surprised a policy is by N votes, if kl_coef times the log-ratio of an answer is taken
    for its score: the mean, in nats.

    chosen, rejected: arrays (N,), log-probabilities of the preferred and of the other answer of
    each pair under the policy, summed over their letters. ref_chosen, ref_rejected: the same under
    the reference. Returns a number; leads of 1000 must not overflow.

    Worked: chosen [-4.], rejected [-6.], ref_chosen [-5.], ref_rejected [-5.], kl_coef 0.5: the
    lead is 0.5 * (1 - (-1)) = 1, so dpo_loss returns log(1 + e^-1) = 0.3133.
    """
    lead = kl_coef * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return np.logaddexp(0.0, -lead).mean()


def some_votes(n, seed):
    rng = np.random.default_rng(seed)
    ref_chosen, ref_rejected = rng.normal(-12, 3, (2, n))
    return ref_chosen + rng.normal(0.5, 2,
                                   n), ref_rejected + rng.normal(-1.0, 2,
                                                                 n), ref_chosen, ref_rejected


dpo_loss.cases = [(np.array([-4.0]), np.array([-6.0]), np.array([-5.0]), np.array([-5.0]), 0.5),
                  (*some_votes(3, 0), 0.1), (*some_votes(5, 1), 0.7), (*some_votes(4, 2), 2.0),
                  (np.array([-2000.0, -3.0]), np.array([-3.0, -3000.0]), np.array([-9.0, -9.0]),
                   np.array([-9.0, -9.0]), 1.0)]


@dpo_loss.law("A policy that is still the reference has no opinion: every vote must cost log 2 = "
              "0.693, whatever kl_coef is. Does it?")
def log_two_at_the_start(f):
    reference = some_votes(6, 3)[2:]
    return all(near(f(*reference, *reference, price), np.log(2)) for price in (0.1, 1.0, 3.0))


@dpo_loss.law("If both answers of a pair lose the same share of their chance, the lead stays, and "
              "so must the loss. Does it?")
def both_may_fall(f):
    chosen, rejected, *reference = some_votes(4, 4)
    return near(f(chosen, rejected, *reference, 0.3),
                f(chosen - 9, rejected - 9, *reference, 0.3))


@dpo_loss.right
def as_in_lesson_six(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    scores = kl_coef * np.array([chosen - ref_chosen, rejected - ref_rejected])
    top = scores.max(axis=0)
    return np.mean(top + np.log(np.exp(scores - top).sum(axis=0)) - scores[0])


def librarys_dpo(chosen, rejected, kl_coef):
    """The library's loss of N pairs, and its derivatives by the log-ratios (N,) of the chosen and
    of the rejected."""
    from tinyrlhf.feedback.answers import Choices
    from tinyrlhf.learning.direct_preferences import dpo
    n = len(chosen)
    shows, shares = np.arange(2 * n).reshape(2, n).T, np.tile([1.0, 0.0], (n, 1))
    votes = Choices("preference", shows, np.eye(2), 0.0, shares, np.arange(n))
    loss, d_log_ratios, _ = dpo([votes], np.concatenate([chosen, rejected]), kl_coef)
    return loss, *np.split(d_log_ratios, 2)


@dpo_loss.right
def by_the_library_dpo(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return librarys_dpo(chosen - ref_chosen, rejected - ref_rejected, kl_coef)[0]


@dpo_loss.wrong("Chosen and rejected look swapped: the loss falls when the rejected answer becomes "
                "likelier. Which one should gain?")
def swapped(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(rejected, chosen, ref_rejected, ref_chosen, kl_coef)


@dpo_loss.wrong("The reference is left out. Then at the start, before anything is learned, common "
                "answers look preferred to rare ones. From what is each log-probability measured?")
def without_reference(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, 0.0, 0.0, kl_coef)


@dpo_loss.wrong("The references enter with the wrong sign. Each answer is compared with its own "
                "reference: chosen - ref_chosen, and the same for the other. Which sign has "
                "ref_rejected in the difference of the two?")
def reference_added(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, -ref_chosen, -ref_rejected, kl_coef)


@dpo_loss.wrong("Both references are subtracted. In the lead, the second bracket (rejected - "
                "ref_rejected) stands behind a minus. What becomes of the minus inside it?")
def both_subtracted(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, ref_chosen, -ref_rejected, kl_coef)


@dpo_loss.wrong("kl_coef is missing. It turns nats into reward, and so decides how sure a lead of "
                "one nat is. Where does it enter?")
def no_price(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 1.0)


@dpo_loss.wrong("kl_coef stands in front of the logarithm. There it only changes the size of the "
                "loss, as a learning rate would. On which side of the sigmoid does the price of a "
                "nat belong?")
def price_outside(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return kl_coef * dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 1.0)


@dpo_loss.wrong("The lead is divided by kl_coef. The implicit reward of 11.2 is kl_coef times the "
                "log-ratio. Which of the two do you need?")
def price_divides(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 1 / kl_coef)


@dpo_loss.wrong("That is the sum over the votes. With twice as many votes the steps of training "
                "would be twice as long. What is asked for?")
def summed(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return len(chosen) * dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef)


@dpo_loss.wrong("The loss is negative: a minus is missing. The logarithm of a chance is at most 0, "
                "and surprise is its opposite. What is it at the start?")
def minus_forgotten(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return -dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef)


def lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return kl_coef * (chosen - ref_chosen - rejected + ref_rejected)


CHANCE = ("That looks like the mean chance of the votes, or one minus it. A vote that was thought "
          "impossible would then cost hardly more than a surprising one. Of which function of the "
          "chance is the loss made?")


@dpo_loss.wrong(CHANCE)
def chance_of_the_votes(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.mean(1 / (1 + np.exp(-lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef))))


@dpo_loss.wrong(CHANCE)
def chance_of_the_others(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.mean(1 / (1 + np.exp(lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef))))


@dpo_loss.wrong("That is minus the chance of the vote. A surprise is minus its *logarithm*.")
def minus_the_chance(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return -chance_of_the_votes(chosen, rejected, ref_chosen, ref_rejected, kl_coef)


@dpo_loss.wrong("The mean is over the losses, not over the leads.")
def loss_of_the_mean_lead(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.logaddexp(0, -lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef).mean())


@dpo_loss.wrong("Each answer gets a sigmoid of its own. A vote says nothing about one answer "
                "alone, only which of two is better. What is the one number that goes into the "
                "sigmoid?")
def each_for_itself(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    of_chosen = np.logaddexp(0, -kl_coef * (chosen - ref_chosen))
    return np.mean(of_chosen + np.logaddexp(0, kl_coef * (rejected - ref_rejected)))


@dpo_loss.wrong("It is right for small leads. At a lead of -1000, exp(1000) overflows, or the "
                "sigmoid rounds to 0, and the loss is infinite. Which NumPy function gives log(e^a "
                "+ e^b) without taking exp of a large number?")
def rounds_to_zero(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.mean(-np.log(1 / (1 + np.exp(-lead_of(chosen, rejected, ref_chosen, ref_rejected,
                                                    kl_coef)))))
