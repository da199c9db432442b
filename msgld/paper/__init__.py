"""The published MSG-LD (Karchkhadze et al. 2024), reimplemented. Core knows nothing of this package."""
