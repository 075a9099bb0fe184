/*
 * "Did you mean": the edit distance of Levenshtein, one row of the matrix at a time. A guess that is wrong costs more
 * than none, so the bound is half of the misspelt name, and one letter in common is the least.
 */
#include "interp/diag/diag.h"

#include <string.h>

#include "interp/base/limits.h"

/* Insertions, deletions and replacements that turn a into b; b_len <= ROS_LIMIT_NAME_BYTES. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[ROS_LIMIT_NAME_BYTES + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            size_t insert = row[j - 1] + 1;
            size_t best = row[j] + 1 < insert ? row[j] + 1 : insert;
            row[j] = replace < best ? replace : best;
        }
    }
    return row[b_len];
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
