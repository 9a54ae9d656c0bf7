"""The fusion networks as pure torch modules, one paper a file, and their catalog."""
