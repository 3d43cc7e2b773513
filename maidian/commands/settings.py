"""`maidian settings`: the settings in force."""

from pathlib import Path

import click
import msgspec

from maidian.options import Preferences, json_option, lake_option, pass_preferences, settings_option
from schemas.lake.lake import open_lake
from schemas.lake.place import LakePlace, StorePlace
from schemas.settings_file import lake_settings, settings_text


@click.command(name="settings")
@lake_option
@settings_option
@json_option
@pass_preferences
def command(preferences: Preferences, lake: LakePlace, settings_file: Path | None, is_json: bool) -> None:
    """Print every setting with its value, its meaning and what it may be, as TOML.

    Save it as settings.toml in the lake and change what should differ; what the file leaves out keeps its default. The
    next run rebuilds the tables that a changed setting counts for.
    """
    folder = open_lake(lake).path if isinstance(lake, StorePlace) else lake
    settings = lake_settings(folder, settings_file)
    click.echo(msgspec.json.encode(settings) if is_json else settings_text(settings, preferences.language).rstrip())
