"""What Sphinx and its theme lack for Chinese pages: some words, and a search without a dictionary of words.

Chinese has no spaces between words. The search index therefore holds each pair of neighbouring characters, 卷积核 as 卷积 and
积核, and a query is split alike.
"""
import re
from pathlib import Path
from typing import Any

from sphinx.search.en import SearchEnglish

__all__ = ["setup"]

HAN = re.compile("[\u4e00-\u9fff]+")
THEME = {  # words in furo's templates that neither it nor Sphinx translates
    "Skip to content": "跳到正文", "<span>Back to top</span>": "<span>回到顶部</span>",
    "            On this page\n": "            本页内容\n",
    "Toggle site navigation sidebar": "显示或隐藏目录", "Toggle table of contents sidebar": "显示或隐藏本页内容",
    "Toggle Light / Dark / Auto color theme": "切换浅色、深色或自动配色", "<title>Contents</title>": "<title>本页内容</title>",
    "<title>Menu</title>": "<title>目录</title>", "<title>Expand</title>": "<title>展开</title>",
    "<title>Light mode</title>": "<title>浅色</title>", "<title>Dark mode</title>": "<title>深色</title>",
    "<title>Auto light/dark, in light mode</title>": "<title>自动，现为浅色</title>",
    "<title>Auto light/dark, in dark mode</title>": "<title>自动，现为深色</title>",
    "<span>Next</span>": "<span>下一页</span>", "<span>Previous</span>": "<span>上一页</span>",
    '<div class="title">Home</div>': '<div class="title">首页</div>', "            Made with \n": "            主题：\n",
    "Please activate JavaScript to enable the search functionality.": "搜索功能需要 JavaScript。"}


class Pairs(SearchEnglish):
    """Index pairs of Chinese characters, and English words. Sphinx's own class for Chinese has no stemmer in the browser."""

    lang = "zh"
    js_splitter_code = """function splitQuery(query) {
  const pairs = run => run.length < 2 ? [run] : [...run].slice(1).map((letter, k) => run[k] + letter);
  return (query.match(/[\u4e00-\u9fff]+|[A-Za-z0-9_]+/g) ?? []).flatMap(run => run > "\u4e00" ? pairs(run) : [run]);
}"""

    def split(self, input: str) -> list[str]:
        """The words that are indexed."""
        pairs = [run[k:k + 2] for run in HAN.findall(input) for k in range(len(run) - 1)]
        return pairs + super().split(HAN.sub(" ", input))


def translate(app: Any, error: Exception | None) -> None:
    """Put Chinese words in the places of the theme's English ones."""
    for path in Path(app.outdir).glob("*.html") if not error else ():
        text = path.read_text(encoding="utf-8")
        for english, chinese in THEME.items():
            text = text.replace(english, chinese)
        path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register both; Sphinx calls this."""
    app.add_search_language(Pairs)
    if app.config.language == "zh_CN":
        app.connect("build-finished", translate)
    return {"parallel_read_safe": True}
