"""From a question to ranked passages and sentences, and to whether they answer it."""
