"""The notebooks as files: their one written form, the checks on it, and building them anew."""
