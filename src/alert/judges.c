/* judges.c — see judges.h. */
#include "alert/judges.h"

#include "base/tz.h"
#include "label/matcher.h"
#include "tmpl/tmpl.h"

static enum rc
judge_regex(struct str text, struct err *e)
{
	struct regex *re;
	enum rc rc = regex_create(text, REGEX_PLACES, &re, e);
	if (rc == RC_OK)
		regex_destroy(&re);
	return rc;
}

static enum rc
judge_matcher(struct str text, struct err *e)
{
	struct matchers m = {0};
	enum rc rc = matchers_parse(&m, text, e);
	matchers_fini(&m);
	return rc;
}

static enum rc
judge_template(struct str text, struct err *e)
{
	return tmpl_check(TMPL_ALERTMANAGER, text, e);
}

static enum rc
judge_rule_template(struct str text, struct err *e)
{
	return tmpl_check(TMPL_PROMETHEUS, text, e);
}

static enum rc
judge_zone(struct str name, struct err *e)
{
	return name.n == 0 || tz_load(name, e) ? RC_OK : RC_INVALID;
}

void
judges_fill(struct conf_judges *j)
{
	j->regex = judge_regex;
	j->matcher = judge_matcher;
	j->template = judge_template;
	j->rule_template = judge_rule_template;
	j->zone = judge_zone;
}
