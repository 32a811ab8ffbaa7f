"""What Sphinx and its theme lack for Chinese pages: some words, and a search without a dictionary of words.

Chinese has no spaces between words. The search index therefore holds each pair of neighbouring characters, 卷积核 as 卷积 and
积核, and a query is split alike.
"""
import re
from gettext import NullTranslations
from typing import Any

from sphinx.locale import get_translator
from sphinx.search.zh import SearchChinese

__all__ = ["setup"]

HAN = re.compile("[\u4e00-\u9fff]+")
WORDS = {"Back to top": "回到顶部", "On this page": "本页内容", "Skip to content": "跳到正文"}


class Pairs(SearchChinese):
    """Index pairs of characters, and Latin words as they are."""

    js_splitter_code = """function splitQuery(query) {
  const pairs = run => run.length < 2 ? [run] : [...run].slice(1).map((letter, k) => run[k] + letter);
  return (query.match(/[\u4e00-\u9fff]+|[A-Za-z0-9_]+/g) ?? []).flatMap(run => run > "\u4e00" ? pairs(run) : [run]);
}"""

    def split(self, input: str) -> list[str]:
        """The words that are indexed."""
        pairs = [run[k:k + 2] for run in HAN.findall(input) for k in range(len(run) - 1)]
        return pairs + super().split(HAN.sub(" ", input))


class Missing(NullTranslations):
    """Words that Sphinx's catalogue does not have."""

    def gettext(self, message: str) -> str:
        """The translation of a message."""
        return WORDS.get(message, message)


def setup(app: Any) -> dict[str, bool]:
    """Register both; Sphinx calls this."""
    app.add_search_language(Pairs)
    if app.config.language == "zh_CN":
        get_translator().add_fallback(Missing())
    return {"parallel_read_safe": True}
