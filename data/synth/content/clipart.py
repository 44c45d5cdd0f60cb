"""Drawings that never come twice: somebody, or some thing or creature, put together at random."""

import math

import numpy as np

from data.synth.content.canvas import WHITE
from data.synth.content.sketch import Sketch
from data.synth.words import number, pick


def somebody(s: Sketch) -> None:
    """A teacher or a pupil: hair, clothes with a pattern, something in the hand."""
    rng = s.rng
    radius, y = rng.uniform(0.13, 0.19), rng.uniform(0.24, 0.3)
    neck, hip = y + 0.9 * radius, rng.uniform(0.64, 0.76)
    shoulder = rng.uniform(0.09, 0.15)
    hem = shoulder * rng.uniform(0.8, 1.9)
    for side in (-1, 1):
        foot = 0.5 + side * rng.uniform(0.5, 1.1) * shoulder
        s.line((0.5 + 0.4 * side * shoulder, hip), (foot, 0.94))
        s.oval(foot + 0.03 * side, 0.95, 0.05, 0.025, pick(rng, (s.ink, s.fill())))
    body = [(0.5 - shoulder, neck), (0.5 + shoulder, neck), (0.5 + hem, hip), (0.5 - hem, hip)]
    s.shape(body, s.fill())
    _pattern(s, neck, hip, shoulder, hem)
    for side in (-1, 1):
        elbow = 0.5 + side * rng.uniform(1.5, 2.4) * shoulder, rng.uniform(neck, hip)
        hand = elbow[0] + side * rng.uniform(-0.1, 0.1), rng.uniform(neck - 0.1, hip + 0.05)
        s.curve([(0.5 + side * shoulder, neck + 0.03), elbow, hand])
        if side == 1 and rng.random() < 0.4:  # a stick, a flag or a book
            s.line(hand, (hand[0] + 0.1, hand[1] - 0.2))
        s.oval(*hand, 0.025, 0.025, WHITE)
    s.oval(0.5, y, radius, 1.05 * radius, WHITE)
    _features(s, 0.5, y, radius)
    _hair(s, 0.5, y, radius)


def _pattern(s: Sketch, neck: float, hip: float, shoulder: float, hem: float) -> None:
    """Stripes, buttons, or shading of thin strokes, between a neck and a hem."""
    form = pick(s.rng, ("", "stripes", "buttons", "shade"))
    steps = number(s.rng, 3, 7)
    for i in range(1, steps):
        share = i / steps
        y, half = neck + share * (hip - neck), shoulder + share * (hem - shoulder)
        if form == "stripes":
            s.line((0.5 - half, y), (0.5 + half, y))
        elif form == "buttons":
            s.dot(0.5, y, 0.012)
        elif form == "shade":
            s.line((0.5 + half, y - 0.03), (0.5 + s.rng.uniform(0.3, 0.7) * half, y + 0.03))


def _features(s: Sketch, x: float, y: float, radius: float) -> None:
    """Eyes, brows, glasses, nose and mouth, as there happen to be."""
    rng, eye = s.rng, radius * s.rng.uniform(0.05, 0.12)
    apart, high = radius * rng.uniform(0.3, 0.45), y - radius * rng.uniform(0.0, 0.15)
    glasses, brows = rng.random() < 0.25, rng.random() < 0.5
    for side in (-1, 1):
        at = x + side * apart
        if rng.random() < 0.85:
            s.dot(at, high, eye)
        else:
            s.line((at - eye, high), (at + eye, high))
        if glasses:
            s.oval(at, high, 0.28 * radius, 0.26 * radius)
        if brows:
            top, lean = high - 0.3 * radius, rng.normal(0, 0.08) * radius
            s.line((at - 0.15 * radius, top + lean), (at + 0.15 * radius, top - lean))
    if rng.random() < 0.5:
        s.line((x, y), (x + 0.12 * radius, y + 0.18 * radius), (x, y + 0.2 * radius))
    if rng.random() < 0.7:
        s.arc(x, y + 0.3 * radius, 0.35 * radius, 0.22 * radius, 10, 170)
    else:
        s.oval(x, y + 0.45 * radius, 0.16 * radius, rng.uniform(0.04, 0.16) * radius, s.ink)


def _hair(s: Sketch, x: float, y: float, radius: float) -> None:
    """Strands from the crown, a solid cap, curls, or none."""
    rng, form = s.rng, s.rng.random()
    if form < 0.4:
        for angle in np.linspace(-2.9, -0.25, number(rng, 5, 16)):
            reach = radius * rng.uniform(1.1, 1.5)
            root = x + radius * math.cos(angle), y + radius * math.sin(angle)
            tip = x + reach * math.cos(angle + 0.2), y + reach * math.sin(angle + 0.2)
            s.line(root, tip)
    elif form < 0.65:
        low = y - radius * rng.uniform(0.0, 0.4)
        angles = np.linspace(-math.pi, 0, 7)
        rim = [(x + 1.1 * radius * math.cos(a), y + 1.2 * radius * math.sin(a)) for a in angles]
        cap = [*rim, (x + 0.9 * radius, low), (x, low - 0.4 * radius), (x - 0.9 * radius, low)]
        s.curve(cap, True, pick(rng, (s.ink, s.fill())))
    elif form < 0.85:
        tone = s.fill()
        for angle in np.linspace(-3.2, 0.05, number(rng, 6, 11)):
            curl = radius * rng.uniform(0.18, 0.3)
            at = x + 1.02 * radius * math.cos(angle), y + 1.02 * radius * math.sin(angle)
            s.oval(*at, curl, curl, tone)


def something(s: Sketch) -> None:
    """A closed outline of no known thing, with what such drawings have inside and around."""
    rng = s.rng
    angles = np.linspace(0, 2 * math.pi, number(rng, 5, 12), endpoint=False) - math.pi / 2
    radii = rng.uniform(0.22, 0.36) * rng.uniform(0.75, 1.15, len(angles))
    middle = np.array([0.5, 0.5])
    rim = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    if rng.random() < 0.5:  # legs or a stem
        for x in np.linspace(0.38, 0.62, number(rng, 1, 4)):
            s.curve([(x, 0.62), (x + rng.normal(0, 0.03), 0.8), (x + rng.normal(0, 0.05), 0.96)])
    if rng.random() < 0.35:  # rays, ears or feelers
        for angle in angles[:: number(rng, 1, 2)]:
            near, far = (r * np.array([math.cos(angle), math.sin(angle)]) for r in (0.32, 0.45))
            s.line(tuple(middle + near), tuple(middle + far))
    outline = [tuple(p) for p in middle + rim]
    if rng.random() < 0.7:
        s.curve(outline, True, s.fill())
    else:
        s.shape(outline, s.fill())
    if rng.random() < 0.4:
        share = rng.uniform(0.55, 0.85)
        s.curve([tuple(p) for p in middle + share * rim], True, s.fill())
    if rng.random() < 0.4:
        _features(s, 0.5, 0.5, 0.22)
    for _ in range(number(rng, 0, 7)):  # spots
        at = middle + rng.uniform(-0.14, 0.14, 2)
        s.oval(*at, *rng.uniform(0.01, 0.035, 2), pick(rng, (WHITE, s.ink, s.fill())))
    if rng.random() < 0.4:  # shading along one side
        for i in range(number(rng, 3, 6)):
            at = middle + (0.02 + 0.03 * i, 0.18 - 0.05 * i)
            s.line(tuple(at), tuple(at + (0.06, -0.04)))
