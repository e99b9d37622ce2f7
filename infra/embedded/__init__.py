"""The adapters of one machine: log and tables in SQLite files, blobs in a folder."""
