/* payload.c — see payload.h. */
#include "alert/payload.h"

#include <string.h>

#include "base/time.h"
#include "wire/json.h"

static bool
any_fires(const struct told *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (held_fires(t->alerts[i], t->now))
			return true;
	return false;
}

static struct pairs
pairs_of(const struct held *h, bool annotations)
{
	return annotations ? h->a.annotations : h->a.labels;
}

/* What all alerts have alike. */
static struct pairs
common(const struct told *t, bool annotations, struct arena *a)
{
	struct pairs out = {0};
	if (t->n == 0)
		return out;
	struct pairs first = pairs_of(t->alerts[0], annotations);
	out.p = arena_array(a, struct pair, first.n);
	for (size_t k = 0; k < first.n; k++) {
		bool all = true;
		for (size_t i = 1; i < t->n && all; i++) {
			struct pairs other = pairs_of(t->alerts[i], annotations);
			bool same = false;
			for (size_t j = 0; j < other.n && !same; j++)
				same = str_eq(other.p[j].name, first.p[k].name) &&
				       str_eq(other.p[j].value, first.p[k].value);
			all = same;
		}
		if (all)
			out.p[out.n++] = first.p[k];
	}
	return out;
}

/* Alertmanager shows the receiver's name as a regular expression that matches it. */
static struct str
quoted_name(struct str name, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < name.n; i++) {
		if (strchr("\\.+*?()|[]{}^$", name.p[i]))
			buf_ch(&b, '\\');
		buf_ch(&b, name.p[i]);
	}
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* ---- for templates ---- */

static enum rc
select_status(struct run *r, const struct value *list, const char *status, struct value *out)
{
	struct arena *a = tmpl_arena(r);
	struct value *items = arena_array(a, struct value, list->list.n);
	size_t n = 0;
	for (size_t i = 0; i < list->list.n; i++)
		if (str_is(value_get(&list->list.items[i], STR("Status"))->s, status))
			items[n++] = list->list.items[i];
	*out = value_list(items, n, NULL);
	return RC_OK;
}

static enum rc
alerts_firing(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return select_status(r, args, "firing", out);
}

static enum rc
alerts_resolved(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return select_status(r, args, "resolved", out);
}

static const struct value_method alerts_methods[] = {
    {"Firing", 0, alerts_firing}, {"Resolved", 0, alerts_resolved}};
static const struct value_class class_alerts = {.name = "template.Alerts", .methods = alerts_methods, .n = 2};
static const struct value_class class_alert = {.name = "template.Alert", .fixed = true};
static const struct value_class class_data = {.name = "template.Data", .fixed = true};

static struct value
alert_value(const struct held *h, msec_t now, struct arena *a)
{
	bool firing = held_fires(h, now);
	struct value_pair *p = arena_array(a, struct value_pair, 8);
	p[0] = (struct value_pair){STR("Status"), value_str(firing ? STR("firing") : STR("resolved"))};
	p[1] = (struct value_pair){STR("Labels"), value_labels(h->a.labels, a)};
	p[2] = (struct value_pair){STR("Annotations"), value_labels(h->a.annotations, a)};
	p[3] = (struct value_pair){STR("StartsAt"), value_time(h->a.starts_at, NULL)};
	p[4] = (struct value_pair){STR("EndsAt"), value_time(firing ? VALUE_TIME_ZERO : h->a.ends_at, NULL)};
	p[5] = (struct value_pair){STR("GeneratorURL"), value_str(h->a.generator_url)};
	p[6] = (struct value_pair){STR("Fingerprint"), value_str(str_c(h->hex))};
	p[7] = (struct value_pair){STR("Customer"), value_str(h->a.customer)};
	return value_map(p, 8, &class_alert);
}

struct value
payload_data(const struct told *t, struct arena *a)
{
	struct value *alerts = arena_array(a, struct value, t->n);
	for (size_t i = 0; i < t->n; i++)
		alerts[i] = alert_value(t->alerts[i], t->now, a);
	struct value_pair *p = arena_array(a, struct value_pair, 10);
	p[0] =
	    (struct value_pair){STR("Receiver"), value_str(quoted_name(t->group->route->conf->receiver, a))};
	p[1] = (struct value_pair){STR("Status"), value_str(any_fires(t) ? STR("firing") : STR("resolved"))};
	p[2] = (struct value_pair){STR("Alerts"), value_list(alerts, t->n, &class_alerts)};
	p[3] = (struct value_pair){STR("GroupLabels"), value_labels(t->group->labels, a)};
	p[4] = (struct value_pair){STR("CommonLabels"), value_labels(common(t, false, a), a)};
	p[5] = (struct value_pair){STR("CommonAnnotations"), value_labels(common(t, true, a), a)};
	p[6] = (struct value_pair){STR("RouteLabels"), value_labels(t->group->route->conf->labels, a)};
	p[7] = (struct value_pair){STR("ExternalURL"), value_str(t->external_url)};
	p[8] = (struct value_pair){STR("NotificationReason"), value_str(str_c(t->reason))};
	p[9] = (struct value_pair){STR("Customer"), value_str(str_c(t->group->customer))};
	return value_map(p, 10, &class_data);
}

/* ---- for webhooks ---- */

static void
put_pairs(struct json_writer *w, const char *key, struct pairs p)
{
	jsonw_key(w, key);
	jsonw_object(w);
	for (size_t i = 0; i < p.n; i++) {
		jsonw_key_str(w, p.p[i].name);
		jsonw_str(w, p.p[i].value);
	}
	jsonw_object_end(w);
}

/* As Go writes it: there are receivers that compare with "0001-01-01T00:00:00Z". */
static void
put_time(struct json_writer *w, const char *key, msec_t t)
{
	char text[TIME_TEXT];
	jsonw_member(w, key, str_c(time_rfc3339_short(t, text)));
}

static void
put_alert(struct json_writer *w, const struct held *h, msec_t now)
{
	bool firing = held_fires(h, now);
	jsonw_object(w);
	jsonw_member(w, "status", firing ? STR("firing") : STR("resolved"));
	put_pairs(w, "labels", h->a.labels);
	put_pairs(w, "annotations", h->a.annotations);
	put_time(w, "startsAt", h->a.starts_at);
	put_time(w, "endsAt", firing ? VALUE_TIME_ZERO : h->a.ends_at);
	jsonw_member(w, "generatorURL", h->a.generator_url);
	jsonw_member(w, "fingerprint", str_c(h->hex));
	jsonw_object_end(w);
}

void
payload_webhook(const struct told *t, size_t max, struct buf *out)
{
	struct json_writer w;
	struct arena *a = arena_create();
	size_t n = max && t->n > max ? max : t->n;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_member(&w, "receiver", quoted_name(t->group->route->conf->receiver, a));
	jsonw_member(&w, "status", any_fires(t) ? STR("firing") : STR("resolved"));
	jsonw_key(&w, "alerts");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++)
		put_alert(&w, t->alerts[i], t->now);
	jsonw_array_end(&w);
	jsonw_member(&w, "notification_reason", str_c(t->reason));
	put_pairs(&w, "groupLabels", t->group->labels);
	put_pairs(&w, "commonLabels", common(t, false, a));
	put_pairs(&w, "commonAnnotations", common(t, true, a));
	jsonw_member(&w, "externalURL", t->external_url);
	jsonw_member(&w, "version", STR("4"));
	jsonw_member(&w, "groupKey", str_c(t->group->key));
	jsonw_key(&w, "truncatedAlerts");
	jsonw_i64(&w, (int64_t)(t->n - n));
	jsonw_object_end(&w);
	arena_destroy(&a);
}
