-- Begins a transaction that may write, whatever the role or the database have as their default.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE
