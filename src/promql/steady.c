/*
 * steady.c — expressions whose value does not depend on the step: everything in them looks at a moment of its own (@).
 *
 * Prometheus has the same list of functions that look at the step's time.
 */
#include "promql/eval.h"

static bool
looks_at_step(const struct fn *f)
{
	return f->date || f->over == over_predict || f->run == run_time || f->run == run_timestamp || f->run == run_start_timestamp || f->run == run_info;
}

bool
node_is_steady(const struct node *n)
{
	switch (n->kind) {
	case NODE_NUMBER:
	case NODE_STRING: return true;
	case NODE_SELECTOR:
	case NODE_SUBQUERY: return n->at != AT_NONE;
	case NODE_CLOCK: return false;
	case NODE_CALL:
		if (looks_at_step(n->fn))
			return false;
		break;
	default: break;
	}
	for (size_t i = 0; i < n->n_args; i++)
		if (!node_is_steady(n->args[i]))
			return false;
	return true;
}
