/* Drives a forward proxy over HTTP/1.1 from one thread and prints one line of JSON.
 *
 * A request is plain (absolute form) or goes through CONNECT and TLS (--tunnel 1), on a connection that is kept or on one of
 * its own (--fresh 1). An answer counts only when it is 200 and has exactly --expect-bytes of content: anything else is an error.
 * `{n}` in the URL is the number of the request: it starts at --first and, with --distinct K, begins again after K.
 * In the host of a tunnel it needs --fresh 1.
 *
 * Build: cc -O2 -Wall -o load-generator load-generator.c -lssl -lcrypto
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum stage { CLOSED, CONNECTING, TUNNELLING, HANDSHAKING, AWAITING_HEAD, READING };

typedef struct {
    enum stage stage;
    int socket, answered, closing; /* requests served; the server said Connection: close */
    SSL *tls;
    long number, allowance; /* of the request under way or -1; bytes that may be read before the next tick, when paced */
    char host[200], head[8192];
    size_t head_bytes;
    long long left, got; /* of the content */
    double begun;
} Connection;

static struct { const char *url; double port, tunnel, fresh, connections, requests, distinct, first, rate, seconds, limit, expected; }
    plan = {.connections = 1, .limit = 300, .expected = -1};
static const struct { const char *name; double *value; } numbers[] = {
    {"--port", &plan.port},         {"--tunnel", &plan.tunnel},     {"--fresh", &plan.fresh}, {"--connections", &plan.connections},
    {"--requests", &plan.requests}, {"--distinct", &plan.distinct}, {"--first", &plan.first}, {"--bytes-per-second", &plan.rate},
    {"--seconds", &plan.seconds},   {"--limit", &plan.limit},       {"--expect-bytes", &plan.expected},
};
static struct { long requests, errors, hits; long long bytes; char first_error[200]; } total;
static struct { double *ms; size_t count, room; } times;
static int poller;
static long issued;
static double deadline, last_answer, tick = 0.1;
static SSL_CTX *tls_context;
static char content[1 << 18];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void die(const char *message) {
    fprintf(stderr, "load-generator: %s\n", message);
    exit(2);
}

static void remember(double full_ms) {
    if (times.count == times.room) times.ms = realloc(times.ms, (times.room = times.room * 2 + 65536) * sizeof(double));
    if (!times.ms) die("out of memory");
    times.ms[times.count++] = full_ms;
}

/* The number of the next request, or -1 when there is none to make any more. */
static long take_number(void) {
    if (plan.requests ? issued >= plan.requests : now() >= deadline) return -1;
    long number = plan.distinct ? issued % (long)plan.distinct : issued;
    issued++;
    return plan.first + number;
}

/* Writes the URL of request `number`; answers where its path begins. */
static char *write_url(char *url, size_t room, long number) {
    const char *mark = strstr(plan.url, "{n}");
    if (mark) snprintf(url, room, "%.*s%ld%s", (int)(mark - plan.url), plan.url, number, mark + 3);
    else snprintf(url, room, "%s", plan.url);
    char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    if (!path) die("--url must be SCHEME://HOST:PORT/PATH");
    return path;
}

static void listen_for(Connection *connection, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(poller, operation, connection->socket, &event);
}

static void hang_up(Connection *connection) {
    SSL_free(connection->tls);
    connection->tls = NULL;
    close(connection->socket);
    connection->stage = CLOSED;
}

/* Opens a connection for the request in `number`, or for a new one. */
static void dial(Connection *connection) {
    if (connection->number < 0) connection->begun = now();
    if (connection->number < 0 && (connection->number = take_number()) < 0) return;
    char url[1024], *path = write_url(url, sizeof url, connection->number), *host = strstr(url, "://") + 3;
    snprintf(connection->host, sizeof connection->host, "%.*s", (int)(path - host), host);
    struct sockaddr_in proxy = {.sin_family = AF_INET, .sin_port = htons(plan.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->socket < 0) die(strerror(errno));
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(connection->socket, (struct sockaddr *)&proxy, sizeof proxy) < 0 && errno != EINPROGRESS) die(strerror(errno));
    connection->stage = CONNECTING;
    connection->answered = 0;
    listen_for(connection, EPOLL_CTL_ADD, EPOLLOUT);
}

static void fail(Connection *connection, const char *reason) {
    if (total.errors++ == 0) snprintf(total.first_error, sizeof total.first_error, "%s", reason);
    ERR_clear_error();
    hang_up(connection);
    connection->number = -1;
    if (total.errors < 1000) dial(connection);
}

/* A request is far smaller than the buffer of a socket, so it leaves in one go or something is wrong. */
static void send_text(Connection *connection, enum stage next, const char *text, int length) {
    connection->head_bytes = 0;
    connection->stage = next;
    int sent = connection->tls ? SSL_write(connection->tls, text, length) : (int)write(connection->socket, text, length);
    if (sent != length) fail(connection, "a request could not be sent");
}

static void ask(Connection *connection) {
    char url[1024], text[2048], *path = write_url(url, sizeof url, connection->number);
    int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: larder-benchmark\r\nAccept: */*\r\n%s\r\n",
                          plan.tunnel ? path : url, connection->host, plan.fresh ? "Connection: close\r\n" : "");
    send_text(connection, AWAITING_HEAD, text, length);
}

static void shake_hands(Connection *connection) {
    int done = SSL_do_handshake(connection->tls);
    if (done == 1) { ask(connection); return; }
    if (SSL_get_error(connection->tls, done) == SSL_ERROR_WANT_READ) return;
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    fail(connection, reason ? reason : "the TLS handshake was cut");
}

static void start_tls(Connection *connection) {
    char name[200];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(connection->host, ":"), connection->host);
    connection->tls = SSL_new(tls_context);
    SSL_set_fd(connection->tls, connection->socket);
    SSL_set_tlsext_host_name(connection->tls, name);
    SSL_set1_host(connection->tls, name);
    SSL_set_connect_state(connection->tls);
    connection->stage = HANDSHAKING;
    shake_hands(connection);
}

static void on_connected(Connection *connection) {
    int error = 0;
    getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error) { fail(connection, strerror(error)); return; }
    listen_for(connection, EPOLL_CTL_MOD, EPOLLIN);
    if (!plan.tunnel) { ask(connection); return; }
    char text[500];
    send_text(connection, TUNNELLING, text, snprintf(text, sizeof text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", connection->host, connection->host));
}

static void on_answered(Connection *connection) {
    if (plan.expected >= 0 && connection->got != plan.expected) { fail(connection, "content of another length than expected"); return; }
    last_answer = now();
    remember((last_answer - connection->begun) * 1e3);
    total.requests++;
    connection->answered++;
    connection->number = -1;
    if (plan.fresh || connection->closing) { hang_up(connection); dial(connection); return; }
    if ((connection->number = take_number()) < 0) { hang_up(connection); return; }
    connection->begun = now();
    ask(connection);
}

/* Takes `length` bytes of a head; answers how many of them were content after it, or -1 while it is incomplete or wrong. */
static long take_head(Connection *connection, const char *bytes, long length) {
    size_t before = connection->head_bytes, room = sizeof connection->head - 1 - before;
    if ((size_t)length < room) room = length;
    memcpy(connection->head + before, bytes, room);
    connection->head[connection->head_bytes = before + room] = 0;
    char *end = strstr(connection->head, "\r\n\r\n");
    if (end && !strncmp(connection->head + 8, " 200", 4)) {
        end[2] = 0;
        return length - (end + 4 - connection->head - (long)before);
    }
    connection->head[strcspn(connection->head, end ? "\r\n" : "")] = 0;
    if (end || connection->head_bytes == sizeof connection->head - 1) fail(connection, end ? connection->head : "a response head above 8 KB");
    return -1;
}

static void on_head(Connection *connection) {
    static const char length_name[] = "\r\nContent-Length:";
    const char *length = strcasestr(connection->head, length_name), *status = strcasestr(connection->head, "\r\nCache-Status:");
    const char *hit = status ? strstr(status, "hit") : NULL;
    if (!length) { fail(connection, "a response without Content-Length"); return; }
    if ((hit && hit < strstr(status + 2, "\r\n")) || strstr(connection->head, "\r\nX-Cache: HIT")) total.hits++;
    connection->closing = strcasestr(connection->head, "\r\nConnection: close") != NULL;
    connection->left = atoll(length + sizeof length_name - 1);
    connection->got = 0;
    connection->stage = READING;
}

static void take(Connection *connection, const char *bytes, long length) {
    if (connection->stage != READING) {
        long rest = take_head(connection, bytes, length);
        if (rest < 0) return;
        if (connection->stage == TUNNELLING) { start_tls(connection); return; }
        on_head(connection);
        if (connection->stage != READING) return;
        bytes += length - rest;
        length = rest;
    }
    connection->got += length;
    connection->left -= length;
    if (connection->left <= 0) on_answered(connection);
}

static void on_readable(Connection *connection) {
    long most = sizeof content;
    if (plan.rate && connection->stage == READING) {
        if (connection->allowance <= 0) { listen_for(connection, EPOLL_CTL_MOD, 0); return; }
        if (connection->allowance < most) most = connection->allowance;
    }
    /* One TLS record fits the buffer, so nothing decrypted stays behind unseen by epoll. */
    long length = connection->tls ? SSL_read(connection->tls, content, most) : read(connection->socket, content, most);
    if (length > 0) {
        total.bytes += length;
        connection->allowance -= length;
        take(connection, content, length);
        return;
    }
    if (connection->tls ? SSL_get_error(connection->tls, length) == SSL_ERROR_WANT_READ : length < 0 && errno == EAGAIN) return;
    /* A kept connection may be closed just when it is used again: the request is asked once more on a new one. */
    if (connection->stage == AWAITING_HEAD && connection->head_bytes == 0 && connection->answered > 0) {
        hang_up(connection);
        dial(connection);
    } else fail(connection, connection->stage == READING ? "the content was cut" : "the connection was closed without an answer");
}

static void give_allowance(Connection *connections) {
    for (int at = 0; at < plan.connections; at++) {
        connections[at].allowance = plan.rate * tick;
        if (connections[at].stage >= TUNNELLING) listen_for(&connections[at], EPOLL_CTL_MOD, EPOLLIN);
    }
}

static int ascending(const void *a, const void *b) { return *(const double *)a > *(const double *)b ? 1 : -1; }
static double quantile(double share) { return times.count ? times.ms[(size_t)(share * (times.count - 1) + 0.5)] : 0; }

static void report(double seconds) {
    if (times.count) qsort(times.ms, times.count, sizeof(double), ascending);
    for (char *at = total.first_error; *at; at++) if (*at == '"' || *at == '\\' || *at < ' ') *at = ' ';
    printf("{\"requests\":%ld,\"errors\":%ld,\"hits\":%ld,\"bytes\":%lld,\"seconds\":%.4f,\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"firstError\":\"%s\"}\n",
           total.requests, total.errors, total.hits, total.bytes, seconds, quantile(0.5), quantile(0.99), total.first_error);
}

/* Options come in pairs: a name and its value. */
static void read_plan(int count, char **words) {
    for (int at = 1; at + 1 < count; at += 2) {
        size_t option = 0;
        while (option < sizeof numbers / sizeof *numbers && strcmp(words[at], numbers[option].name)) option++;
        if (option < sizeof numbers / sizeof *numbers) *numbers[option].value = atof(words[at + 1]);
        else if (!strcmp(words[at], "--url")) plan.url = words[at + 1];
        else if (!strcmp(words[at], "--ca") && SSL_CTX_load_verify_locations(tls_context, words[at + 1], NULL))
            SSL_CTX_set_verify(tls_context, SSL_VERIFY_PEER, NULL);
        else die("an unknown option, or a CA that cannot be read");
    }
    if (!plan.port || !plan.url || (!plan.seconds && !plan.requests)) die("--port, --url and --seconds or --requests are needed");
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    tls_context = SSL_CTX_new(TLS_client_method());
    read_plan(count, words);
    poller = epoll_create1(EPOLL_CLOEXEC);
    Connection *connections = calloc(plan.connections, sizeof *connections);
    double start = now(), next_tick = start;
    deadline = start + (plan.requests ? plan.limit : plan.seconds);
    for (int at = 0; at < plan.connections; at++) { connections[at].number = -1; dial(&connections[at]); }
    for (int busy = 1; busy && now() < deadline && total.errors < 1000;) {
        struct epoll_event events[256];
        if (plan.rate && now() >= next_tick) { give_allowance(connections); next_tick += tick; }
        int ready = epoll_wait(poller, events, 256, plan.rate ? 20 : 200);
        for (int at = 0; at < ready; at++) {
            Connection *connection = events[at].data.ptr;
            (connection->stage == CONNECTING ? on_connected : connection->stage == HANDSHAKING ? shake_hands : on_readable)(connection);
        }
        busy = 0;
        for (int at = 0; at < plan.connections && !busy; at++) busy = connections[at].stage != CLOSED;
    }
    if (plan.requests && total.requests + total.errors < plan.requests && total.errors++ == 0) snprintf(total.first_error, sizeof total.first_error, "not done in time");
    report((plan.requests && last_answer ? last_answer : now()) - start);
    return 0;
}
