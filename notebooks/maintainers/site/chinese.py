"""What Sphinx and its theme lack for Chinese pages: some words, and a search without a dictionary of words.

Chinese has no spaces between words. The search index therefore holds each pair of neighbouring characters, 卷积核 as 卷积 and
积核, and each character, for queries of one. A longer query is split into pairs.
"""
import re
from pathlib import Path
from typing import Any

from sphinx.search.en import SearchEnglish

__all__ = ["setup"]

HAN = re.compile("[\u4e00-\u9fff]+")
THEME = {  # texts and attributes in furo's templates that neither it nor Sphinx translates
    "Skip to content": "跳到正文", "Back to top": "回到顶部", "On this page": "本页内容",
    "Toggle site navigation sidebar": "显示或隐藏目录", "Toggle table of contents sidebar": "显示或隐藏本页内容",
    "Toggle Light / Dark / Auto color theme": "切换浅色、深色或自动配色", "Contents": "本页内容", "Menu": "目录",
    "Expand": "展开", "Light mode": "浅色", "Dark mode": "深色", "Auto light/dark, in light mode": "自动，现为浅色",
    "Auto light/dark, in dark mode": "自动，现为深色", "Next": "下一页", "Previous": "上一页", "Home": "首页",
    "Made with": "主题：",
    "Please activate JavaScript to enable the search functionality.": "搜索功能需要 JavaScript。"}
WHOLE = re.compile(rf"""(?<=[>"])(\s*)({'|'.join(map(re.escape, THEME))})(\s*)(?=[<"])""")


class Pairs(SearchEnglish):
    """Index Chinese characters, pairs of them, and English words. Sphinx's own class for it has no stemmer in browsers."""

    lang = "zh"
    js_splitter_code = """function splitQuery(query) {
  const pairs = run => run.length < 2 ? [run] : [...run].slice(1).map((letter, k) => run[k] + letter);
  return (query.match(/[\u4e00-\u9fff]+|[A-Za-z0-9_]+/g) ?? []).flatMap(run => run > "\u4e00" ? pairs(run) : [run]);
}"""

    def split(self, input: str) -> list[str]:
        """The words that are indexed."""
        runs = HAN.findall(input)
        pairs = [run[k:k + 2] for run in runs for k in range(len(run) - 1)]
        return pairs + list("".join(runs)) + super().split(HAN.sub(" ", input))


def translate(app: Any, error: Exception | None) -> None:
    """Put Chinese words in the places of the theme's English ones."""
    for path in Path(app.outdir).glob("*.html") if not error else ():
        text = path.read_text(encoding="utf-8")
        path.write_text(WHOLE.sub(lambda found: found[1] + THEME[found[2]] + found[3], text), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register both; Sphinx calls this."""
    app.add_search_language(Pairs)
    if app.config.language == "zh_CN":
        app.connect("build-finished", translate)
    return {"parallel_read_safe": True}
