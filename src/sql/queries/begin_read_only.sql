-- Begins a transaction that can only read, so that no question to the catalog changes anything.
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY
