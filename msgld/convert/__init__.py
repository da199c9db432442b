"""Published checkpoints into folders of ours, without running anything that is in them."""
