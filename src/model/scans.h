/*
 * scans: the two ways to find due rows, and what `scan =` may ask for. config/ reads the wish,
 * policy/ makes the choice.
 */
#ifndef PGPURGED_MODEL_SCANS_H
#define PGPURGED_MODEL_SCANS_H

enum scan_wish { SCAN_AUTO, SCAN_HEAP, SCAN_INDEX };

enum scan_kind {
    HEAP_SCAN,  /* the partition's blocks in order */
    INDEX_SCAN, /* the due rows' TIDs from an index, in slices */
};

#endif
