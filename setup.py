"""Puts the migrations, which lie beside the package in a checkout, inside it in a wheel."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["quietus*"]), "quietus.migrations"],
    package_dir={"quietus.migrations": "migrations"},
)
