"""A column of recordings becomes a column of transcripts, on one machine or on a Ray cluster, by Daft."""

from dgasync.dataframe.column import transcribe

__all__ = ["transcribe"]
