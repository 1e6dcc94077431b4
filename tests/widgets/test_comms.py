from types import SimpleNamespace

from jobwidgets._widgets.notebook import answer_while_a_cell_runs


def test_default_route_is_kept() -> None:
    """Where a kernel chooses the shell of an answer, the front end's own choice stays."""
    comm = SimpleNamespace(_reply_subshell_for=lambda data, default: "the main shell")
    answer_while_a_cell_runs(comm)
    assert comm._reply_subshell_for({}, "a subshell") == "a subshell"


def test_other_kernels_are_left_alone() -> None:
    """A comm without such a choice gets none."""
    comm = SimpleNamespace()
    answer_while_a_cell_runs(comm)
    assert vars(comm) == {}
