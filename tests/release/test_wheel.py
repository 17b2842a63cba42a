"""The wheel holds all that the product needs: installed elsewhere, away from the project, it does the main job."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from quietus import __version__
from tests.live import PROJECT, without_servers

pytestmark = pytest.mark.stack


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=without_servers(), capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what the project tracks, and of the pages' assets, as `make wheel` does it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("quietus", "migrations"):
        (source / name).symlink_to(PROJECT / name)
    for name in ("pyproject.toml", "setup.py", "wsgi.py", "celery_worker.py", "README.md", "LICENSE", "NOTICE.md"):
        (source / name).write_bytes((PROJECT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", target, source, cwd=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, and of this one only the packages that it requires."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    folder.parent.chmod(0o755)
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (packages / "required.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    return folder / "bin"


def test_it_names_the_version_that_the_package_names(wheel: Path, programs: Path, tmp_path: Path) -> None:
    assert wheel.name == f"quietus-{__version__}-py3-none-any.whl"
    assert run(programs / "quietus", "--version", cwd=tmp_path).strip() == __version__


def test_it_does_the_main_job_in_an_empty_folder(programs: Path, tmp_path: Path) -> None:
    where = run(programs / "python", "-c", "import quietus; print(quietus.__file__)", cwd=tmp_path)
    assert str(programs.parent) in where
    assert "HIGH" in run(programs / "quietus", "demo", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_brings_every_file_of_the_package_and_the_licences(wheel: Path) -> None:
    inside = set(ZipFile(wheel).namelist())
    files = (path for path in (PROJECT / "quietus").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    missing = {str(path.relative_to(PROJECT)) for path in files} - inside
    assert missing == set()
    assert {f"quietus-{__version__}.dist-info/licenses/{name}" for name in ("LICENSE", "NOTICE.md")} <= inside
    assert any(name.startswith("quietus/migrations/versions/0001") for name in inside)
    assert not [name for name in inside if name.startswith("tests")]
