from metric.table import align


def test_columns_line_up():
    assert align([["page", "PSNR"], ["a", "9.5"], ["longer", "10.25"]]) == [
        "page     PSNR",
        "a         9.5",
        "longer  10.25",
    ]


def test_wide_and_combining_characters():
    # 试卷 takes four columns, e with a combining accent one.
    assert align([["试卷", "1"], ["abcd", "1"], ["e\u0301", "1"]]) == [
        "试卷  1",
        "abcd  1",
        "e\u0301     1",
    ]


def test_long_names_keep_their_end():
    (line,) = align([["x" * 50 + "_17", "1"]])
    assert line == "…" + "x" * 28 + "_17  1"
    (line,) = align([["卷" * 50 + "7", "1"]])
    assert line == "…" + "卷" * 15 + "7" + "  1"
