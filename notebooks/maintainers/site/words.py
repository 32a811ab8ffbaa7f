"""What the pages say around the text of the notebooks, in each language."""
from typing import NamedTuple

__all__ = ["WORDS", "Words"]


class Words(NamedTuple):
    """The words of one language."""

    code: str  # Sphinx's name of the language
    title: str
    download: str
    open: str
    twin: str  # a link to the page in the other language
    solution: str
    look_up: str
    cards: str  # the page of formula cards


WORDS = {
    "en": Words("en", "nnscratch, the course", "Download the notebook", "Open in the browser",
                '<a href="zh/{}.html" lang="zh-CN" hreflang="zh-CN">中文</a>', "A solution of {}", "To look up",
                """# Formula cards

{}

Every op of the course on a card: its shapes, its formulas forward and backward, and small numbers that the op itself
computed. In a notebook, `from nnscratch.course import card` and `card("conv2d")` show one.
"""),
    "zh": Words("zh_CN", "nnscratch 课程", "下载笔记本", "在浏览器中打开",
                '<a href="../{}.html" lang="en" hreflang="en">English</a>', "{} 的参考答案", "查阅",
                """# 公式卡片

{}

课程中的每种运算各有一张卡片：形状，前向和反向的公式，以及由该运算自己算出的小例子。在笔记本中，先运行
`from nnscratch.course import card`，再用 `card("conv2d")` 显示其中一张。
"""),
}
