/*
 * Enough of UTF-8 to place a caret. wcwidth() would ask the locale, and the same finding would look different on two
 * machines; the few ranges below are what a line of rules can reasonably hold.
 */
#include "interp/base/utf8.h"

static size_t sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

size_t ros_utf8_next(const char *text, size_t len, uint32_t *ret_char)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *p = (const unsigned char *) text;
    size_t n = sequence_bytes(p[0]);
    *ret_char = ROS_UTF8_BROKEN;
    if (n == 0 || n > len)
        return 1;
    uint32_t c = p[0] & mask[n];
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *ret_char = c;
    return n;
}

bool ros_utf8_shown(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == ROS_UTF8_BROKEN)
        return false;
    return !(c >= 0x200B && c <= 0x200F) && !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2060 && c <= 0x206F) &&
           c != 0xFEFF;
}

size_t ros_utf8_columns(uint32_t c)
{
    static const struct {
        uint32_t low, high;
        size_t columns;
    } ranges[] = {
        {0x0300, 0x036F, 0}, {0x1AB0, 0x1AFF, 0}, {0x20D0, 0x20FF, 0},   {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},
        {0x1100, 0x115F, 2}, {0x2E80, 0x303E, 2}, {0x3041, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},
        {0xFE30, 0xFE6F, 2}, {0xFF00, 0xFF60, 2}, {0x1F300, 0x1F64F, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
    };
    if (!ros_utf8_shown(c))
        return 1; /* shown as U+FFFD */
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (c >= ranges[i].low && c <= ranges[i].high)
            return ranges[i].columns;
    return 1;
}

size_t ros_utf8_check(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = ros_utf8_next(text + i, len - i, &c);
        if (c == ROS_UTF8_BROKEN)
            return i;
        i += n;
    }
    return len;
}
