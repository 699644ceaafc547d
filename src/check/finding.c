/* finding.c — see finding.h. */
#include "check/finding.h"

static const int severity[] = {[CHECK_OK] = 0, [CHECK_UNKNOWN] = 1, [CHECK_WARNING] = 2, [CHECK_CRITICAL] = 3};

void
finding_add(struct finding *v, enum check_state state, const char *fmt, ...)
{
	va_list args;
	if (severity[state] > severity[v->state])
		v->state = state;
	if (v->why.n)
		buf_c(&v->why, ", ");
	va_start(args, fmt);
	buf_vfmt(&v->why, fmt, args);
	va_end(args);
}

void
finding_time(struct finding *v, msec_t warning, msec_t critical, msec_t took)
{
	if (critical && took > critical)
		finding_add(v, CHECK_CRITICAL, "took %.3f s", (double)took / 1000);
	else if (warning && took > warning)
		finding_add(v, CHECK_WARNING, "took %.3f s", (double)took / 1000);
}

void
finding_certificate(struct finding *v, msec_t warning, msec_t critical, msec_t until, msec_t now)
{
	if (!until)
		return;
	double days = (double)(until - now) / (double)DAY;
	if (critical && until - now < critical)
		finding_add(v, CHECK_CRITICAL, "its certificate ends in %.1f days", days);
	else if (warning && until - now < warning)
		finding_add(v, CHECK_WARNING, "its certificate ends in %.1f days", days);
}

enum check_state
finding_of_failure(const struct service *s, enum rc rc)
{
	if (rc == RC_TIMEOUT)
		return s->timeout_state == TIMEOUT_CRITICAL ? CHECK_CRITICAL : CHECK_UNKNOWN;
	return rc == RC_DENIED || rc == RC_INVALID ? CHECK_UNKNOWN : CHECK_CRITICAL; /* we may not, not: it does not */
}

void
finding_print(struct finding *v, const char *word, struct buf *out)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	for (size_t i = 0; i < v->why.n; i++)
		if (v->why.p[i] == '|' || v->why.p[i] == '\n')
			v->why.p[i] = ' ';
	buf_fmt(out, "%s %s: %.*s", word, words[v->state], STR_ARG(buf_view(&v->why)));
	buf_fini(&v->why);
}

static void
add_threshold(struct buf *b, msec_t t)
{
	buf_ch(b, ';');
	if (t)
		buf_f64(b, (double)t / 1000);
}

void
finding_time_perf(struct buf *b, int64_t micros, msec_t warning, msec_t critical)
{
	buf_fmt(b, " | time=%.6fs", (double)micros / 1e6);
	add_threshold(b, warning);
	add_threshold(b, critical);
	buf_c(b, ";0");
}
