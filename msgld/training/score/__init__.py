"""Training of the score model: the bar autoencoder (``score-codec``) and the composer (``composer``)."""
