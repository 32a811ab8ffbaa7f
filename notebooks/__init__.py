"""The course: what a learner opens. maintainers/ holds the text of the notebooks (src/) and what builds them."""
from pathlib import Path

__path__.append(str(Path(__file__).parent / "maintainers"))  # notebooks.build, notebooks.site, notebooks.source
