"""The console script and what all its commands share."""

import inspect
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints, entry_points, version

import pytest
import typer

from model.train import TrainOptions
from model.train_verifier import VerifierOptions
from model.training.schedule import TrainSettings
from model.training_commands import train, train_verifier
from realtime.cli import programs
from realtime.cli.command import command
from realtime.cli.live import live
from realtime.errors import DataError
from realtime.extras import install_command
from realtime.limits import Limits
from tests.paths import ROOT

NAMES = sorted(point.name for point in entry_points(group="fleeting.commands"))
HEAVY = {"torch", "cv2", "numba", "numpy", "scipy", "pandas", "onnxruntime"}


def fleeting(*arguments, code=None):
    """Run the program in a process of its own; `code` runs after it."""
    run = f"import sys; from realtime.cli.programs import main; rc = main({list(arguments)!r}); "
    return subprocess.run(
        [sys.executable, "-c", run + (code or "sys.exit(rc)")],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )


def test_help_lists_every_command_and_loads_nothing_heavy():
    shown = fleeting("--help", code="print(sorted(set(sys.modules)))")
    assert shown.returncode == 0
    for name in NAMES:
        assert name.split()[0] in shown.stdout
    loaded = shown.stdout.splitlines()[-1]
    assert not [name for name in HEAVY if f"'{name}'" in loaded]


def test_without_a_word_it_shows_the_help():
    assert fleeting().stdout == fleeting("--help").stdout


def test_neither_it_nor_what_it_starts_leaves_a_core_file():
    shown = fleeting(
        "--version",
        code="import subprocess; subprocess.run(['cat', '/proc/self/limits'])",
    )
    if shown.returncode:
        pytest.skip("this system has no /proc")
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("Max core file")]
    assert line.split()[4:6] == ["0", "0"]


def test_it_prints_the_installed_version():
    assert fleeting("--version").stdout.strip() == f"fleeting {version('fleeting')}"


@pytest.mark.parametrize("name", NAMES)
def test_a_command_s_help_has_examples_and_loads_no_network(name, capsys):
    assert programs.main([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"fleeting {name}" in shown
    assert shown.count(f"fleeting {name.split()[0]}") >= 2
    assert "Exit codes" in shown


def test_training_s_help_loads_no_torch():
    done = fleeting("train", "--help", code="sys.exit('torch' in sys.modules)")
    assert done.returncode == 0
    assert "--cache-pairs" in done.stdout


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("lvie",), "Did you mean 'live'"),
        (("calibrate", "camrea"), "Did you mean 'camera'?"),
        (("calibrate", "camrea"), "See fleeting calibrate --help"),
        (("live", "--camra", "0"), "did you mean --camera"),
        (("live", "--camera", "x"), "'--camera' = x: a whole number is needed"),
        (("live", "--pace", "slow"), "'slow' is not one of 'realtime', 'fast'"),
        (("train", "--output", "x", "--steps", "0"), "0; allowed is 1 to"),
        (("review",), "Missing argument"),
        (("--bogus",), "No such option: --bogus"),
        (("dance",), "No such command 'dance'"),
    ],
)
def test_a_wrong_word_is_one_sentence_that_names_the_near_one(words, near, capsys):
    assert programs.main(list(words)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert near in line


@pytest.mark.parametrize(
    "points",
    [
        (),
        (EntryPoint("live", "realtime.cli.gone:live", "fleeting.commands"),),
        (EntryPoint("live", "realtime.cli.live:gone", "fleeting.commands"),),
    ],
    ids=["none", "no module", "no function"],
)
def test_a_stale_installation_says_how_to_mend_it(points, monkeypatch, capsys):
    monkeypatch.setattr(programs, "entry_points", lambda group: EntryPoints(points))
    assert programs.main(["live"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install" in line


def fails(error):
    @command("fleeting fails", "fleeting fails --help", extra="labs", interrupted="stopped; kept")
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("no data"), 7, "fleeting: no data\n"),
        (KeyboardInterrupt(), 130, "fleeting: stopped; kept\n"),
        (typer.Exit(4), 4, ""),
        (ModuleNotFoundError("no", name="pylsl"), 1, f"{install_command('labs')}\n"),
    ],
)
def test_an_error_becomes_its_exit_code(error, code, said, capsys):
    assert fails(error).run([]) == code
    assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize("name", ["realtime.gone", "tests.gone"])
def test_a_missing_part_of_the_program_is_not_taken_for_an_extra(name):
    with pytest.raises(ModuleNotFoundError):
        fails(ModuleNotFoundError("no", name=name)).run([])


def test_defaults_on_the_command_line_are_those_of_the_work():
    for function, options in (
        (train.function, TrainOptions),
        (train_verifier.function, VerifierOptions),
    ):
        for name, parameter in inspect.signature(function).parameters.items():
            stated = options.__dataclass_fields__[name].default
            if parameter.default not in (None, inspect.Parameter.empty):
                assert parameter.default == stated, name
    settings = TrainSettings()
    fusion = next(phase for phase in settings.phases if phase.cache_pairs)
    given = TrainOptions(output=ROOT)
    assert (given.seed, given.cache_pairs, given.epochs) == (
        *(settings.seed, fusion.cache_pairs, fusion.epochs),
    )


def test_live_writes_its_settings_once(tmp_path, capsys):
    file = tmp_path / "mine.toml"
    assert live.run(["--write-config", str(file), "--post", "2"]) == 0
    assert "camera = 0" in file.read_text()
    assert "post_s = 2.0" in file.read_text()
    assert live.run(["--write-config", str(file)]) == 2
    assert "there is such a file" in capsys.readouterr().err
    again = tmp_path / "again.toml"
    assert live.run(["--config", str(file), "--demo", "--write-config", str(again)]) == 0
    assert "demo = true" in again.read_text()
    assert "# camera =" in again.read_text()


def test_bounds_of_an_option_are_in_its_help():
    assert Limits("x", 0, 60).allowed == "0 to 60"
    assert Limits("x", 0, 2**32).allowed == "0 to 4294967296"
