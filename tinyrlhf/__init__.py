"""tinyrlhf: reinforcement learning from human feedback, readable in an afternoon.

NumPy, and matplotlib for pictures. The map, in reading order; imports only run upwards:

    numerics      softmax, sigmoid and their logarithms, safe for any number
    checks        is this argument a number, a choice, a shape that can be used?
    conformance   does a gradient, or a game of your own, keep its promises?
    protocols     what the loop expects of its parts
    saving        states as flat dicts, files that are whole or not there
    archives      files from elsewhere: looked at before anything is believed or allocated
    nn            numbers to numbers: networks, distributions, optimizers, schedules
    games         where things happen: game (the protocol), bandit, gridworld, cartpole, arm, ...
    policies      act: a network read as a distribution over actions
    episodes      what happened: rollout, replay, clips
    exact         the best possible: planning, horizon; strings, best of n
    feedback      what people say: answers (the kinds, and what they mean), forms and log (kept)
    rewards       fit: choice (one likelihood), habits, reward_models, posterior, plain items, ...
    learning      improve: advantages, kl, rules, policy_gradient, imitation, q_learning, ...
    criteria      which question tells most: uncertainty, disagreement, information gain, ...
    questions     ask: what is shown, and how
    humans        who answers: simulated people, their zoo, experts who act, recorded answers
    diagnostics   measure: accuracy, noise ceiling, calibration
    plots         scenes and arrays in, figures out
    rlhf          THE LOOP on one page: act, ask, fit, improve, measure
    improvements  other ways to improve: imitation, DPO and IPO, copying the best of n
    interactive   teaching within an episode: DAgger, TAMER, COACH, the stop button
    yardsticks    what a run is held against: true return and objective, and the best possible
    worlds        one file each, with calibrated settings: bandit, gridworld, arm, text, chat, ...
    sessions      the books of real people: open, shown, taken, undone, counted
    runs, report  a run on disk; its result beside what it must be held against
    faces         what shows and reads: terminal, vote, play, browser, lecture room, talk
    sweeps        many runs, seeds by settings, on all cores or a cluster: which is better?
    gymnasium_envs  the games for Gymnasium and its learners (where it is installed)
    teaching      lessons, exercises and demos: pages, grader, stepper
    cli           the front door: tinyrlhf run, vote, play, sweep, show, chat, lesson, demo

Letters for shapes: B episodes, T steps, A actions, D action size, S states, V characters,
U contexts, C window, N questions or answers, G episodes shown in one, K options, c choices,
M ensemble members; `d_x` is the derivative of a loss by `x` and has the shape of x. Batch first,
time second. Randomness enters only through an argument `rng` (numpy.random.Generator).
"""
__version__ = "0.1.0"
