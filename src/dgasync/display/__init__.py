"""What notebooks show of the things that have a look: HTML that needs no network, no script file and no style sheet.

page      Html, and what all HTML here is made with
table     rows and columns
plot      bars over time
player    sound, to be played
account   usage, bills, balances and lists of a project

A transcript's look is in `dgasync.transcript.html`. All text is escaped, all lists are bounded. Styles are in the
elements themselves and colours let the background through: so it reads on light and on dark ones, and where a notebook
that is not trusted loses scripts and style sheets.
"""
