"""The visitor's door: which websites may enter, sessions, the socket, and the scripts that pages embed."""
