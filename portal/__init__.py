"""The agents' and owners' door: JSON API, server-sent events, and the pages that live on them."""
