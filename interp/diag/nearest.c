/*
 * "Did you mean": the edit distance of Levenshtein, with two neighbours that changed places as one edit (the restricted
 * distance of Damerau), three rows of the matrix at a time. A guess that is wrong costs more
 * than none, so the bound is half of the misspelt name, and one letter in common is the least.
 */
#include "interp/diag/diag.h"

#include <string.h>

#include "interp/base/limits.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits that turn a into b; b_len <= ROS_LIMIT_NAME_BYTES. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][ROS_LIMIT_NAME_BYTES + 1]; /* of i - 2, i - 1 and i, in turn */
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = least(replace, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *ros_diag_nearest(const char *name, const char *const *names, size_t count)
{
    size_t name_len = strlen(name);
    if (name_len == 0 || name_len > ROS_LIMIT_NAME_BYTES)
        return NULL;
    const char *nearest = NULL;
    size_t nearest_distance = name_len / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(names[i]);
        size_t gap = len > name_len ? len - name_len : name_len - len;
        if (len == 0 || len > ROS_LIMIT_NAME_BYTES || gap >= nearest_distance || strpbrk(name, names[i]) == NULL)
            continue;
        size_t d = distance(name, name_len, names[i], len);
        if (d < nearest_distance) {
            nearest = names[i];
            nearest_distance = d;
        }
    }
    return nearest;
}
