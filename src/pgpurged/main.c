#include <stdio.h>

#include "base/words.h"

int main(void)
{
    printf("%s\n", reason_code(REASON_NONE));
    return 0;
}
