"""Training a text segmenter: what differs from training an eraser."""

from __future__ import annotations

import numpy as np

from data.files import make_folder
from data.image_io import write_image
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
            path = make_folder(self.out / "pictures") / f"{page.name}_{number}.jpg"
            write_image(path, np.hstack(strip), quality=90)
        return {"ap": average_precision(np.concatenate(masks), np.concatenate(labels))}

    def _labelled(self, page) -> tuple[np.ndarray, np.ndarray]:
        """A page, uint8 H,W,3, and its label, float32 H,W, as in training."""
        data = self.config.data
        image, gt = page.read()
        stored = page.read_mask(image.shape[:2]) if isinstance(page, Pair) else None
        if stored is not None:
            return image, stored / np.float32(255)
        return image, soft_mask(image, gt, data.threshold, data.channel, data.dilate)
