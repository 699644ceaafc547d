/*
 * tenant.c — see tenant.h.
 *
 * Without X-Scope-OrgID: the identity's home customer.  Without authentication any valid name exists on first use; with
 * it a tenant that is unknown or not the asker's is refused, and it cannot be told which.
 */
#include "api/tenant.h"

static bool
allowed(struct call *c, struct str tenant)
{
	if (!resource_name_ok(tenant)) {
		answer_error(c, RC_INVALID, "X-Scope-OrgID: \"%.*s\" is not the name of a customer", STR_ARG(str_to(tenant, 63)));
		return false;
	}
	if (c->api->house.no_auth || str_eq(tenant, access_home(&c->who)))
		return true;
	struct book *b = api_book(c->api);
	bool known = book_find(b, "customer", STR(""), tenant, c->now) != NULL;
	api_book_done(c->api);
	if (known && access_sees(&c->who, tenant))
		return true;
	answer_error(c, RC_DENIED, "X-Scope-OrgID: \"%.*s\" is not a customer of yours", STR_ARG(tenant));
	return false;
}

bool
tenant_read(struct call *c, struct strs *out)
{
	struct str rest = http_header(c->req, "X-Scope-OrgID"), part;
	if (!rest.n)
		rest = access_home(&c->who);
	out->n = 0;
	out->p = arena_array(c->arena, struct str, rest.n + 1);
	while (str_cut(&rest, '|', &part)) {
		if (!allowed(c, part))
			return false;
		out->p[out->n++] = part;
	}
	return true;
}

bool
tenant_write(struct call *c, struct str *out)
{
	*out = http_header(c->req, "X-Scope-OrgID");
	if (!out->n)
		*out = access_home(&c->who);
	if (str_chr(*out, '|') >= 0) {
		answer_error(c, RC_INVALID, "X-Scope-OrgID: samples are written to one customer, not to several");
		return false;
	}
	return allowed(c, *out);
}
