/* The pages, beside the titles of codes.def: a code without a page does not compile. */
#include <string.h>

#include "interp/diag/diag.h"

enum {
#define ROS_PAGE(code, text, wrong, right) PAGE_##code,
#include "interp/diag/pages.def"
#undef ROS_PAGE
    PAGE_COUNT
};
_Static_assert((int) PAGE_COUNT == (int) ROS_DIAG_COUNT, "one page a code");
#define ROS_DIAG(code, title) _Static_assert((int) PAGE_##code == (int) ROS_DIAG_##code, "in the order of the codes");
#include "interp/diag/codes.def"
#undef ROS_DIAG

const struct ros_diag_page *ros_diag_page(const char *code)
{
    static const struct ros_diag_page pages[] = {
#define ROS_PAGE(code, text, wrong, right) {#code, text, wrong, right},
#include "interp/diag/pages.def"
#undef ROS_PAGE
    };
    for (size_t i = 0; i < PAGE_COUNT; i++)
        if (strcmp(pages[i].code, code) == 0)
            return &pages[i];
    return NULL;
}
