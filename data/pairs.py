"""Pairs of pages with and without the text to erase: where they lie, and crops of them to train on.

Layouts, chosen by name or recognised by their folders (`auto`):

competition  images/ + gts/, masks in mask/ (1 = ink)
watermark    watermarked images named BACKGROUND_NNNN.* in a folder `watermark*` or `images`, the
             clean BACKGROUND.* in bg_images/: many inputs, one ground truth
scut         all_images/ + all_labels/, masks in mask/ with text black (0 = ink), as in SCUT-EnsText
             and the public EraseNet data
list         a text file: image, ground truth and optionally mask on a line, with a tab, a comma or
             blanks between them, relative to the file's folder; # after a blank begins a comment
synth        no files at all: pages from the generator, endlessly (data/generated.py)

Files pair by stem, whatever their suffixes. A mask that is not there yet would be mask/STEM.png.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from data.augment import AugmentConfig, augment
from data.generated import GeneratedCrops, GeneratedPage, SynthConfig, validation_pages
from data.holes import HoleConfig, cut_hole
from data.image_io import SUFFIXES, list_images, read_grey, read_image
from data.manifest import Manifest, make_key
from data.page_cache import PageCache
from data.soft_mask import CHANNELS, size_of, soft_mask

MASKS_LOOKED_AT = 32  # at least, of those that compute_mask.py made


@dataclass(frozen=True)
class Pair:
    """One page: paths of the input, its ground truth and its mask (which need not exist)."""

    name: str
    image: Path
    gt: Path
    mask: Path
    mask_inverted: bool = False  # stored with ink black

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Image and gt, uint8 H,W,3. Raises ValueError naming the files that are at fault."""
        image, gt = read_image(self.image), read_image(self.gt)
        if image.shape != gt.shape:
            raise ValueError(
                f"{self.image} is {size_of(image)} pixels but {self.gt} is {size_of(gt)}; "
                "a pair must be aligned to the pixel"
            )
        return image, gt

    def read_mask(self, shape: tuple[int, int]) -> np.ndarray | None:
        """The stored mask, uint8 H,W with 255 = ink, or None. ValueError unless of `shape`."""
        if not self.mask.exists():
            return None
        mask = read_grey(self.mask)
        if mask.shape != shape:
            raise ValueError(
                f"{self.mask} is {size_of(mask)} pixels but its page is {shape[1]}x{shape[0]}; "
                "delete the mask or make it anew with compute_mask.py --overwrite"
            )
        return self.stored(mask)

    def stored(self, mask: np.ndarray) -> np.ndarray:
        """Turn a uint8 mask from our polarity (255 = ink) into this layout's, or back."""
        return 255 - mask if self.mask_inverted else mask


def find_pairs(root: Path | str, layout: str = "auto") -> tuple[list[Pair], list[str]]:
    """All pairs under `root`, by name, and a sentence for each file that has no partner.

    Raises ValueError where `root` is missing, has no such layout, or holds no pair at all.
    """
    root = Path(root)
    if not root.exists():
        raise ValueError(f"{root}: no such file or folder")
    if layout == "auto":
        layout = recognise(root)
    if layout not in READERS:
        raise ValueError(f"unknown layout {layout!r}; known: auto, {', '.join(LAYOUTS)}")
    pairs, problems = READERS[layout](root)
    pairs = _with_own_masks(pairs, problems)
    if not pairs:
        detail = f" ({problems[0]})" if problems else ""
        raise ValueError(f"{root}: no pair found in the layout {layout!r}{detail}")
    return pairs, problems


def recognise(root: Path) -> str:
    """The layout that a folder's subfolders (or a list file) show. Raises ValueError for none."""
    if root.is_file():
        return "list"
    if (root / "all_images").is_dir() and (root / "all_labels").is_dir():
        return "scut"
    if (root / "bg_images").is_dir():
        return "watermark"
    if (root / "images").is_dir() and (root / "gts").is_dir():
        return "competition"
    raise ValueError(
        f"{root}: no known layout: expected images/ and gts/ (pages), bg_images/ beside the "
        "watermarked images, all_images/ and all_labels/ (SCUT), or a list file"
    )


def _competition(root: Path) -> tuple[list[Pair], list[str]]:
    return _pair_by_stem(root, root / "images", root / "gts", inverted=False)


def _scut(root: Path) -> tuple[list[Pair], list[str]]:
    return _pair_by_stem(root, root / "all_images", root / "all_labels", inverted=True)


def _pair_by_stem(root: Path, images: Path, gts: Path, inverted: bool):
    image_of, problems = _by_stem(images)
    gt_of, more = _by_stem(gts)
    problems += more
    problems += [f"{path}: no ground truth {stem}.* in {gts}"
                 for stem, path in image_of.items() if stem not in gt_of]
    problems += [f"{path}: no image {stem}.* in {images}"
                 for stem, path in gt_of.items() if stem not in image_of]
    mask_of = _stored_masks(root)
    pairs = [
        Pair(stem, path, gt_of[stem], mask_of.get(stem, root / "mask" / f"{stem}.png"), inverted)
        for stem, path in image_of.items() if stem in gt_of
    ]
    return pairs, problems


def _watermark(root: Path) -> tuple[list[Pair], list[str]]:
    backgrounds, problems = _by_stem(root / "bg_images")
    mask_of = _stored_masks(root)
    folders = [p for p in sorted(root.glob("watermark*")) if p.is_dir()] or [root / "images"]
    pairs, used = [], set()
    for folder in folders:
        image_of, more = _by_stem(folder)
        problems += more
        for stem, path in image_of.items():
            background = re.sub(r"_\d+$", "", stem)
            if background in backgrounds:
                used.add(background)
                mask = mask_of.get(stem, root / "mask" / f"{stem}.png")
                pairs.append(Pair(stem, path, backgrounds[background], mask))
            else:
                problems.append(f"{path}: no clean image {background}.* in {root / 'bg_images'}")
    problems += [f"{backgrounds[s]}: no watermarked image {s}_N.*" for s in backgrounds
                 if s not in used]
    return pairs, problems


def _list(path: Path) -> tuple[list[Pair], list[str]]:
    pairs, problems = [], []
    for number, line in _read_lines(path):
        separator = next((s for s in "\t," if s in line), None)
        names = [part.strip() for part in line.split(separator)]
        if len(names) > 2 and not names[-1]:  # an empty column for the mask
            del names[-1]
        if len(names) not in (2, 3):
            problems.append(
                f"{path}:{number}: expected image, ground truth[, mask], got {len(names)} names; "
                "names with blanks need tabs or commas between them"
            )
            continue
        files = [path.parent / name for name in names]
        missing = [str(f) for f in files[:2] if not f.is_file()]
        if missing:
            problems.append(f"{path}:{number}: no such file: {', '.join(missing)}")
            continue
        mask = files[2] if len(files) == 3 else path.parent / "mask" / f"{files[0].stem}.png"
        pairs.append(Pair(files[0].stem, files[0], files[1], mask))
    return pairs, problems


READERS = {"competition": _competition, "watermark": _watermark, "scut": _scut, "list": _list}
LAYOUTS = tuple(READERS)


def _read_lines(path: Path) -> list[tuple[int, str]]:
    """Numbers and contents of a list file's lines, without comments and blank lines."""
    if not path.is_file():
        raise ValueError(f"{path}: no such list file")
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: a list must be UTF-8 text") from None
    lines = [re.split(r"(?:^|\s)#", line)[0].strip() for line in lines]
    return [(number, line) for number, line in enumerate(lines, 1) if line]


def _stored_masks(root: Path) -> dict[str, Path]:
    """Masks by stem; published ones bear their image's name, a .jpg say. Ours, PNG, go first."""
    folder = root / "mask"
    masks = list_images(folder, SUFFIXES) if folder.is_dir() else []
    return {path.stem: path for path in sorted(masks, key=lambda path: path.suffix == ".png")}


def _with_own_masks(pairs: list[Pair], problems: list[str]) -> list[Pair]:
    """The pairs, less those whose mask file is another's too: one would overwrite the other."""
    owners: dict[Path, Pair] = {}
    for pair in pairs:
        owner = owners.setdefault(pair.mask, pair)
        if owner is not pair:
            problems.append(f"{pair.image}: its mask {pair.mask} is also that of {owner.image}; "
                            "it is ignored: rename it, or name masks in a list file")
    return list(owners.values())


def _by_stem(folder: Path) -> tuple[dict[str, Path], list[str]]:
    found: dict[str, Path] = {}
    problems = []
    for path in list_images(folder):
        if path.stem in found:
            problems.append(f"{path}: same stem as {found[path.stem]}; one of them is ignored")
        else:
            found[path.stem] = path
    return found, problems


def split(
    pairs: Sequence[Pair], fraction: float = 0.08, seed: int = 0, names: Path | str | None = None
) -> tuple[list[Pair], list[Pair]]:
    """Divide pages, anything with a name and a gt, into training and validation, never by crop.

    `names` is a text file of stems (or file names), one a line, that validate; without it a seeded
    `fraction` of the pages does, at least one; a fraction of 0 trains and validates on all of
    them, for a handful of pages. Pages of one ground truth stay together: a watermark's background
    in both parts would make validation too easy. Raises ValueError where a part would be empty.
    """
    if names is not None:
        known = {pair.name for pair in pairs}
        lines = [line for _, line in _read_lines(Path(names))]
        wanted = {line if line in known else Path(line).stem for line in lines}
        if unknown := wanted - known:
            raise ValueError(f"{names}: not among the pairs: {', '.join(sorted(unknown)[:5])}")
        chosen = {pair.gt for pair in pairs if pair.name in wanted}
    else:
        if not 0 <= fraction < 1:
            raise ValueError(f"the validation fraction must lie in [0, 1), got {fraction}")
        if fraction == 0:
            return list(pairs), list(pairs)
        gts = sorted({pair.gt for pair in pairs})
        count = max(1, round(fraction * len(gts)))
        order = np.random.default_rng(seed).permutation(len(gts))
        chosen = {gts[i] for i in order[:count]}
    train = [pair for pair in pairs if pair.gt not in chosen]
    val = [pair for pair in pairs if pair.gt in chosen]
    if not train or not val:
        raise ValueError(
            f"{len(pairs)} pages leave {len(train)} to train and {len(val)} to validate on; "
            "both need one at least; data.val_fraction=0 trains and validates on all"
        )
    return train, val


@dataclass
class DataConfig:
    """Where pairs lie and how crops of them are drawn."""

    root: str = ""  # folder or list file; `--data` sets it
    layout: str = "auto"
    val_list: str = ""  # file of validation stems; empty: a seeded fraction
    val_fraction: float = 0.08  # of the pages; 0: train and validate on all, for a handful
    val_pages: int = 8  # at most this many validation pages are erased each time; 0: all
    threshold: float = 20.0  # grey levels from which a pixel is wholly ink, for masks made here
    channel: str = "mean"  # 'mean' or 'max' over RGB, for masks made here
    dilate: int = 0  # maximum over N×N pixels, for masks made here
    cache_mb: int = 1024  # decoded pages kept in memory by each loading process
    workers: int = 0  # loading processes; 0 loads in the training process
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    synth: SynthConfig = field(default_factory=SynthConfig)
    holes: HoleConfig | None = None  # for networks that fill holes, and for them alone
    weak: str = ""  # for CRAFT: folder of pages whose words alone are known, see data/text_pages.py
    weak_share: float = 1 / 6  # of the crops that come from there: one for five others

    def __post_init__(self):
        if not 0 <= self.weak_share <= 1:
            raise ValueError(f"weak_share must lie in [0, 1], got {self.weak_share}")
        if not 0 < self.threshold < np.inf:
            raise ValueError(f"threshold must be above 0 grey levels, got {self.threshold}")
        if self.channel not in CHANNELS:
            raise ValueError(f"unknown channel {self.channel!r}; known: {', '.join(CHANNELS)}")
        for name in ("val_pages", "cache_mb", "workers", "dilate"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")


def open_data(config: DataConfig, seed: int) -> tuple[PairDataset, list[Pair | GeneratedPage]]:
    """The crops to train on and the whole pages to validate on.

    Raises ValueError for a data set with problems, naming the first ones, or without pairs.
    """
    if config.layout == "synth":
        return PairDataset([], config, seed), validation_pages(config.synth, config.val_pages or 8)
    if not config.root:
        raise ValueError("no pairs given: --data DATA, or data.layout=synth for generated pages")
    pairs, problems = find_pairs(config.root, config.layout)
    if problems:
        raise ValueError(f"{len(problems)} problems with the pairs; mend or remove these files:"
                         + "".join(f"\n  {problem}" for problem in problems[:10]))
    _check_masks(pairs, config)
    train, val = split(pairs, config.val_fraction, seed, config.val_list or None)
    return PairDataset(train, config, seed), by_turns(val)[:config.val_pages or None]


def by_turns(pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs in an order in which the first ones have as many ground truths as there are."""
    turns = Counter()
    ranked = []
    for pair in pairs:
        ranked.append((turns[pair.gt], pair))
        turns[pair.gt] += 1
    return [pair for _, pair in sorted(ranked, key=lambda item: item[0])]


def _check_masks(pairs: Sequence[Pair], config: DataConfig) -> None:
    """Warn where compute_mask.py made masks with other settings than the recipe's, or of others
    than the pages that are there.

    Looks at every so many masks, a few dozen, and at all that are older than their pages: to read
    all pages would take minutes.
    """
    made = [pair for pair in pairs if pair.mask.exists()]
    sample = made[::max(1, len(made) // MASKS_LOOKED_AT)]
    looked = dict.fromkeys([*sample, *filter(_is_newer_than_mask, made)])
    manifests = {folder: Manifest(folder) for folder in {pair.mask.parent for pair in looked}}

    def is_stale(pair: Pair) -> bool:  # of another program's masks no page need be read
        manifest = manifests[pair.mask.parent]
        return pair.mask.name in manifest and manifest.state(
            pair.mask.name, make_key([pair.image, pair.gt], mask_settings(config))) == "stale"

    stale = [pair.mask for pair in looked if is_stale(pair)]
    if stale:
        warnings.warn(
            f"{stale[0].parent}: {len(stale)} of {len(looked)} masks looked at, {stale[0].name} "
            f"say, were not made with the recipe's data.threshold {config.threshold:g}, channel "
            f"{config.channel} and dilate {config.dilate}, or their pages have changed since; they "
            "are used as they are. compute_mask.py with --threshold, --channel and --dilate makes "
            "them anew", stacklevel=2)


def _is_newer_than_mask(pair: Pair) -> bool:
    image, gt, mask = (path.stat().st_mtime_ns for path in (pair.image, pair.gt, pair.mask))
    return max(image, gt) > mask


def mask_settings(settings) -> dict:
    """What a soft mask depends on besides its pair, of a DataConfig or the like."""
    return {"threshold": float(settings.threshold), "dilate": settings.dilate,
            "channel": settings.channel}


class PairDataset:
    """Training crops of pairs, of generated pages, or of both by `config.synth.share`; map-style.

    An index is a pair of integers (draw, page): one draw of one page always gives the same crop,
    whatever the process or order, so that a resumed run sees what an unbroken one would.
    Items are (image, gt, mask, name): float32 3,S,S in [0, 1], float32 1,S,S in [0, 1], str. With
    `config.holes` the mask is a hole, and the fourth channel of the image, too.
    """

    def __init__(self, pairs: Sequence[Pair], config: DataConfig, seed: int = 0):
        self.pairs = list(pairs)
        self.config = config
        self.seed = seed
        self._share = config.synth.share if self.pairs else 1.0
        self._generated = None
        if self._share > 0:
            self._generated = GeneratedCrops(
                config.synth, config.augment.crop, seed, len(self.pairs))
        self._pages = PageCache(self._read, config.cache_mb)

    def __len__(self) -> int:
        return len(self.pairs or self._generated)

    def __getitem__(self, index: tuple[int, int]):
        draw, page = index
        rng = np.random.default_rng([self.seed, draw, page])
        config, how = self.config, self.config.augment
        if self._generated is not None and rng.random() < self._share:
            image, gt, name = self._generated[index]
            mask = None
            how = replace(how, rotate=0.0, redraws=0)  # a crop already, turned as pages are
        else:
            image, gt, mask = self._pages[page]
            name = self.pairs[page].name
        image, gt, mask = augment(
            image, gt, mask, rng, how,
            lambda i, g: soft_mask(i, g, config.threshold, config.channel, config.dilate),
        )
        if config.holes is None:
            return to_chw(image), to_chw(gt), mask[None], name
        image, hole = cut_hole(image, gt, mask, rng, config.holes)
        return np.concatenate([to_chw(image), hole[None]]), to_chw(gt), hole[None], name

    def _read(self, page: int):
        pair = self.pairs[page]
        image, gt = pair.read()
        return image, gt, pair.read_mask(image.shape[:2])


def to_chw(image: np.ndarray) -> np.ndarray:
    """uint8 H,W,3 to float32 3,H,W in [0, 1]."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32) / 255
