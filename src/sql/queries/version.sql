-- Returns the version of the schema pgpurged in this database.
SELECT pgpurged.version() AS version
