/* watched.c — the tables of watched.h, and whether a spec makes sense by itself. */
#include "check/watched.h"

#include <stddef.h>
#include <string.h>

#include "label/labels.h"

const char *const timeout_states[] = {"critical", "unknown", NULL};

#define RECORD_SELF struct host
RECORD_LAYOUT(host, HOST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct http_check
RECORD_LAYOUT(http_check, HTTP_CHECK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct tcp_check
RECORD_LAYOUT(tcp_check, TCP_CHECK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct tls_check
RECORD_LAYOUT(tls_check, TLS_CHECK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct ping_check
RECORD_LAYOUT(ping_check, PING_CHECK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct service
RECORD_LAYOUT(service, SERVICE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct check_command
RECORD_LAYOUT(check_command, CHECK_COMMAND_KEYS)
#undef RECORD_SELF

enum { ARGS_MAX = 32, ARGV_MAX = 128, TEXT_MAX = 4096, ATTEMPTS_MAX = 100, PACKETS_MAX = 20 };

/* Labels that we set ourselves. */
static const char *const own_labels[] = {"alertname", "host", "service", "severity", "state", LABEL_METRIC, NULL};

static enum rc
labels_check(struct pairs labels, struct err *e)
{
	for (size_t i = 0; i < labels.n; i++) {
		if (!label_name_is_classic(labels.p[i].name))
			return err_set(e, RC_INVALID, "labels: \"%.*s\" is not a label name: letters, digits and underscores",
			    STR_ARG(labels.p[i].name));
		for (int k = 0; own_labels[k]; k++)
			if (str_is(labels.p[i].name, own_labels[k]))
				return err_set(e, RC_INVALID, "labels: %s is set by the check itself", own_labels[k]);
		if (!str_utf8(labels.p[i].value))
			return err_set(e, RC_INVALID, "labels: the value of %.*s is not UTF-8", STR_ARG(labels.p[i].name));
	}
	return RC_OK;
}

/* It becomes an argument of programs: nothing that could be taken for an option or for more than an address. */
static bool
is_address(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool word = ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9');
		if (!word && !strchr(".:-_%", c))
			return false;
	}
	return s.n < 254 && !(s.n && *s.p == '-');
}

enum rc
host_check(const void *spec, struct err *e)
{
	const struct host *h = spec;
	if (!is_address(h->address))
		return err_set(e, RC_INVALID, "address: \"%.*s\" is neither an IP address nor a name in the DNS", STR_ARG(str_to(h->address, 300)));
	return labels_check(h->labels, e);
}

static bool
is_status(struct str s)
{
	if (s.n != 3 || *s.p < '1' || *s.p > '5')
		return false;
	return str_is(str_from(s, 1), "xx") || (s.p[1] >= '0' && s.p[1] <= '9' && s.p[2] >= '0' && s.p[2] <= '9');
}

bool
http_status_fits(struct strs words, int status)
{
	for (size_t i = 0; i < words.n; i++) {
		int64_t exact;
		if (str_i64(words.p[i], &exact) ? exact == status : words.p[i].n && *words.p[i].p - '0' == status / 100)
			return true;
	}
	return false;
}

/* A line end in a header would be a header, or a request, of its own. */
static bool
is_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
			return false;
	return true;
}

static enum rc
http_check_check(const struct http_check *h, struct err *e)
{
	if (!str_starts(h->url, STR("http://")) && !str_starts(h->url, STR("https://")))
		return err_set(e, RC_INVALID, "http.url: \"%.*s\" does not begin with http:// or https://", STR_ARG(str_to(h->url, 300)));
	if (!is_line(h->url))
		return err_set(e, RC_INVALID, "http.url: it holds control characters");
	for (size_t i = 0; i < h->headers.n; i++)
		if (!is_line(h->headers.p[i].name) || str_chr(h->headers.p[i].name, ':') >= 0 || !is_line(h->headers.p[i].value))
			return err_set(e, RC_INVALID, "http.headers: number %zu holds control characters, or a colon in its name", i + 1);
	for (size_t i = 0; i < h->status.n; i++)
		if (!is_status(h->status.p[i]))
			return err_set(e, RC_INVALID, "http.status: \"%.*s\" is neither a status such as 200 nor a class such as 2xx",
			    STR_ARG(str_to(h->status.p[i], 40)));
	if (h->warning && h->critical && h->warning > h->critical)
		return err_set(e, RC_INVALID, "http.warning is longer than http.critical: it would never be seen");
	if (h->certificate_warning && h->certificate_warning < h->certificate_critical)
		return err_set(e, RC_INVALID, "http.certificate_warning is shorter than http.certificate_critical: it would never be seen");
	return RC_OK;
}

static enum rc
port_check(const char *key, int64_t port, struct err *e)
{
	return port >= 0 && port < 65536 ? RC_OK : err_set(e, RC_INVALID, "%s.port: between 1 and 65535", key);
}

static enum rc
tcp_check_check(const struct service *s, struct err *e)
{
	if (s->tcp.send.n > TEXT_MAX || s->tcp.expect.n > TEXT_MAX)
		return err_set(e, RC_INVALID, "tcp.send and tcp.expect: at most %d bytes", TEXT_MAX);
	if (s->tcp.warning && s->tcp.critical && s->tcp.warning > s->tcp.critical)
		return err_set(e, RC_INVALID, "tcp.warning is longer than tcp.critical: it would never be seen");
	return port_check("tcp", s->tcp.port, e);
}

static enum rc
tls_check_check(const struct service *s, struct err *e)
{
	if (!is_address(s->tls.server_name))
		return err_set(e, RC_INVALID, "tls.server_name: \"%.*s\" is no name in the DNS", STR_ARG(str_to(s->tls.server_name, 300)));
	if (s->tls.certificate_warning && s->tls.certificate_warning < s->tls.certificate_critical)
		return err_set(e, RC_INVALID, "tls.certificate_warning is shorter than tls.certificate_critical: it would never be seen");
	return port_check("tls", s->tls.port, e);
}

static enum rc
ping_check_check(const struct service *s, struct err *e)
{
	if (s->ping.packets < 1 || s->ping.packets > PACKETS_MAX)
		return err_set(e, RC_INVALID, "ping.packets: between 1 and %d", PACKETS_MAX);
	return RC_OK;
}

static enum rc
http_of_service(const struct service *s, struct err *e)
{
	return http_check_check(&s->http, e);
}

/* The built-in kinds, and what each asks of its keys.  An administrator's command of the same name goes before all but
 * http; one that takes arguments is meant. */
static const struct {
	const char *name;
	enum rc (*check)(const struct service *, struct err *);
} natives[] = {{"http", http_of_service}, {"ping", ping_check_check}, {"tcp", tcp_check_check}, {"tls", tls_check_check}};

static enum rc
times_check(const struct service *s, struct err *e)
{
	if (s->interval < SECOND || s->interval > 7 * DAY)
		return err_set(e, RC_INVALID, "interval: between 1s and 7d");
	if (s->retry_interval < SECOND || s->retry_interval > 7 * DAY)
		return err_set(e, RC_INVALID, "retry_interval: between 1s and 7d");
	if (s->timeout < 100 || s->timeout > 10 * MINUTE)
		return err_set(e, RC_INVALID, "timeout: between 100ms and 10m");
	if (s->max_attempts < 1 || s->max_attempts > ATTEMPTS_MAX)
		return err_set(e, RC_INVALID, "max_attempts: between 1 and %d", ATTEMPTS_MAX);
	return RC_OK;
}

enum rc
service_check(const void *spec, struct err *e)
{
	const struct service *s = spec;
	int native = -1;
	for (size_t i = 0; i < sizeof natives / sizeof *natives; i++)
		if (str_is(s->check, natives[i].name))
			native = (int)i;
	if (times_check(s, e) != RC_OK || labels_check(s->labels, e) != RC_OK)
		return RC_INVALID;
	if (!str_utf8(s->title) || s->title.n > 200 || !str_utf8(s->severity))
		return err_set(e, RC_INVALID, "title: at most 200 bytes of UTF-8");
	if (s->args.n > ARGS_MAX)
		return err_set(e, RC_INVALID, "args: at most %d", ARGS_MAX);
	if (native == 0 && s->args.n)
		return err_set(e, RC_INVALID, "args: http has none; what it asks for stands under http");
	if (s->args.n)
		native = -1;
	if (!str_is(s->check, "http") && s->http.url.n)
		return err_set(e, RC_INVALID, "http: the check is \"%.*s\", not http", STR_ARG(str_to(s->check, 100)));
	if (!str_is(s->check, "tcp") && s->tcp.port)
		return err_set(e, RC_INVALID, "tcp: the check is \"%.*s\", not tcp", STR_ARG(str_to(s->check, 100)));
	for (size_t i = 0; i < s->args.n; i++)
		if (s->args.p[i].n > TEXT_MAX || str_chr(s->args.p[i], '\0') >= 0)
			return err_set(e, RC_INVALID, "args: number %zu is over %d bytes, or holds a NUL", i + 1, TEXT_MAX);
	return native >= 0 ? natives[native].check(s, e) : RC_OK;
}

enum rc
check_command_check(const void *spec, struct err *e)
{
	const struct check_command *c = spec;
	if (c->argv.n == 0 || c->argv.n > ARGV_MAX)
		return err_set(e, RC_INVALID, "argv: a program and at most %d arguments", ARGV_MAX - 1);
	if (!c->argv.p[0].n || *c->argv.p[0].p != '/')
		return err_set(e, RC_INVALID, "argv: the program \"%.*s\" is not an absolute path", STR_ARG(str_to(c->argv.p[0], 300)));
	if (str_chr(c->argv.p[0], '$') >= 0)
		return err_set(e, RC_INVALID, "argv: which program runs must not depend on a macro");
	for (size_t i = 0; i < c->argv.n; i++)
		if (c->argv.p[i].n > TEXT_MAX || str_chr(c->argv.p[i], '\0') >= 0)
			return err_set(e, RC_INVALID, "argv: number %zu is over %d bytes, or holds a NUL", i + 1, TEXT_MAX);
	return RC_OK;
}
