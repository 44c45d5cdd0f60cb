"""Reading pairs and pages, the soft mask, augmentation. Nothing in here imports Paddle."""
