"""Rules for every template: one frame, nothing inline that the content security policy would refuse."""

import re
from pathlib import Path

import pytest
from flask import Flask

TEMPLATES = Path(__file__).resolve().parents[2] / "quietus" / "templates"
STATIC = TEMPLATES.parent / "static"
FILES = sorted(TEMPLATES.rglob("*.html"))
PAGES = [file for file in FILES if not file.name.startswith("_") and file.name != "base.html"]


def name(file: Path) -> str:
    return str(file.relative_to(TEMPLATES))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_it_compiles(shared_app: Flask, file: Path) -> None:
    shared_app.jinja_env.get_template(name(file))


@pytest.mark.parametrize("file", PAGES, ids=name)
def test_every_page_stands_in_the_common_frame_and_has_a_title(file: Path) -> None:
    source = file.read_text()
    assert source.startswith('{% extends "base.html" %}')
    assert "{% block title %}" in source


@pytest.mark.parametrize("file", FILES, ids=name)
def test_nothing_is_inline(file: Path) -> None:
    source = file.read_text()
    assert not re.search(r"<style|\sstyle\s*=", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"""\son[a-z]+\s*=\s*["']""", source)
    assert "javascript:" not in source


@pytest.mark.parametrize("file", FILES, ids=name)
def test_nothing_is_loaded_from_elsewhere(file: Path) -> None:
    # a link that a person follows may lead elsewhere; what a page loads may not
    assert not re.search(r"<(script|link|img|source|iframe)[^>]+(src|href)\s*=\s*.(https?:)?//", file.read_text())


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_form_that_writes_carries_the_csrf_token(file: Path) -> None:
    for form in re.findall(r'<form[^>]*method="post".*?</form>', file.read_text(), re.S):
        assert re.search(r"parts\.hidden\(|parts\.csrf\(|csrf_token\(\)", form), form


@pytest.mark.parametrize("file", FILES, ids=name)
def test_what_a_person_wrote_is_always_escaped(file: Path) -> None:
    source = file.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", source)


def test_every_file_that_the_styles_name_is_there() -> None:
    for sheet in STATIC.glob("*.css"):
        named = re.findall(r"""url\(["']?([^"')]+)""", sheet.read_text())
        for path in named:
            assert not path.startswith(("data:", "http", "//")), path
            assert (STATIC / path).is_file(), path


def test_every_variable_of_the_styles_is_defined() -> None:
    source = (STATIC / "app.css").read_text() + (STATIC / "api-docs.css").read_text()
    used = set(re.findall(r"var\((--q-[a-z-]+)", source))
    defined = set(re.findall(r"^\s*(--q-[a-z-]+):", source, re.M))
    assert used == defined
