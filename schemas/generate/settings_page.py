"""docs/settings.md: every setting, its default and what it may be."""

from schemas.generate.markdown import page, table
from schemas.settings_file import Setting, all_settings

OPENING = """
The numbers of the definitions that a shop may choose for itself. They stand in `settings.toml` in the lake, or in a file that
`--settings FILE` (or `MAIDIAN_SETTINGS`) names; what the file leaves out keeps its default.
业务口径中可调整的参数，写在数据湖的 `settings.toml` 中；未写的使用默认值。

    maidian settings                             print all of them, with meaning and value; --lang zh in Chinese
    maidian settings > settings.toml             a file to change and keep: put it into the lake
    maidian run --settings settings.toml         or name it: for `run`, `backfill`, `status` and `demo`

A file that cannot be understood is refused with one line that names the file, the line, the setting and what it may be; nothing is
guessed. Each snapshot's manifest records the values its table was made with (`state.job.settings`). When one of them changes,
every day of the tables that use it is dirty and the next `maidian run` rebuilds them; other tables stay as they are. So use one
file for all commands on one lake: a run with other settings rebuilds these tables, and the next one rebuilds them back.
"""


def settings_page() -> str:
    """The whole page."""
    rows = [[f"`{one.name}`", _default(one), one.rule, one.en, one.zh] for one in all_settings()]
    return page("# The settings · 参数", OPENING, table(["setting", "default", "may be", "meaning", "含义"], rows))


def _default(setting: Setting) -> str:
    if isinstance(setting.default, tuple):
        return ", ".join(str(value) for value in setting.default)
    return str(setting.default)
