/* view.c — Alertmanager's answers from the engine's memory; see order.h. */
#include <stddef.h>

#include "alert/view.h"
#include "engine/engine_impl.h"
#include "engine/order.h"
#include "label/regex.h"

const char *const view_subjects[] = {"alerts", "groups", "silences", "silence", "receivers", "status", "causes", NULL};

#define RECORD_SELF struct silence_order
RECORD_LAYOUT(silence_order, SILENCE_ORDER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct view_request
RECORD_LAYOUT(view_request, VIEW_REQUEST_KEYS)
#undef RECORD_SELF

static enum rc
read_matchers(const struct view_request *q, struct matchers *out, struct err *e)
{
	for (size_t i = 0; i < q->matchers.n; i++)
		if (matchers_parse(out, q->matchers.p[i], e) != RC_OK)
			return err_add(e, "in filter \"%.*s\"", STR_ARG(q->matchers.p[i]));
	return RC_OK;
}

static void
show(struct engine *e, const struct view_request *q, const struct matchers *m, const struct regex *receiver, struct buf *out)
{
	msec_t now = e->turn->now;
	struct view_filter f;
	view_filter_init(&f);
	f.customer = q->customer;
	f.active = !q->no_active;
	f.silenced = !q->no_silenced;
	f.inhibited = !q->no_inhibited;
	f.unprocessed = !q->no_unprocessed;
	f.muted = !q->no_muted;
	f.matchers = q->matchers.n ? m : NULL;
	f.receiver = receiver;
	switch (q->subject) {
	case VIEW_ALERTS:
		view_alerts(e->road, &f, now, out);
		break;
	case VIEW_GROUPS:
		view_groups(e->road, &f, now, out);
		break;
	case VIEW_SILENCES:
		view_silences(e->road, q->customer, f.matchers, now, out);
		break;
	case VIEW_RECEIVERS:
		view_receivers(e->road, q->limited ? &q->customer : NULL, out);
		break;
	case VIEW_CAUSES:
		view_causes(e->road, q->customers, now, out);
		break;
	default:
		view_status(e->road, "0.33.0", e->started, !q->limited, out);
		break;
	}
}

enum rc
engine_view(struct engine *e, const void *request, struct buf *out, struct err *err)
{
	const struct view_request *q = request;
	struct matchers m = {0};
	struct regex *receiver = NULL;
	if (q->subject == VIEW_SILENCE)
		return view_silence(e->road, q->customer, q->id, e->turn->now, out) ? RC_OK
										    : err_set(err, RC_ABSENT, "silence not found");
	enum rc rc = read_matchers(q, &m, err);
	if (rc == RC_OK && q->receiver.n)
		rc = regex_create(q->receiver, REGEX_WHOLE, &receiver, err);
	if (rc == RC_OK)
		show(e, q, &m, receiver, out);
	matchers_fini(&m);
	if (receiver)
		regex_destroy(&receiver);
	return rc;
}
