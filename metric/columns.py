"""How figures are called and written, in a terminal as in a report."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    heading: str  # with an arrow where more (↑) or less (↓) is better
    form: str  # of a number: .2f or .1%
    meaning: str


# Figure -> its column.
COLUMNS = {
    "psnr": Column("PSNR↑", ".2f", "dB, over all three channels"),
    "ssim": Column("SSIM↑", ".4f", "structural similarity of the luma"),
    "ms_ssim": Column("MS-SSIM↑", ".4f", "the same at five scales, as its paper defines it"),
    "mse": Column("MSE↓", ".6f", "mean squared error of channels in [0, 1]"),
    "age": Column("AGE↓", ".2f", "mean absolute difference of the luma, in grey levels"),
    "peps": Column("pEPs↓", ".4f",
                   "share of pixels whose luma is more than 20 grey levels off"),
    "pceps": Column("pCEPs↓", ".4f", "share of such pixels with four such neighbours"),
    "ink_gone": Column("ink gone↑", ".4f", "share of the ink (input over 20 levels from the "
                       "ground truth) that ends within 20"),
    "print_kept": Column("print kept↑", ".4f", "share of the other pixels that stay within 20"),
    "ink_psnr": Column("ink PSNR↑", ".2f", "PSNR over the ink"),
    "gone_recall": Column("gone R↓", ".1%", "share of the words to erase that CRAFT still finds"),
    "gone_precision": Column("gone P↓", ".1%",
                             "share of the words found, those that stay left out, that are such"),
    "gone_f": Column("gone F↓", ".1%", "the harmonic mean of both"),
    "stay_recall": Column("stay R↑", ".1%", "share of the words to keep that CRAFT finds"),
    "stay_precision": Column("stay P↑", ".1%",
                             "share of the words found, those to erase left out, that are such"),
    "stay_f": Column("stay F↑", ".1%", "the harmonic mean of both"),
    "print_cer": Column("print CER↓", ".1%", "characters that RapidOCR reads otherwise than on the "
                        "ground truth, in its lines"),
    "hand_read": Column("hand read↓", ".1%", "share of the characters that RapidOCR read in the "
                        "words to erase and still reads"),
}
