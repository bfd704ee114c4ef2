"""How the site is built: `python -m sphinx -W -b html docs docs/_build`. What is special about it is in `builder`."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools"), str(HERE.parent / "src")]
# What has been asked of Deepgram's account of whoever builds this is no business of the site.
for name in [name for name in os.environ if name.startswith("DEEPGRAM_")]:
    del os.environ[name]

import dgasync  # noqa: E402

project = "dgasync"
author = copyright = "the makers of dgasync"
release = version = dgasync.__version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "builder.links",
    "builder.docstrings",
    "builder.public",
    "builder.tables",
    "builder.command",
]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["attrs_block", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
default_role = "code"
add_module_names = False
toc_object_entries_show_parents = "hide"
maximum_signature_line_length = 88

html_theme = "furo"
html_title = "dgasync"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "tango"
pygments_dark_style = "github-dark"
