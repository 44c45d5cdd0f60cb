"""Training CRAFT: what differs from training an eraser."""

from __future__ import annotations

import cv2
import numpy as np
import paddle

from data.characters import Characters
from data.text_crops import open_text, weak_labels
from infer.detector import Detector
from infer.engines import PaddleEngine
from infer.words import drawn
from loss.characters import CharacterLoss
from metric.detection import count_words, summed
from training.config import StageConfig
from training.loop import Trainer


class TextTrainer(Trainer):
    """Trains CRAFT as `Trainer` an eraser; pictures show the words found on validation pages."""

    DECIDES = "hmean"

    @property
    def _eager(self) -> PaddleEngine:
        """The averaged weights. Words and pages have many sizes, each of which has its own graph if
        compiled.
        """
        return PaddleEngine(self.average)

    def _open(self) -> tuple:
        return open_text(self.config.data, self.config.train.seed)

    def _criterion(self, stage: StageConfig) -> CharacterLoss:
        return CharacterLoss()

    def _targets(self, targets: list) -> list:
        """Labels with those of words of which only outlines are known, by the averaged weights."""
        image, labels, wholes = targets
        weak = ~np.isnan(wholes.numpy()[:, :, 0]).all(axis=1)
        if not weak.any():
            return [image, labels]
        labels = labels.numpy()
        pictures = (image.numpy() * 255).round().astype(np.uint8)
        for i in np.flatnonzero(weak):
            picture = np.ascontiguousarray(pictures[i].transpose(1, 2, 0))
            weak_labels(picture, labels[i], wholes[i].numpy(), self._region)
        return [image, paddle.to_tensor(labels)]

    def _region(self, crop: np.ndarray) -> np.ndarray:
        batch = crop.transpose(2, 0, 1)[None].astype(np.float32) / 255
        return self._eager(batch)[0][0, 0]

    def _score(self, number: int) -> dict[str, float]:
        detector = Detector(self._eager, scale=1, engine="paddle")
        counts = []
        for page in self.val_pages:
            image, words = page.read_words()
            found = detector(image)
            counts.append(count_words([word.quad for word in found], *outlines(words)))
            self._show(page.name, number, drawn(image, found))
        total = summed(counts)
        return {"precision": total.precision, "recall": total.recall, "hmean": total.hmean}


def outlines(words: list) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Rectangles, 4,2, about words whose text is known, and about those to be ignored.

    Signs alone, the empty brackets of an exercise say, are no words that must be found.
    """
    known, ignored = [], []
    for word in words:
        points = word.quads if isinstance(word, Characters) else word.quad
        box = cv2.boxPoints(cv2.minAreaRect(points.reshape(-1, 2).astype(np.float32)))
        (known if any(map(str.isalnum, word.text)) else ignored).append(box)
    return known, ignored
