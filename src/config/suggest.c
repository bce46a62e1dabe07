#include "config/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { LONGEST = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many slips turn a into b: a letter too many, too few, wrong, or two swapped; capital letters
 * count as small ones. rows[i % 3][j] is the answer for the first i letters of a and j of b, from
 * the two rows before it. */
static size_t slips(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1], length = strlen(a), columns = strlen(b);

    for (size_t j = 0; j <= columns; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            row[j] =
                least(before[j - 1] + !same(a[i - 1], b[j - 1]), least(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], two_before[j - 2] + 1);
        }
    }
    return rows[length % 3][columns];
}

/* Up to one slip in three letters: more would suggest names that have nothing to do with it. */
struct suggest suggest_start(const char *wrong)
{
    return (struct suggest){.wrong = wrong, .distance = strlen(wrong) / 3 + 1};
}

void suggest_try(struct suggest *nearest, const char *name)
{
    size_t distance;

    if (strlen(name) > LONGEST || strlen(nearest->wrong) > LONGEST)
        return;
    distance = slips(nearest->wrong, name);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}
