"""Makes phrases of singers to train with, without any data set."""
