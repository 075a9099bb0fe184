/*
 * Which addresses an upload may come from. The tables are the special-purpose registries of IPv4 and IPv6 (RFC 6890),
 * reduced to what can be reached and must not be.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "services/ingest/download.h"

enum reach { REACH_PRIVATE, REACH_NEVER };

static const struct {
    uint32_t network;
    uint32_t bits;
    enum reach reach;
} ranges4[] = {
    {0x00000000, 8, REACH_NEVER},    /* 0.0.0.0/8: this host */
    {0x0a000000, 8, REACH_PRIVATE},  /* 10.0.0.0/8 */
    {0x64400000, 10, REACH_PRIVATE}, /* 100.64.0.0/10: shared by carriers */
    {0x7f000000, 8, REACH_PRIVATE},  /* 127.0.0.0/8: loopback */
    {0xa9fe0000, 16, REACH_NEVER},   /* 169.254.0.0/16: link-local, and every cloud's metadata service */
    {0xac100000, 12, REACH_PRIVATE}, /* 172.16.0.0/12 */
    {0xc0000000, 24, REACH_NEVER},   /* 192.0.0.0/24: protocol assignments */
    {0xc0a80000, 16, REACH_PRIVATE}, /* 192.168.0.0/16 */
    {0xc6120000, 15, REACH_PRIVATE}, /* 198.18.0.0/15: benchmarks */
    {0xe0000000, 4, REACH_NEVER},    /* 224.0.0.0/4: multicast */
    {0xf0000000, 4, REACH_NEVER},    /* 240.0.0.0/4: reserved, broadcast */
};

static bool ipv4_ok(uint32_t address, bool allow_private)
{
    for (size_t i = 0; i < ROS_COUNT(ranges4); i++)
        if ((address ^ ranges4[i].network) >> (32 - ranges4[i].bits) == 0)
            return ranges4[i].reach == REACH_PRIVATE && allow_private;
    return true;
}

static uint32_t ipv4_at(const uint8_t *bytes)
{
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 | bytes[3];
}

static bool ipv6_ok(const uint8_t bytes[16], bool allow_private)
{
    static const uint8_t zeros[15];
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(bytes, mapped, sizeof mapped) == 0 || memcmp(bytes, nat64, sizeof nat64) == 0)
        return ipv4_ok(ipv4_at(bytes + 12), allow_private);
    if (memcmp(bytes, zeros, sizeof zeros) == 0)
        return bytes[15] == 1 && allow_private; // loopback; the rest of it is unspecified or reserved
    if (memcmp(bytes, zeros, 12) == 0)
        return false; // IPv4-compatible, long withdrawn
    if (bytes[0] == 0x20 && bytes[1] == 0x02)
        return ipv4_ok(ipv4_at(bytes + 2), allow_private); // 6to4
    if ((bytes[0] & 0xfe) == 0xfc)
        return allow_private;         // unique local
    return (bytes[0] & 0xe0) == 0x20; // global unicast is 2000::/3; link-local and multicast lie outside
}

bool ros_download_address_ok(const struct sockaddr *address, bool allow_private)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ipv4_ok(ntohl(v4.sin_addr.s_addr), allow_private);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return ipv6_ok(v6.sin6_addr.s6_addr, allow_private);
    }
    return false;
}

bool ros_download_host_ok(const char *host, const char *allow_hosts)
{
    if (allow_hosts == NULL || allow_hosts[0] == '\0')
        return true;
    size_t host_len = strlen(host);
    while (*allow_hosts != '\0') {
        allow_hosts += strspn(allow_hosts, ", ");
        size_t len = strcspn(allow_hosts, ", ");
        bool below = len > 1 && allow_hosts[0] == '.';
        if (len > 0 && (below ? host_len > len : host_len == len) &&
            strncasecmp(host + (host_len - len), allow_hosts, len) == 0)
            return true;
        allow_hosts += len;
    }
    return false;
}
