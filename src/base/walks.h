/*
 * walks: the two ways to find due rows, and what `walk =` may ask for. config/ reads the wish,
 * decide/ makes the choice.
 */
#ifndef PGPURGED_BASE_WALKS_H
#define PGPURGED_BASE_WALKS_H

enum walk_wish { WALK_AUTO, WALK_HEAP, WALK_INDEX };

enum walk_kind {
    HEAP_WALK,  /* the leaf's blocks in order */
    INDEX_WALK, /* the due rows' TIDs from an index, in slices */
};

#endif
