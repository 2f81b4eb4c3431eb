"""Chat models: llama.cpp in a child process, and those behind endpoints."""
