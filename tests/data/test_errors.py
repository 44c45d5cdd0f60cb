import pytest

from data.errors import exit_with, reason


def test_reason():
    assert reason(ValueError("why")) == "why"
    assert reason(MemoryError()) == "MemoryError"


def test_ctrl_c_is_one_line(capsys):
    def interrupted():
        raise KeyboardInterrupt

    for main, status, said in ((interrupted, 130, "it stopped\n"), (lambda: 1, 1, "")):
        with pytest.raises(SystemExit) as exit:
            exit_with(main, "it stopped")
        assert (exit.value.code, capsys.readouterr().err) == (status, said)
