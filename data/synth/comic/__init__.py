"""Comic pages: panels with artwork, speech bubbles, and lettering that is to be erased."""
