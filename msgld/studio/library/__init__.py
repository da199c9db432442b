"""The user's folder: projects, their takes, and the sound and pictures of these."""
