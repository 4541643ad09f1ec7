"""What all HTTP entry points share: the envelope of an error, how a body is read, common headers, addresses of this machine."""
