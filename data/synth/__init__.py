"""Endless pages for training: homework with handwriting on it, and the same page without.

A page is made in four steps, each in a module of its own: `layout` prints a clean sheet,
`writer` writes on it, `capture` scans or photographs both, `page` puts these together from a
seed. No Paddle is needed.
"""
