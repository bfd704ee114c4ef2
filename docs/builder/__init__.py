"""What this site does beside Sphinx: it reads the package's own docstrings, tables and command.

rst         directives that write reStructuredText, and what they write it with
package     which names are public, where each is defined, and what a name means in a module
links       names in text and in signatures become links
docstrings  the docstrings' way of writing, as reStructuredText; signatures as they are written
public      `.. public::`: all that a module gives to the public, each kind in its own shape
tables      `.. limits::` and others: tables made from what the program itself goes by
command     `.. command::`: the commands and their options, as `--help` has them
"""
