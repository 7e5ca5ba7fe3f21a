"""tinyrlhf: the whole of reinforcement learning from human feedback, readable in an afternoon. NumPy, and matplotlib for the pictures.

The map, in reading order; every module imports only from above itself:

    numerics       softmax, sigmoid and their logarithms, safe for any number
    checks         is this argument a number, a choice, a shape that can be used?
    conformance    does a gradient, or a game of your own, keep its promises?
    saving         the state of a run as one flat dict
    protocols      what the loop expects of its parts
    nn             networks (Table, SumTable, MLP, EmbeddingMLP), distributions (Categorical, Gaussian), optimizers, schedules
    games          where things happen: bandit, gridworld, cartpole, text, language, prefixes; the protocol is games/game.py
    policies       act: a network read as a distribution over actions
    episodes       what happened: rollout, replay, clips
    exact          the yardstick: tables without end (planning), with a horizon, at a price (soft); sweeps over strings, every string, best of n
    feedback       what people said: records, and the log that keeps them
    rewards        fit: the choice likelihood, Bradley-Terry for plain items, reward models for episodes
    learning       improve: advantages, rules (d_log_probs), KL, REINFORCE, actor-critic, PPO, RLOO, GRPO, cloning, DPO, Q-learning
    humans         who answers: simulated people with a known taste
    questions      ask: which pairs to show next
    diagnostics    measure: accuracy, noise ceiling, calibration, intervals
    rlhf           THE LOOP on one page
    recipes        one function per world, with calibrated defaults
    stages         THE STAGES of a chat model on one page: pretrain, demonstrate, fine-tune, rank, reinforce, repeat
    yardsticks     what a run is held against: exact returns, the best possible, labels cloned once
    plots          scenes and arrays in, figures out
    runs, report   a run on disk; its result beside what it must be held against
    chat           a chat model's way through the stages, and all stages answering side by side
    teaching       lessons, exercises and demos: pages, grader, stepper
    cli            the front door: tinyrlhf run, show, chat, lesson, demo

Letters for shapes: B episodes, T steps, A actions, D action size, S states, V characters, C window, N questions,
K options, M ensemble members; `d_x` is the derivative of a loss by `x` and has the shape of x. Batch first, time second.
Randomness enters only through an argument `rng` (numpy.random.Generator).
"""
__version__ = "0.1.0"
