"""What a person touches: the command line, the chat and the HTTP doors."""
