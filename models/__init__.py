"""What is learnt: one file a model, free of Spark; evaluation and the registry beside them."""
