/*
 * golden: texts that a person has looked at once, kept in tests/golden/.
 */
#ifndef PGPURGED_TESTS_GOLDEN_H
#define PGPURGED_TESTS_GOLDEN_H

/* Fails the test unless the text is what tests/golden/NAME holds. GOLDEN_UPDATE=1 writes it
 * instead, to be looked at before it is committed. The source's folder is $srcdir, as `make check`
 * sets it.
 */
void golden_compare(const char *name, const char *text);

#endif
