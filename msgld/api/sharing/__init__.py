"""Models that come and go: as folders with a card, and from the Hugging Face Hub, every file verified."""
