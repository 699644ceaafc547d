/*
 * set.c — people and agreements come into force, and what that sets in motion.
 *
 * IDEA   A batch is one turn: every resource is checked before the first one is set.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "access/user.h"
#include "base/log.h"
#include "engine/drill.h"
#include "engine/engine_impl.h"
#include "engine/proof.h"
#include "ingest/heartbeat.h"

void
engine_uuid(char out[37])
{
	unsigned char r[16];
	randombytes_buf(r, sizeof r);
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	char *p = out;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += snprintf(p, 3, "%02x", r[i]);
	}
}

/* What was applied from a file is changed in that file: elsewhere it is read-only. */
static enum rc
check_manager(struct engine *e, const struct resource *r, struct err *err)
{
	const void *spec;
	const struct resource *now = book_resource(e->book, arena_cstr(e->turn->arena, r->kind), r->customer, r->name, e->turn->now, &spec);
	if (!now || !now->managed.n || r->managed.n)
		return RC_OK;
	return err_set(err, RC_DENIED, "%.*s \"%.*s\" is managed by %.*s: change it there and apply it", STR_ARG(r->kind), STR_ARG(r->name),
	    STR_ARG(now->managed));
}

/* A spec that was checked; NULL with an error when it makes no sense. */
static enum rc
check_resource(struct engine *e, const struct resource *r, void **spec, struct err *err)
{
	const struct resource_kind *k = book_kind(e->book, r->kind);
	*spec = NULL;
	if (!k)
		return err_set(err, RC_INVALID, "there is no kind of resource \"%.*s\"", STR_ARG(r->kind));
	if (!resource_name_ok(r->name) || (r->customer.n && !resource_name_ok(r->customer)))
		return err_set(err, RC_INVALID, "%s \"%.*s\": a name has 1 to 63 letters, digits, dots, dashes and underscores", k->name,
		    STR_ARG(r->name));
	if (r->customer.n && !k->per_customer)
		return err_set(err, RC_INVALID, "a %s belongs to everybody, not to a customer", k->name);
	if (check_manager(e, r, err) != RC_OK)
		return RC_DENIED;
	if (r->removed)
		return RC_OK;
	*spec = arena_alloc(e->turn->arena, k->layout->size);
	if (record_decode(k->layout, *spec, r->spec, e->turn->arena, err) != RC_OK)
		return RC_INVALID;
	if (k->check && k->check(*spec, err) != RC_OK)
		return err_add(err, "in %s \"%.*s\"", k->name, STR_ARG(r->name));
	return RC_OK;
}

/* What is made for who does not say it. */
static void
complete_resource(struct engine *e, struct resource *r, void *spec)
{
	struct buf b = {0};
	bool beat = str_is(r->kind, "heartbeat");
	if (!spec || (!beat && !str_is(r->kind, "user")))
		return;
	if (beat)
		beat_name(e, r, spec, engine_uuid);
	else
		proof_carry(e, r->name, spec);
	record_encode(beat ? &heartbeat_layout : &user_layout, spec, &b);
	r->spec = arena_str(e->turn->arena, buf_view(&b));
	buf_fini(&b);
}

struct open_work {
	struct str customer;
	VEC(struct ticket_change) changes;
};

static bool
end_one(void *arg, struct ticket *k)
{
	struct open_work *w = arg;
	if (str_eq(k->customer, w->customer))
		*vec_add(&w->changes) = (struct ticket_change){.number = k->number, .verb = k->state == TICKET_PROPOSED ? VERB_REJECT : VERB_CLOSE,
		    .text = STR("its customer is no longer served")};
	return true;
}

/* Nobody is left for whom it could be done. */
static void
end_work_of(struct engine *e, struct str customer)
{
	struct open_work w = {.customer = customer};
	struct desk_next next;
	struct err err;
	desk_each(e->desk, end_one, &w);
	for (size_t i = 0; i < w.changes.n; i++) {
		if (desk_change(e->desk, e->turn, &w.changes.p[i], &next, &err) == RC_OK)
			engine_follow(e, next);
		else
			log_error("engine", "ticket %lld: %s", (long long)w.changes.p[i].number, err.text);
	}
	vec_fini(&w.changes);
}

/* What a resource sets in motion when it comes into force. */
static bool
set_resource(struct engine *e, const struct resource *r, const void *spec)
{
	bool changed = book_set(e->book, e->turn, r, spec, r->valid_from);
	if (changed && str_is(r->kind, "drill"))
		drill_planned(e, r, spec);
	if (changed && str_is(r->kind, "heartbeat"))
		beat_changed(e, r, spec);
	if (changed && r->removed && str_is(r->kind, "customer") && r->valid_from <= e->turn->now)
		end_work_of(e, r->name);
	return changed;
}

/* All or none: every resource is checked before the first one is set. */
enum rc
engine_set_resources(struct engine *e, const struct resource_batch *b, int64_t *n, struct err *err)
{
	void **specs = arena_array(e->turn->arena, void *, b->resources.n + 1);
	for (size_t i = 0; i < b->resources.n; i++) {
		const struct resource *r = &b->resources.p[i];
		enum rc rc = check_resource(e, r, &specs[i], err);
		if (rc != RC_OK)
			return rc;
		if (r->valid_from && r->valid_from < e->turn->now && !b->why.n)
			return err_set(err, RC_INVALID, "%.*s \"%.*s\": a version that is valid from the past needs a reason", STR_ARG(r->kind),
			    STR_ARG(r->name));
	}
	int64_t changed = 0;
	for (size_t i = 0; i < b->resources.n; i++) {
		struct resource *r = &b->resources.p[i];
		complete_resource(e, r, specs[i]);
		if (b->dry_run)
			changed += book_would_change(e->book, r, specs[i], r->valid_from ? r->valid_from : e->turn->now);
		else
			changed += set_resource(e, r, specs[i]);
	}
	if (changed && !b->dry_run)
		desk_agreements_changed(e->desk, e->turn);
	*n = changed;
	return RC_OK;
}

