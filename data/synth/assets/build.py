"""Rebuilds this folder's fonts and hanzi strokes from npm and Debian packages.

    python data/synth/assets/build.py --packages SCRATCH

Needs `npm`, `apt-get` and `dpkg-deb` on the path, and fontTools with brotli (`pip install
fonttools brotli`); nothing here is needed to run the generator. Packages are fetched by name into
SCRATCH and kept there, so a second run downloads nothing.

Hands from npm are copied untouched. Other faces are cut down to the characters of `charset.txt`
(GB2312 level 1, every character of `words/`, and the signs below) or, for Japanese, of
`charset_ja.txt` (kana, every character of `words/comic_ja*`, and some signs), lose their hinting
and layout tables, and get a family name of their own, as their licences ask of a modified font.
"""

import argparse
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fontTools import subset
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

ASSETS = Path(__file__).resolve().parent

SIGNS = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ"
    + "、。，．：；？！（）〔〕【】《》〈〉「」『』“”‘’…—–～·〇％＋－＝＜＞／＿￥"
    + "×÷±∓√∛∞∠⊥∥∽≌≈≠≡≤≥≮≯∈∉⊂⊆∪∩∅∵∴∫∑∏∂∝∀∃→←↑↓⇌⇒⇔△▲▽▼□■○●◎◇◆☆★♀♂※§¶†‡"
    + "°′″℃‰€£¥¢©®™¼½¾²³¹⁰⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉₊₋µΩ"
    + "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨαβγδεζηθικλμνξοπρστυφχψω"
    + "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹɑɡêÀÁÂÄÇÈÉÊËÎÏÔÖÙÛÜàâäçëîïôöùûñß"
    + "æəɛɜɪʊʌɔŋʃʒθðːˈˌ♩♪♫♬♭♮♯✓✔✗✘☐☑☎"
)
JAPANESE_SIGNS = "".join(map(chr, range(0x20, 0x7F))) + "、。・！？「」『』（）〜ー…♪♥☆★"
KANA = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)]))


@dataclass(frozen=True)
class Source:
    """One bundled font file. `path` ends a file's path inside the package."""

    name: str
    role: str
    script: str
    package: str
    path: str
    index: int = 0


def _hand(name: str, script: str = "latin") -> Source:
    block = "chinese-simplified" if script == "zh" else "latin"
    file = f"files/{name}-{block}-400-normal.woff2"
    return Source(name, "hand", script, f"@fontsource/{name}", file)


def _print(
    family: str, cut: str, name: str = "", script: str = "latin", role: str = "print"
) -> Source:
    """cut: block of characters, weight and slope in the package's file names."""
    file = f"files/{family}-{cut}.woff2"
    return Source(name or family, role, script, f"@fontsource/{family}", file)


def _comic(family: str, script: str = "latin", weight: int = 400) -> Source:
    block = "japanese" if script == "ja" else "latin"
    return _print(family, f"{block}-{weight}-normal", script=script, role="comic")


SOURCES = (
    _hand("liu-jian-mao-cao", "zh"),
    _hand("long-cang", "zh"),
    _hand("zhi-mang-xing", "zh"),
    Source("seto", "hand", "zh", "fonts-seto", "seto/setofont.ttf"),
    _hand("architects-daughter"),
    _hand("caveat"),
    _hand("cedarville-cursive"),
    _hand("covered-by-your-grace"),
    _hand("gochi-hand"),
    _hand("homemade-apple"),
    _hand("indie-flower"),
    _hand("kalam"),
    _hand("nanum-pen-script"),
    _hand("nothing-you-could-do"),
    _hand("patrick-hand"),
    _hand("reenie-beanie"),
    _hand("shadows-into-light"),
    _hand("sue-ellen-francisco"),
    Source("noto-sans-sc", "print", "zh", "fonts-noto-cjk", "NotoSansCJK-Regular.ttc", 2),
    Source("noto-serif-sc", "print", "zh", "fonts-noto-cjk", "NotoSerifCJK-Regular.ttc", 2),
    Source("arphic-kai", "print", "zh", "fonts-arphic-gkai00mp", "gkai00mp.ttf"),
    Source("arphic-song", "print", "zh", "fonts-arphic-gbsn00lp", "gbsn00lp.ttf"),
    Source("wen-kai", "print", "zh", "fonts-lxgw-wenkai", "LXGWWenKai-Regular.ttf"),
    # Brushed, and rounded by hand: nobody's homework looks so, but titles do.
    _print("ma-shan-zheng", "chinese-simplified-400-normal", script="zh"),
    _print("zcool-kuaile", "chinese-simplified-400-normal", script="zh"),
    Source("arimo", "print", "latin", "fonts-croscore", "Arimo-Regular.ttf"),
    Source("arimo-bold", "print", "latin", "fonts-croscore", "Arimo-Bold.ttf"),
    Source("tinos", "print", "latin", "fonts-croscore", "Tinos-Regular.ttf"),
    Source("tinos-bold", "print", "latin", "fonts-croscore", "Tinos-Bold.ttf"),
    Source("tinos-italic", "print", "latin", "fonts-croscore", "Tinos-Italic.ttf"),
    Source("cousine", "print", "latin", "fonts-croscore", "Cousine-Regular.ttf"),
    _print("courier-prime", "latin-400-normal"),
    _print("courier-prime", "latin-700-normal", "courier-prime-bold"),
    Source("dejavu-sans", "print", "latin", "fonts-dejavu-core", "DejaVuSans.ttf"),
    Source("dejavu-serif", "print", "latin", "fonts-dejavu-core", "DejaVuSerif.ttf"),
    Source("comic-neue", "print", "latin", "fonts-comic-neue", "ComicNeue-Regular.otf"),
    Source("andika", "print", "latin", "fonts-sil-andika", "Andika-Regular.ttf"),
    _print("nunito", "latin-400-normal"),
    _print("special-elite", "latin-400-normal"),
    _print("eb-garamond", "latin-400-italic", "eb-garamond-italic"),
    Source("latin-modern", "print", "latin", "fonts-lmodern", "lmroman10-regular.otf"),
    Source("latin-modern-italic", "print", "latin", "fonts-lmodern", "lmroman10-italic.otf"),
    Source("noto-sans-jp-bold", "comic", "ja", "fonts-noto-cjk", "NotoSansCJK-Bold.ttc", 0),
    Source("noto-serif-jp-bold", "comic", "ja", "fonts-noto-cjk", "NotoSerifCJK-Bold.ttc", 0),
    _comic("kiwi-maru", "ja", 500),
    _comic("mochiy-pop-one", "ja"),
    _comic("dela-gothic-one", "ja"),
    _comic("yusei-magic", "ja"),
    Source("comic-neue-bold", "comic", "latin", "fonts-comic-neue", "ComicNeue-Bold.otf"),
    _comic("bangers"),
    _comic("luckiest-guy"),
    _comic("permanent-marker"),
    _comic("chewy"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, required=True, help="where packages are kept")
    packages = parser.parse_args().packages
    packages.mkdir(parents=True, exist_ok=True)

    charset, japanese = wanted_characters(), japanese_characters()
    (ASSETS / "charset.txt").write_text(charset + "\n", encoding="utf-8")
    (ASSETS / "charset_ja.txt").write_text(japanese + "\n", encoding="utf-8")
    faces = [
        build_face(
            source,
            fetch(source.package, packages),
            japanese if source.script == "ja" else charset,
        )
        for source in SOURCES
    ]
    (ASSETS / "faces.json").write_text(
        json.dumps(faces, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    hanzi = fetch("hanzi-writer-data", packages)
    pack_hanzi(hanzi, charset)
    copy_licence("hanzi-writer-data", hanzi)
    size = sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file())
    print(f"{len(faces)} faces, {size / 1e6:.1f} MB in {ASSETS}")


def wanted_characters() -> str:
    """Every character that a bundled face should have, sorted, each once."""
    level_1 = [
        bytes([row, cell]).decode("gb2312")
        for row in range(0xB0, 0xD8)
        for cell in range(0xA1, 0xFF)
        if not (row == 0xD7 and cell > 0xF9)
    ]
    words = {path.name: path.read_text(encoding="utf-8")
             for path in sorted((ASSETS / "words").glob("*.txt"))}
    chinese = [text for name, text in words.items() if not name.startswith("comic_ja")]
    return "".join(sorted({c for c in SIGNS + "".join(level_1 + chinese) if c >= " "}))


def japanese_characters() -> str:
    """Every character that a Japanese face should have, sorted, each once."""
    words = [path.read_text(encoding="utf-8") for path in (ASSETS / "words").glob("comic_ja*.txt")]
    return "".join(sorted({c for c in JAPANESE_SIGNS + KANA + "".join(words) if c >= " "}))


def fetch(package: str, packages: Path) -> Path:
    """Downloads and unpacks a package; returns the folder it lies in."""
    folder = packages / package.replace("/", "-").strip("@")
    if folder.exists():
        return folder
    from_npm = package.startswith("@") or package == "hanzi-writer-data"
    fetcher = ["npm", "pack", "--silent", package] if from_npm else ["apt-get", "download", package]
    archives = folder.with_suffix(".download")
    archives.mkdir(exist_ok=True)
    subprocess.run(fetcher, cwd=archives, check=True)
    archive = next(path for path in sorted(archives.iterdir()) if path.suffix in (".tgz", ".deb"))
    if from_npm:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    else:
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
    return folder


def build_face(source: Source, package: Path, charset: str) -> dict[str, object]:
    """Writes one font file and its licence; returns its entry for faces.json."""
    original = next(
        path
        for path in sorted(package.rglob(Path(source.path).name))
        if path.as_posix().endswith(source.path)
    )
    folder = ASSETS / source.role
    folder.mkdir(exist_ok=True)
    if source.role == "hand" and original.suffix == ".woff2":
        target = folder / f"{source.name}.woff2"
        shutil.copyfile(original, target)
    else:
        target = subset_face(source, original, charset)
    copy_licence(source.package.rpartition("/")[2], package)
    return {
        "name": source.name,
        "file": f"{source.role}/{target.name}",
        "role": source.role,
        "script": source.script,
        "coverage": compact(drawable(target, charset), charset),
    }


def drawable(path: Path, charset: str) -> str:
    """The characters of charset that a font has a glyph for that is not empty, or a space."""
    face = TTFont(path)
    names, glyphs = face.getBestCmap(), face.getGlyphSet()
    found = []
    for character in charset:
        if ord(character) in names:
            pen = BoundsPen(glyphs)
            glyphs[names[ord(character)]].draw(pen)
            if pen.bounds is not None or character.isspace():
                found.append(character)
    return "".join(found)


def compact(coverage: str, charset: str) -> dict[str, str]:
    """The shorter way to say what a face covers: what it has, or what it lacks, of charset."""
    lacks = "".join(c for c in charset if c not in set(coverage))
    return {"lacks": lacks} if len(lacks) < len(coverage) else {"has": coverage}


def subset_face(source: Source, original: Path, charset: str) -> Path:
    """Cuts a face down to `charset`, without hints, and renames it.

    Print is opened at many sizes, and unpacking a big woff2 takes 60 ms each time: it stays
    unpacked. Hands are opened once.
    """
    options = subset.Options(
        hinting=False,
        layout_features=[],
        notdef_outline=True,
        name_IDs=[0, 13, 14],
        recalc_timestamp=False,
    )
    options.drop_tables += [
        "BASE",
        "EBDT",
        "EBLC",
        "FFTM",
        "GDEF",
        "GPOS",
        "GSUB",
        "MATH",
        "VORG",
        "kern",
        "mort",
        "vhea",
        "vmtx",
    ]
    face = TTFont(original, fontNumber=source.index, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=charset)
    subsetter.subset(face)
    for name_id in (1, 4, 6):
        face["name"].setName(f"Page-{source.name}", name_id, 3, 1, 0x409)
    suffix = ".otf" if "CFF " in face else ".ttf"
    face.flavor = None
    if source.role == "hand":
        face.flavor, suffix = "woff2", ".woff2"
    target = ASSETS / source.role / f"{source.name}{suffix}"
    face.save(target)
    return target


def copy_licence(name: str, package: Path) -> None:
    """Copies a package's licence to the byte; raises FileNotFoundError when it has none."""
    found = [
        path
        for pattern in ("LICENSE", "english/ARPHICPL.TXT", "copyright")
        for path in sorted(package.rglob(pattern))
    ]
    if not found:
        raise FileNotFoundError(f"{package}: no licence in this package")
    folder = ASSETS / "licences"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(found[0], folder / f"{name}.txt")


def pack_hanzi(package: Path, charset: str) -> None:
    """Packs the medians of every character's strokes into hanzi.npz.

    characters: a 0-d string of all characters. points: int16 (P, 2), x right and y down in a box
    of 1024 units. stroke_ends: int32, one more than strokes, offsets into points.
    character_ends: int32, one more than characters, offsets into strokes.
    """
    characters, points, stroke_ends, character_ends = [], [], [0], [0]
    for character in charset:
        path = package / "package" / f"{character}.json"
        if not ("\u4e00" <= character <= "\u9fff") or not path.exists():
            continue
        for median in json.loads(path.read_text(encoding="utf-8"))["medians"]:
            stroke = np.array(median, np.int16)
            stroke[:, 1] = 900 - stroke[:, 1]  # the source's y points up, its top edge is 900
            points.append(stroke)
            stroke_ends.append(stroke_ends[-1] + len(stroke))
        characters.append(character)
        character_ends.append(len(points))
    np.savez_compressed(
        ASSETS / "hanzi.npz",
        characters=np.array("".join(characters)),
        points=np.concatenate(points),
        stroke_ends=np.array(stroke_ends, np.int32),
        character_ends=np.array(character_ends, np.int32),
    )


if __name__ == "__main__":
    main()
