-- What a DBA grants to the daemon: to see the rows, to delete them, and to lock them one by one
-- (UPDATE of one column) where somebody else holds their neighbours. It owns nothing.
GRANT SELECT, DELETE, UPDATE (deleted_at)  ON orders   TO pgpurged;
GRANT SELECT, DELETE, UPDATE ("deletedAt") ON comments TO pgpurged;
-- A partition's rows are deleted from the partition, so the privilege is needed there as well.
GRANT SELECT, DELETE, UPDATE (expires_at)  ON sessions, sessions_0, sessions_1, sessions_2 TO pgpurged;
-- To see how far replicas are behind and who waits, so that the limits of [database] can hold a job back.
GRANT pg_monitor TO pgpurged;
