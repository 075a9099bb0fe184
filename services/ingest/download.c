/*
 * The body goes to a memfd: intake reads descriptors, the size is bounded before it is written, and a crash leaves no
 * file behind. Redirects are walked here and not by libcurl, because each hop is a new hostile address.
 */
#include "services/ingest/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "interp/base/buf.h"

enum { LOW_SPEED_BYTES = 512, LOW_SPEED_S = 20, MAX_URL_BYTES = 8192, DEFAULT_MAX_BYTES = 64 << 20 };

struct ros_downloader {
    const struct ros_alloc *alloc;
    CURL *curl;
    struct ros_download_config config;
    struct ros_buf allow_hosts;
};

/* One transfer; the callbacks' context. */
struct transfer {
    const struct ros_downloader *owner;
    ros_download_tick *tick;
    void *context;
    int fd;
    uint64_t bytes;
    enum ros_code stop; /* why a callback ended it */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    (void) curl_global_init(CURL_GLOBAL_DEFAULT);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        !ros_download_address_ok(&address->addr, transfer->owner->config.allow_private)) {
        transfer->stop = ROS_E_DOWNLOAD_DENIED;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *data, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;
    size *= one;
    if (size > transfer->owner->config.max_bytes - transfer->bytes) {
        transfer->stop = ROS_E_ARCHIVE_LIMIT;
        return 0;
    }
    for (size_t done = 0; done < size;) {
        ssize_t n = write(transfer->fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            transfer->stop = ROS_E_IO;
            return 0;
        }
        done += (size_t) n;
    }
    transfer->bytes += size;
    return size;
}

static int progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    (void) total, (void) now, (void) up_total, (void) up_now;
    struct transfer *transfer = context;
    if (transfer->tick == NULL || transfer->tick(transfer->context))
        return 0;
    transfer->stop = ROS_E_CANCELLED;
    return 1;
}

enum ros_code ros_downloader_new(const struct ros_download_config *config, const struct ros_alloc *alloc,
                                 struct ros_downloader **ret, struct ros_error *reterr)
{
    (void) pthread_once(&curl_once, curl_start);
    ros_auto_ptr(ros_downloader) struct ros_downloader *downloader = ros_alloc_zero(alloc, sizeof *downloader);
    if (downloader == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    downloader->alloc = alloc;
    downloader->config = *config;
    ros_buf_init(&downloader->allow_hosts, alloc, 0);
    if (config->allow_hosts != NULL && ros_buf_puts(&downloader->allow_hosts, config->allow_hosts) != ROS_OK)
        return ros_error_code(reterr, ROS_E_OOM);
    if (downloader->config.timeout_ms == 0)
        downloader->config.timeout_ms = 60000;
    if (downloader->config.connect_timeout_ms == 0)
        downloader->config.connect_timeout_ms = 5000;
    if (downloader->config.max_bytes == 0)
        downloader->config.max_bytes = DEFAULT_MAX_BYTES;
    downloader->config.allow_hosts = ros_buf_text(&downloader->allow_hosts);
    downloader->curl = curl_easy_init();
    if (downloader->curl == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    *ret = ros_steal(&downloader);
    return ROS_OK;
}

void ros_downloader_free(struct ros_downloader *downloader)
{
    if (downloader == NULL)
        return;
    if (downloader->curl != NULL)
        curl_easy_cleanup(downloader->curl);
    ros_buf_done(&downloader->allow_hosts);
    ros_alloc_put(downloader->alloc, downloader, sizeof *downloader);
}

static void set_options(struct ros_downloader *downloader, struct transfer *transfer)
{
    CURL *curl = downloader->curl;
    const struct ros_download_config *config = &downloader->config;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // a proxy would make the connection, and the address check with it
    curl_easy_setopt(curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "ros");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long) config->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long) config->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long) LOW_SPEED_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long) LOW_SPEED_S);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) config->max_bytes);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* Checks scheme and host of one hop, and gives it to curl in a form without credentials. */
static enum ros_code set_url(struct ros_downloader *downloader, CURLU *parsed, char host[256], struct ros_error *reterr)
{
    char *scheme = NULL;
    char *name = NULL;
    bool is_http = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                   (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    bool has_host =
        curl_url_get(parsed, CURLUPART_HOST, &name, 0) == CURLUE_OK && strlen(name) > 0 && strlen(name) < 256;
    if (has_host)
        memcpy(host, name, strlen(name) + 1);
    curl_free(scheme);
    curl_free(name);
    if (!is_http || !has_host)
        return ros_error_set(reterr, ROS_E_MESSAGE, "the upload's address is not an http or https URL");
    if (!ros_download_host_ok(host, downloader->config.allow_hosts))
        return ros_error_set(reterr, ROS_E_DOWNLOAD_DENIED, "%s is not among the hosts that uploads may come from",
                             host);
    (void) curl_url_set(parsed, CURLUPART_USER, NULL, 0);
    (void) curl_url_set(parsed, CURLUPART_PASSWORD, NULL, 0);
    (void) curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0);
    if (curl_easy_setopt(downloader->curl, CURLOPT_CURLU, parsed) != CURLE_OK)
        return ros_error_code(reterr, ROS_E_OOM);
    return ROS_OK;
}

static enum ros_code curl_failed(const struct transfer *transfer, CURLcode code, const char *host,
                                 struct ros_error *reterr)
{
    if (code == CURLE_FILESIZE_EXCEEDED || transfer->stop == ROS_E_ARCHIVE_LIMIT)
        return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "the upload is larger than %llu bytes",
                             (unsigned long long) transfer->owner->config.max_bytes);
    if (transfer->stop == ROS_E_DOWNLOAD_DENIED)
        return ros_error_set(reterr, ROS_E_DOWNLOAD_DENIED, "%s has an address that uploads may not come from", host);
    if (transfer->stop != ROS_OK)
        return ros_error_code(reterr, transfer->stop);
    if (code == CURLE_OUT_OF_MEMORY)
        return ros_error_code(reterr, ROS_E_OOM);
    return ros_error_set(reterr, ROS_E_DOWNLOAD, "%s: %s", host, curl_easy_strerror(code));
}

static enum ros_code status_failed(long status, const char *host, struct ros_error *reterr)
{
    enum ros_code code = ROS_E_DOWNLOAD;
    if (status == 404 || status == 410)
        code = ROS_E_DOWNLOAD_GONE;
    else if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429)
        code = ROS_E_DOWNLOAD_DENIED;
    return ros_error_set(reterr, code, "%s answered with HTTP status %ld", host, status);
}

/* One hop. ret_again: it was a redirect, and parsed holds the next address. */
static enum ros_code fetch_once(struct ros_downloader *downloader, CURLU *parsed, struct transfer *transfer,
                                bool *ret_again, struct ros_error *reterr)
{
    char host[256];
    set_options(downloader, transfer);
    ROS_TRY(set_url(downloader, parsed, host, reterr));
    CURLcode code = curl_easy_perform(downloader->curl);
    if (code != CURLE_OK)
        return curl_failed(transfer, code, host, reterr);
    long status = 0;
    char *next = NULL;
    (void) curl_easy_getinfo(downloader->curl, CURLINFO_RESPONSE_CODE, &status);
    (void) curl_easy_getinfo(downloader->curl, CURLINFO_REDIRECT_URL, &next);
    *ret_again = status >= 300 && status < 400 && next != NULL;
    if (!*ret_again)
        return status == 200 ? ROS_OK : status_failed(status, host, reterr);
    if (curl_url_set(parsed, CURLUPART_URL, next, 0) != CURLUE_OK)
        return ros_error_set(reterr, ROS_E_DOWNLOAD_DENIED, "%s redirects to an address that is none", host);
    return ROS_OK;
}

static enum ros_code fetch(struct ros_downloader *downloader, CURLU *parsed, struct transfer *transfer,
                           struct ros_error *reterr)
{
    for (unsigned hops = 0; hops <= downloader->config.max_redirects; hops++) {
        bool again = false;
        ROS_TRY(fetch_once(downloader, parsed, transfer, &again, reterr));
        if (!again)
            return ROS_OK;
        transfer->bytes = 0; // what a redirect says in its body is not the upload
        if (ftruncate(transfer->fd, 0) != 0 || lseek(transfer->fd, 0, SEEK_SET) != 0)
            return ros_error_code(reterr, ROS_E_IO);
    }
    return ros_error_set(reterr, ROS_E_DOWNLOAD_DENIED, "more than %u redirects", downloader->config.max_redirects);
}

enum ros_code ros_download(struct ros_downloader *downloader, const char *url, ros_download_tick *tick, void *context,
                           int *ret_fd, struct ros_error *reterr)
{
    if (strlen(url) > MAX_URL_BYTES)
        return ros_error_set(reterr, ROS_E_MESSAGE, "the upload's address is longer than %d bytes", MAX_URL_BYTES);
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    struct transfer transfer = {.owner = downloader, .tick = tick, .context = context, .fd = -1};
    enum ros_code code = ROS_OK;
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
        code = ros_error_set(reterr, ROS_E_MESSAGE, "the upload's address is not an http or https URL");
    if (code == ROS_OK && (transfer.fd = memfd_create("ros-upload", MFD_CLOEXEC)) < 0)
        code = ros_error_set(reterr, ROS_E_IO, "no memory file: %m");
    if (code == ROS_OK)
        code = fetch(downloader, parsed, &transfer, reterr);
    if (code == ROS_OK && lseek(transfer.fd, 0, SEEK_SET) != 0)
        code = ros_error_code(reterr, ROS_E_IO);
    (void) curl_easy_setopt(downloader->curl, CURLOPT_CURLU, NULL);
    curl_url_cleanup(parsed);
    if (code == ROS_OK)
        *ret_fd = transfer.fd;
    else if (transfer.fd >= 0)
        (void) close(transfer.fd);
    return code;
}
