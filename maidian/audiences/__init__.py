"""Lists for marketing: who matches a definition, who may not be in the list and why, and the files that hold both."""
