"""Training: the loop, its schedule, averaged weights, checkpoints to resume from."""
