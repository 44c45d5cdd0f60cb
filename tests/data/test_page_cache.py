import numpy as np

from data.page_cache import PageCache


def test_the_least_recently_used_go_first():
    read = []

    def page(key):
        read.append(key)
        return np.zeros(2**19, np.uint8), None, key

    pages = PageCache(page, 1)
    for key in (0, 1, 0, 2, 0, 1):
        assert pages[key][2] == key
    assert read == [0, 1, 2, 1]  # 1 was let go for 2


def test_one_is_kept_whatever_its_size():
    pages = PageCache(lambda key: (np.zeros(key, np.uint8),), 0)
    assert pages[9] is pages[9]
