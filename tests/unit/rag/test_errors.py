import inspect

from rag import errors


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        name = line.lstrip(" │├└─").split()[:1]
        if not name or not hasattr(errors, name[0]):
            continue
        depth = (len(line) - len(line.lstrip(" │├└─"))) // 4
        path = [*path[:depth], name[0]]
        if depth:
            drawn[name[0]] = path[-2]
    real = {
        name: kind.__base__.__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and kind is not errors.FootnoteError
    }
    assert drawn == real


def test_usage_errors_exit_with_two_and_others_with_one() -> None:
    assert errors.QuestionError("x").exit_code == errors.SettingsError("x").exit_code == 2
    assert errors.LibraryMissing("x").exit_code == errors.BrokenDocument("x").exit_code == 1


def test_what_may_succeed_later_says_so() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    retryable = {kind.__name__ for kind in kinds if kind.retryable}
    assert retryable == {
        "CatalogUnavailable",
        "ClusterError",
        "ConversationBusy",
        "IndexUnavailable",
        "LibraryInUse",
        "ModelPaused",
        "ModelUnavailable",
        "ServerGone",
    }
