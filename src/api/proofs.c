/* proofs.c — a person proves a mailbox or a telephone by a code; administrators may ask for it on somebody's behalf. */
#include "api/api_impl.h"
#include "engine/proof.h"

static void
done(struct call *c, const struct reply *r)
{
	if (r->rc != RC_OK)
		answer_reply(c, r);
	else
		http_answer(c->req, 200, "application/json", STR("{\"ok\":true}"));
}

static bool
read_order(struct call *c, struct proof_order *o)
{
	if (!str_eq(c->part[0], c->who.name) && (c->who.role < ROLE_ADMIN || c->who.customers.n)) {
		answer_error(c, RC_DENIED, "others' addresses are proved by themselves, or by an administrator of all customers");
		return false;
	}
	if (!body_record(c, &proof_order_layout, o))
		return false;
	o->user = c->part[0];
	return true;
}

void
handle_proof_begin(struct call *c)
{
	struct proof_order o;
	if (!read_order(c, &o))
		return;
	o.code = STR("");
	ask_engine(c, MESSAGE_proof, &proof_order_layout, &o, done);
}

void
handle_proof_confirm(struct call *c)
{
	struct proof_order o;
	if (!read_order(c, &o))
		return;
	if (o.code.n)
		ask_engine(c, MESSAGE_proof, &proof_order_layout, &o, done);
	else
		answer_error(c, RC_INVALID, "code: the six digits that came");
}
