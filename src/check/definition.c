/* definition.c — see definition.h. */
#include "check/definition.h"

#include "check/macro.h"
#include "check/probe.h"

static const struct check_kind *const natives[] = {&http_kind, &ping_kind, &tcp_kind, &tls_kind};

const struct check_kind *
native_kind(struct str name)
{
	for (size_t i = 0; i < sizeof natives / sizeof *natives; i++)
		if (str_is(name, natives[i]->name))
			return natives[i];
	return NULL;
}

struct definition *
definition_ref(struct definition *d)
{
	d->refs++;
	return d;
}

void
definition_unref(struct definition **pd)
{
	struct definition *d = *pd;
	*pd = NULL;
	if (!d || --d->refs > 0)
		return;
	struct arena *a = d->arena;
	arena_destroy(&a);
}

static struct str
expanded(struct definition *d, struct str text, const struct macros *m)
{
	struct buf b = {0};
	macro_expand(&b, text, m);
	struct str s = arena_str(d->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* The service's labels win over the host's. */
static void
set_labels(struct definition *d, const struct host *host)
{
	struct label_builder b = {0};
	label_builder_start(&b, (struct labels){0});
	for (size_t i = 0; host && i < host->labels.n; i++)
		label_builder_set(&b, host->labels.p[i].name, host->labels.p[i].value);
	for (size_t i = 0; i < d->spec.labels.n; i++)
		label_builder_set(&b, d->spec.labels.p[i].name, d->spec.labels.p[i].value);
	label_builder_set(&b, STR("host"), d->host);
	label_builder_set(&b, STR("service"), d->title);
	d->labels = label_builder_done(&b, d->arena);
	label_builder_fini(&b);
}

/* A customer's argument must not become an option of the program, unless the administrator says that it may. */
static bool
args_are_harmless(struct definition *d, const struct check_command *c)
{
	for (size_t i = 0; i < d->spec.args.n && !c->options; i++) {
		if (str_starts(d->spec.args.p[i], STR("-"))) {
			d->trouble = arena_fmt(d->arena, "argument %zu begins with a dash, and the check_command %.*s allows no options", i + 1,
			    STR_ARG(d->spec.check));
			return false;
		}
	}
	return true;
}

static void
set_command(struct definition *d, const struct check_command *c, const struct macros *m)
{
	if (!c) {
		d->trouble = arena_fmt(d->arena, "there is no check_command \"%.*s\"", STR_ARG(d->spec.check));
		return;
	}
	if (!args_are_harmless(d, c))
		return;
	d->argv.p = arena_array(d->arena, struct str, c->argv.n);
	for (size_t i = 0; i < c->argv.n; i++)
		d->argv.p[d->argv.n++] = expanded(d, c->argv.p[i], m);
	d->kind = &plugin_kind;
}

/* An administrator's command goes before a built-in kind of the same name, but for http, which was there first. */
static void
set_kind(struct definition *d, const struct check_command *c, const struct macros *m)
{
	const struct check_kind *native = native_kind(d->spec.check);
	if (!native || (c && native != &http_kind)) {
		set_command(d, c, m);
		return;
	}
	d->url = expanded(d, d->spec.http.url, m);
	if (native == &tcp_kind && !d->spec.tcp.port)
		d->trouble = STR("tcp.port is missing");
	else if (native != &http_kind && d->spec.args.n)
		d->trouble = arena_fmt(d->arena, "%s is built in and takes no arguments, and there is no check_command of that name", native->name);
	else
		d->kind = native;
}

static uint64_t
hash_of(const struct definition *d)
{
	struct buf b = {0};
	record_encode(&service_layout, &d->spec, &b);
	buf_field(&b, d->address);
	buf_field(&b, d->url);
	buf_field(&b, d->trouble);
	buf_field(&b, d->labels.bytes);
	for (size_t i = 0; i < d->argv.n; i++)
		buf_field(&b, d->argv.p[i]);
	uint64_t hash = str_hash(buf_view(&b));
	buf_fini(&b);
	return hash;
}

struct definition *
definition_create(const struct book *book, const struct resource *r, const struct service *s, msec_t now)
{
	struct arena *a = arena_create();
	struct definition *d = arena_new(a, struct definition);
	const struct host *host = book_find(book, "host", r->customer, s->host, now);
	d->refs = 1;
	d->arena = a;
	record_copy(&service_layout, &d->spec, s, a);
	d->customer = r->customer.n ? arena_str(a, r->customer) : STR("default");
	d->key = arena_fmt(a, "%.*s/%.*s", STR_ARG(r->customer), STR_ARG(r->name));
	d->host = d->spec.host;
	d->title = d->spec.title.n ? d->spec.title : arena_str(a, r->name);
	d->address = host && host->address.n ? arena_str(a, host->address) : d->host;
	set_labels(d, host);
	const struct macros m = {d->address, d->host, d->title, d->spec.args};
	if (!host) {
		d->trouble = arena_fmt(a, "there is no host \"%.*s\"", STR_ARG(d->host));
	} else {
		set_kind(d, book_find(book, "check_command", STR(""), s->check, now), &m);
	}
	d->hash = hash_of(d);
	return d;
}
