/*
 * download.h - fetches one upload over HTTP into memory that no file system sees.
 *
 * The address comes from a message, so it is hostile: http and https only, no proxy, no credentials, redirects followed
 * a few times with each hop checked anew, and every connection judged by the address it really goes to (a name may
 * resolve to anything). Refused always: link-local, multicast, unspecified and reserved addresses. Refused unless
 * allow_private: loopback, private and shared ranges, unique-local IPv6. An IPv4 address inside an IPv6 one is judged
 * as itself.
 *
 * Errors:  ROS_E_DOWNLOAD         it may work later: no connection, time-out, 408, 425, 429, 5xx, a body cut short
 *          ROS_E_DOWNLOAD_GONE    404, 410
 *          ROS_E_DOWNLOAD_DENIED  the address is not allowed, or the server says 401 or 403, or another 4xx
 *          ROS_E_MESSAGE          not a URL that could ever be fetched
 *          ROS_E_ARCHIVE_LIMIT    larger than max_bytes
 *          ROS_E_CANCELLED        the caller's tick said so
 *          ROS_E_OOM, ROS_E_IO
 *          Error texts hold the host, never the path or the query: presigned addresses are secrets.
 * Threads: a downloader has one owner; it keeps connections for reuse.
 */
#ifndef ROS_INGEST_DOWNLOAD_H
#define ROS_INGEST_DOWNLOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "interp/base/alloc.h"
#include "interp/base/error.h"

struct ros_downloader;

struct ros_download_config {
    unsigned timeout_ms;         /* the whole transfer, redirects included; 0: 60000 */
    unsigned connect_timeout_ms; /* 0: 5000 */
    uint64_t max_bytes;          /* 0: 64 MiB */
    unsigned max_redirects;      /* 0: none */
    bool allow_private;
    const char *allow_hosts; /* "host,.domain": NULL or "" allows every host; ".domain" stands for all below it */
};

/* Called several times a second while a transfer runs; false cancels it. */
typedef bool ros_download_tick(void *context);

/* Copies what config points to. */
enum ros_code ros_downloader_new(const struct ros_download_config *config, const struct ros_alloc *alloc,
                                 struct ros_downloader **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_downloader_free(struct ros_downloader *downloader);

/* The body as a descriptor at its start; the caller closes it. tick may be NULL. */
enum ros_code ros_download(struct ros_downloader *downloader, const char *url, ros_download_tick *tick, void *context,
                           int *ret_fd, struct ros_error *reterr) ROS_MUST_CHECK;

/* The policy by itself. */
bool ros_download_address_ok(const struct sockaddr *address, bool allow_private);
bool ros_download_host_ok(const char *host, const char *allow_hosts);

ROS_DEFINE_AUTO_PTR(ros_downloader)

#endif
