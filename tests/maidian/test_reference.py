"""A command or option that is not on the page fails here."""

from maidian import jobs_reference
from maidian.reference import PAGE, reference_page


def test_page_of_commands_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "run `make docs`"


def test_no_command_is_without_help() -> None:
    sections = reference_page().split("\n## ")[1:]
    assert sections
    for section in sections:
        options = [line.strip() for line in section.splitlines() if line.strip().startswith("-")]
        assert options, section


def test_the_page_of_jobs_is_the_one_in_the_repository() -> None:
    assert jobs_reference.PAGE.read_text(encoding="utf-8") == jobs_reference.jobs_page(), "run `make docs`"
