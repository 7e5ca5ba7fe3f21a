"""Museum of bugs 4, nats_of: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.4", minutes=5, hints=[
    "Write the tokens of a short text below each other, and below them which one each entry "
    "scores.",
    "Entry i scores token i + 1, so it counts if token i + 1 is there.",
    "`there[:, 1:]`"])
def nats_of(log_probs, ref_log_probs, there):
    """The sampled log-ratio of each text, a sum over its tokens; padding does not count.

    log_probs, ref_log_probs: (B, T - 1); entry i is that of token i + 1, as the first token is
    given. there: (B, T), True where a token is, False where only padding is. Returns (B,).

    Worked: of log-ratios [[1, 2, 4]] with two tokens there, the first one given, it is [1].
    """
    return ((log_probs - ref_log_probs) * there[:, 1:]).sum(axis=1)


nats_of.cases = [
    (np.array([[1.0, 2.0, 4.0]]), np.zeros((1, 3)), np.array([[True, True, False, False]])),
    (np.arange(12.0).reshape(3, 4), np.ones((3, 4)), np.arange(5) < np.array([[2], [5], [3]]))]


@nats_of.law("Change the log-probabilities of padding: nothing may change. Does it?")
def padding_does_not_count(f):
    there = np.array([[True, True, True, False]])
    return np.isclose(*(f(np.array([[1.0, 2.0, x]]), np.zeros((1, 3)), there)[0] for x in (0, 9)))


@nats_of.bug("CarperAI/trlx, issue 582",
             "One token of padding counts in each text: the mask belongs to tokens, and is read "
             "one place too early. Which token does entry i score?")
def mask_of_the_token_before(log_probs, ref_log_probs, there):
    return ((log_probs - ref_log_probs) * there[:, :-1]).sum(axis=1)


@nats_of.wrong("It is a mean over the tokens. The log-probability of a text is a sum, so a long "
               "text may be farther away than a short one.")
def per_token(log_probs, ref_log_probs, there):
    return nats_of(log_probs, ref_log_probs, there) / there[:, 1:].sum(axis=1)


@nats_of.right
def text_by_text(log_probs, ref_log_probs, there):
    return np.array([(one - other)[seen].sum()
                     for one, other, seen in zip(log_probs, ref_log_probs, there[:, 1:])])
