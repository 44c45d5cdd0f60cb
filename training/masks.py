"""Training a text segmenter: what differs from training an eraser."""

from __future__ import annotations

import numpy as np

from data.pairs import Pair
from data.soft_mask import soft_mask, to_uint8
from infer.engines import PaddleEngine
from infer.segmenter import Segmenter
from loss.mask import MaskLoss
from metric.segmentation import average_precision
from model import weights
from model.compiled import compiled
from training.config import StageConfig
from training.loop import Trainer


class MaskTrainer(Trainer):
    """Trains a text segmenter as `Trainer` an eraser; pictures show page, mask and label."""

    DECIDES = "ap"

    def _begin_with(self, path: str) -> None:
        if weights.is_ours(path):
            super()._begin_with(path)
        else:
            weights.restore_encoder(self.net, path)

    def _open(self) -> tuple:
        crops, pages = super()._open()
        if not any((self._labelled(page)[1] > 0.5).any() for page in pages):
            raise ValueError("no validation page has text on it, so nothing tells which weights "
                             "are best; name others by data.val_list, or set data.val_pages higher")
        return crops, pages

    def _criterion(self, stage: StageConfig) -> MaskLoss:
        return MaskLoss(self.config.loss.text, self.config.loss.gamma)

    def _targets(self, batch: list) -> list:
        image, _, mask = batch
        return [image, mask]

    def _run_stage(self, stage: StageConfig) -> None:
        if self.compiles:  # a graph keeps the mode that its encoder was in
            self.forward = compiled(self.net)
        super()._run_stage(stage)

    def _score(self, number: int) -> dict[str, float]:
        # Pages have many sizes, each of which would have its own graph if compiled.
        segmenter = Segmenter(PaddleEngine(self.average), engine="paddle")
        masks, labels = [], []
        for page in self.val_pages:
            image, label = self._labelled(page)
            mask = segmenter(image)
            masks.append(mask.ravel())
            labels.append(label.ravel() > 0.5)
            strip = [image, *(np.repeat(to_uint8(m)[..., None], 3, 2) for m in (mask, label))]
            self._show(page.name, number, *strip)
        return {"ap": average_precision(np.concatenate(masks), np.concatenate(labels))}

    def _labelled(self, page) -> tuple[np.ndarray, np.ndarray]:
        """A page, uint8 H,W,3, and its label, float32 H,W, as in training."""
        data = self.config.data
        image, gt = page.read()
        stored = page.read_mask(image.shape[:2]) if isinstance(page, Pair) else None
        if stored is not None:
            return image, stored / np.float32(255)
        return image, soft_mask(image, gt, data.threshold, data.channel, data.dilate)
