"""What the bot remembers, in a database: tallies, snapshots, incidents, changes, what Slack was told, the audit.

SQLAlchemy Core only. `engine.py` alone knows SQLite; `tables.py` is the schema, `migrations/` how it came about.
Each store is one file and one class that implements one port; `transactions.py` is the seam where the database's
errors become ours.
"""
