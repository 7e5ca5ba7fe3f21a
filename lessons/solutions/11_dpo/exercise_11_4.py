"""Exercise 11.4, dpo_grad_weight: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_11_3 import dpo_loss, lead_of, librarys_dpo, some_votes


@exercise("11.4", minutes=6, extra=True, hints=[
    "It is lesson 6 again: a vote pushes as hard as it surprises. And what is frozen is not pushed "
    "at all.",
    r"$\dfrac{\partial L}{\partial \log \pi(y_w)} = -\dfrac{c}{N} \, \sigma(-\text{lead})$, and "
    r"the same with a plus for the rejected one; the reference does not move.",
    "`push = kl_coef / (1 + np.exp(lead)) / len(chosen)`"])
def dpo_grad_weight(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """How hard each vote pushes each log-probability: the derivatives of dpo_loss by its first four
    arguments, as training needs them.

    Arguments as in 11.3. Returns four arrays (N,): for chosen, rejected, ref_chosen, ref_rejected.
    The reference is frozen: it was trained before, and no vote may push it, so its two arrays are
    zeros.

    Worked: at the reference, with two votes and kl_coef 0.5, every vote has the chance 1/2 and
    pushes 0.5 * 1/2 / 2 = 0.125: the result is [-0.125, -0.125], [0.125, 0.125], [0, 0], [0, 0].
    """
    lead = kl_coef * ((chosen - ref_chosen) - (rejected - ref_rejected))
    push = kl_coef / (1 + np.exp(lead)) / len(chosen)
    return -push, push, np.zeros(len(chosen)), np.zeros(len(chosen))


@dpo_grad_weight.play
def four_arrays(f, chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    weights = f(chosen, rejected, ref_chosen, ref_rejected, kl_coef)
    if isinstance(weights, np.ndarray) and weights.ndim == 2 or isinstance(weights, list):
        weights = tuple(weights)
    return weights


dpo_grad_weight.cases = [(*2 * (np.array([-3.0, -8.0]), np.array([-5.0, -6.0])), 0.5),
                         (*some_votes(3, 5), 0.4), (*some_votes(5, 6), 1.5),
                         (*some_votes(1, 7), 0.1)]


@dpo_grad_weight.law("A vote that the policy already foretells with near certainty has nothing "
                     "left to teach: it must hardly push. Does it?")
def no_push_when_sure(f):
    return abs(f(np.array([20.0]), np.array([-20.0]), np.zeros(1), np.zeros(1), 1.0)[0][0]) < 1e-5


@dpo_grad_weight.right
def by_differences(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    loss = lambda chosen, rejected: dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef)
    steps = 1e-5 * np.eye(len(chosen))
    by_chosen = [(loss(chosen + step, rejected) - loss(chosen - step, rejected)) / 2e-5
                 for step in steps]
    by_rejected = [(loss(chosen, rejected + step) - loss(chosen, rejected - step)) / 2e-5
                   for step in steps]
    return np.array(by_chosen), np.array(by_rejected), 0 * ref_chosen, 0 * ref_rejected


@dpo_grad_weight.right
def by_the_librarys_dpo(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    _, d_chosen, d_rejected = librarys_dpo(chosen - ref_chosen, rejected - ref_rejected, kl_coef)
    return np.stack([d_chosen, d_rejected, 0 * d_chosen, 0 * d_rejected])


def weights_with(chosen, rejected, ref_chosen, ref_rejected, kl_coef, push=lambda p: 1 - p,
                 signs=(-1, 1, 0, 0), scale=None, price=None):
    """The solution with switches, for the wrong versions; push: of the chance p that was given to
    the vote."""
    p = 1 / (1 + np.exp(-lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef
                                 if price is None else price)))
    size = (kl_coef / len(chosen) if scale is None else scale) * push(p) * np.ones(len(chosen))
    return tuple(sign * size for sign in signs)


EQUALLY = ("All pairs push equally, whether the policy knew them already or got them wrong. In DPO "
           "a vote pushes by its surprise: one minus the chance it was given. What should happen "
           "to a vote that is foretold already?")


@dpo_grad_weight.wrong(EQUALLY)
def all_pairs_equally(*votes):
    return weights_with(*votes, push=lambda p: 1.0)


@dpo_grad_weight.wrong(EQUALLY)
def all_pairs_as_at_the_start(*votes):
    return weights_with(*votes, push=lambda p: 0.5)


@dpo_grad_weight.wrong("The push is the chance that the vote was given. Then what is known already "
                       "pushes hardest, and mistakes hardly at all. How large should it be when "
                       "that chance is nearly 1?")
def pushed_by_what_it_knew(*votes):
    return weights_with(*votes, push=lambda p: p)


@dpo_grad_weight.wrong("That is the slope of the chance itself, p (1 - p), and not of its "
                       "logarithm. A vote that was badly wrong would then hardly push. What is the "
                       "derivative of -log sigmoid?")
def slope_of_the_chance(*votes):
    return weights_with(*votes, push=lambda p: p * (1 - p))


@dpo_grad_weight.wrong("The gradient of the reference is not stopped: it would be trained too, "
                       "away from the chosen answers, and nothing would hold the policy any more. "
                       "What are the last two arrays if the reference is frozen?")
def reference_not_stopped(*votes):
    return weights_with(*votes, signs=(-1, 1, 1, -1))


@dpo_grad_weight.wrong("All signs are reversed: a step down this gradient makes the chosen answers "
                       "rarer. Does the loss rise or fall with the log-probability of the chosen "
                       "one?")
def uphill(*votes):
    return weights_with(*votes, signs=(1, -1, 0, 0))


@dpo_grad_weight.wrong("Only the chosen answers are pushed. That is imitation, as in supervised "
                       "fine-tuning. What does a vote say about the other answer?")
def only_the_chosen(*votes):
    return weights_with(*votes, signs=(-1, 0, 0, 0))


@dpo_grad_weight.wrong("Both answers are pushed up. The rejected one should lose what the chosen "
                       "one gains. Which sign has its derivative?")
def both_up(*votes):
    return weights_with(*votes, signs=(-1, -1, 0, 0))


@dpo_grad_weight.wrong("The factor kl_coef is missing. The lead is kl_coef times a difference of "
                       "log-probabilities, so the chain rule brings it out in front. Where has it "
                       "gone?")
def chain_rule_forgotten(*votes):
    return weights_with(*votes, scale=1 / len(votes[0]))


@dpo_grad_weight.wrong("kl_coef is in front, but not in the lead. How surprised the policy is also "
                       "depends on what a nat is worth. Where else does it stand in 11.3?")
def lead_without_price(*votes):
    return weights_with(*votes, price=1.0)


@dpo_grad_weight.wrong("That is the gradient of the sum over the votes; the loss of 11.3 is their "
                       "mean. By what do you divide?")
def of_the_sum(*votes):
    return weights_with(*votes, scale=votes[4])
