"""Code of deepgram-sdk v2 and v3 becomes code of dgasync: what `dgasync migrate` does. Needs the extra `cli`.

code           Python: `rewrite(text)` reads, and notes what is to be changed and what is not certain
├── reading    what the names are bound to
├── values     which of them are clients and live connections of v2
├── imports · transcription · live · answers · account · options      what is rewritten
├── texts      names in texts: modules that are imported while it runs, targets of patches, loggers
├── advice     what is only pointed at
└── edits      the changes, made at once, so that all else stays as it is
names          what each name of deepgram-sdk is called here
notebook       the code cells of notebooks
requirements   requirements files and pyproject.toml
files          what there is to rewrite in a folder, and writing it
"""
