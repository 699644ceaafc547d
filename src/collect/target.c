/* target.c — see target.h. */
#include "collect/target.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/time.h"
#include "conf/node.h"
#include "wire/url.h"

enum { FILE_LIMIT = 16 << 20 };

enum rc
target_rules(const struct conf_relabel *c, size_t n, struct relabel **out, struct err *e)
{
	*out = relabel_create();
	for (size_t i = 0; i < n; i++) {
		struct relabel_spec spec = {
		    .action = (enum relabel_action)c[i].action,
		    .source_labels = c[i].source_labels,
		    .separator = c[i].separator,
		    .regex = c[i].regex,
		    .target_label = c[i].target_label,
		    .replacement = c[i].replacement,
		    .modulus = c[i].modulus,
		};
		if (relabel_add(*out, &spec, e) != RC_OK) {
			relabel_destroy(out);
			return e ? e->rc : RC_INVALID;
		}
	}
	return RC_OK;
}

/* ---- one target ---- */

#define PARAM "__param_"

struct making {
	const struct conf_scrape *job;
	const struct relabel *rules;
	struct arena *arena;
	struct target_list *out;
};

static struct str
duration_text(msec_t t, struct arena *a)
{
	struct buf b = {0};
	duration_print(&b, t);
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

static struct str
param_label(const struct making *m, struct str name)
{
	return arena_fmt(m->arena, PARAM "%.*s", STR_ARG(name));
}

/* What discovery says of a target itself goes before what its job says. */
static void
set_absent(struct label_builder *b, struct str name, struct str value)
{
	if (!label_builder_get(b, name).n)
		label_builder_set(b, name, value);
}

static void
set_meta(struct label_builder *b, const struct making *m, struct str address)
{
	static const char *const schemes[] = {"http", "https"};
	const struct conf_scrape *c = m->job;
	label_builder_set(b, STR("__address__"), address);
	set_absent(b, STR("job"), c->job_name);
	set_absent(b, STR("__scheme__"), str_c(schemes[c->scheme]));
	set_absent(b, STR("__metrics_path__"), c->metrics_path);
	set_absent(b, STR("__scrape_interval__"), duration_text(c->scrape_interval, m->arena));
	set_absent(b, STR("__scrape_timeout__"), duration_text(c->scrape_timeout, m->arena));
	for (size_t i = 0; i < c->params.n; i++)
		if (c->params.p[i].values.n)
			set_absent(b, param_label(m, c->params.p[i].name), c->params.p[i].values.p[0]);
}

static bool
has_port(struct str address)
{
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] == ':')
			colon = (ptrdiff_t)i;
	return colon >= 0 && address.p[address.n - 1] != ']' && (address.p[0] != '[' || memchr(address.p, ']', (size_t)colon));
}

static void
add_param(struct buf *url, struct str name, struct str value)
{
	bool first = str_chr(buf_view(url), '?') < 0;
	buf_ch(url, first ? '?' : '&');
	url_escape_query(url, name);
	buf_ch(url, '=');
	url_escape_query(url, value);
}

static bool
has_param(const struct conf_scrape *c, struct str name)
{
	for (size_t i = 0; i < c->params.n; i++)
		if (str_eq(c->params.p[i].name, name))
			return true;
	return false;
}

/* The first value of a parameter may have been relabelled, or made by relabelling; the others stand as the job says. */
static void
add_params(struct buf *url, const struct making *m, const struct label_builder *b)
{
	const struct conf_scrape *c = m->job;
	for (size_t i = 0; i < c->params.n; i++)
		for (size_t k = 0; k < c->params.p[i].values.n; k++)
			add_param(url, c->params.p[i].name,
			    k ? c->params.p[i].values.p[k] : label_builder_get(b, param_label(m, c->params.p[i].name)));
	for (size_t i = 0; i < b->set.n; i++) {
		struct str name = b->set.p[i].name;
		if (str_starts(name, STR(PARAM)) && !has_param(c, str_from(name, sizeof PARAM - 1)))
			add_param(url, str_from(name, sizeof PARAM - 1), label_builder_get(b, name));
	}
}

static struct str
url_of(const struct making *m, const struct label_builder *b)
{
	struct str address = label_builder_get(b, STR("__address__")), scheme = label_builder_get(b, STR("__scheme__"));
	struct buf url = {0};
	const char *port = has_port(address) ? "" : str_is(scheme, "https") ? ":443" : ":80";
	buf_fmt(&url, "%.*s://%.*s%s%.*s", STR_ARG(scheme), STR_ARG(address), port, STR_ARG(label_builder_get(b, STR("__metrics_path__"))));
	add_params(&url, m, b);
	struct str s = arena_str(m->arena, buf_view(&url));
	buf_fini(&url);
	return s;
}

static msec_t
duration_of(const struct label_builder *b, const char *name, msec_t otherwise)
{
	msec_t t;
	return duration_parse(label_builder_get(b, str_c(name)), &t) && t > 0 ? t : otherwise;
}

/* What begins with __ was for us; the rest is what every sample gets. */
static struct labels
visible(struct label_builder *b, struct arena *a)
{
	VEC(struct str) meta = {0};
	for (size_t i = 0; i < b->set.n; i++)
		if (str_starts(b->set.p[i].name, STR("__")))
			*vec_add(&meta) = b->set.p[i].name;
	for (size_t i = 0; i < meta.n; i++)
		label_builder_del(b, meta.p[i]);
	vec_fini(&meta);
	return label_builder_done(b, a);
}

static void
add_target(struct making *m, struct str address, struct pairs labels)
{
	struct label_builder b = {0};
	struct target t = {.job = m->job->job_name};
	label_builder_start(&b, labels_from_pairs(labels, m->arena));
	set_meta(&b, m, address);
	t.discovered = label_builder_done(&b, m->arena);
	label_builder_start(&b, t.discovered);
	if (!relabel_apply(m->rules, &b, m->arena) || !label_builder_get(&b, STR("__address__")).n) {
		m->out->dropped++;
		label_builder_fini(&b);
		return;
	}
	t.url = url_of(m, &b);
	t.interval = duration_of(&b, "__scrape_interval__", m->job->scrape_interval);
	t.timeout = duration_of(&b, "__scrape_timeout__", m->job->scrape_timeout);
	t.tenant = label_builder_get(&b, STR("__tenant_id__"));
	if (!t.tenant.n)
		t.tenant = m->job->customer.n ? m->job->customer : STR("default");
	if (!label_builder_get(&b, STR("instance")).n)
		label_builder_set(&b, STR("instance"), label_builder_get(&b, STR("__address__")));
	t.labels = visible(&b, m->arena);
	t.tenant = arena_str(m->arena, t.tenant);
	*vec_add(&m->out->targets) = t;
	label_builder_fini(&b);
}

/* ---- discovery ---- */

static struct pairs
node_labels(const struct node *n, struct arena *a)
{
	struct pairs out = {0};
	if (!n || n->kind != NODE_MAP)
		return out;
	out.p = arena_array(a, struct pair, n->n);
	for (size_t i = 0; i < n->n; i++)
		if (n->pairs[i].value->kind == NODE_SCALAR)
			out.p[out.n++] = (struct pair){n->pairs[i].key->text, n->pairs[i].value->text};
	pairs_sort(&out);
	return out;
}

/* [{"targets": ["host:port"], "labels": {…}}], JSON being YAML. */
static void
add_group(struct making *m, const struct node *group)
{
	const struct node *targets = group->kind == NODE_MAP ? node_get(group, STR("targets")) : NULL;
	struct pairs labels = group->kind == NODE_MAP ? node_labels(node_get(group, STR("labels")), m->arena) : (struct pairs){0};
	for (size_t i = 0; targets && targets->kind == NODE_LIST && i < targets->n; i++)
		if (targets->items[i]->kind == NODE_SCALAR)
			add_target(m, targets->items[i]->text, labels);
}

static enum rc
read_target_file(struct making *m, const char *path, struct err *e)
{
	struct buf b = {0};
	struct report r;
	enum rc rc = os_read_file(path, FILE_LIMIT, &b, e);
	if (rc != RC_OK)
		return rc;
	report_init(&r);
	const struct node *root = node_read(path, arena_str(m->arena, buf_view(&b)), m->arena, &r);
	for (size_t i = 0; root && root->kind == NODE_LIST && i < root->n; i++)
		add_group(m, root->items[i]);
	if (r.errors) {
		struct buf text = {0};
		report_print(&r, &text);
		rc = err_set(e, RC_INVALID, "%.*s", STR_ARG(str_trim(buf_view(&text))));
		buf_fini(&text);
	}
	report_fini(&r);
	buf_fini(&b);
	return rc;
}

static enum rc
read_target_files(struct making *m, const struct conf_file_sd *sd, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < sd->files.n; i++) {
		glob_t g;
		if (glob(arena_cstr(m->arena, sd->files.p[i]), 0, NULL, &g) != 0)
			continue; /* a pattern that matches nothing yet */
		for (size_t k = 0; k < g.gl_pathc; k++)
			if (read_target_file(m, g.gl_pathv[k], e) != RC_OK)
				rc = e ? e->rc : RC_INVALID;
		globfree(&g);
	}
	return rc;
}

static int
by_identity(const void *x, const void *y)
{
	const struct target *a = x, *b = y;
	int c = str_cmp(a->tenant, b->tenant);
	if (!c)
		c = labels_cmp(a->labels, b->labels);
	return c ? c : str_cmp(a->url, b->url);
}

static void
drop_doubles(struct target_list *l)
{
	size_t kept = 0;
	if (l->targets.n)
		qsort(l->targets.p, l->targets.n, sizeof *l->targets.p, by_identity);
	for (size_t i = 0; i < l->targets.n; i++)
		if (!kept || by_identity(&l->targets.p[kept - 1], &l->targets.p[i]) != 0)
			l->targets.p[kept++] = l->targets.p[i];
	l->targets.n = kept;
}

enum rc
target_discover(const struct conf_scrape *job, const struct relabel *rules, struct arena *a, struct target_list *out, struct err *e)
{
	struct making m = {job, rules, a, out};
	const struct conf_discovery *d = &job->discovery;
	enum rc rc = RC_OK;
	for (size_t i = 0; i < d->static_configs.n; i++)
		for (size_t k = 0; k < d->static_configs.p[i].targets.n; k++)
			add_target(&m, d->static_configs.p[i].targets.p[k], d->static_configs.p[i].labels);
	for (size_t i = 0; i < d->file_sd_configs.n; i++)
		if (read_target_files(&m, &d->file_sd_configs.p[i], e) != RC_OK)
			rc = e ? e->rc : RC_INVALID;
	drop_doubles(out);
	if (job->target_limit && out->targets.n > (size_t)job->target_limit)
		return err_set(e, RC_REFUSED, "job %.*s has %zu targets, its target_limit is %lld", STR_ARG(job->job_name), out->targets.n,
		    (long long)job->target_limit);
	return rc;
}
