-- Ends the transaction: from here on the rows are gone, and accounted for (promise A).
COMMIT
