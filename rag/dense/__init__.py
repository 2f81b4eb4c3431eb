"""Search by vectors: Chroma in this process or behind a server, made from the catalogue and disposable."""
