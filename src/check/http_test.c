#include "check/probe.h"

#include "unit.h"

UNIT(an_answer_is_judged_by_status_phrase_time_and_certificate)
{
	struct str words[] = {STR("2xx"), STR("301")};
	const struct service s = {.http = {.status = {words, 2}, .phrase = STR("well"), .warning = 1000, .critical = 3000,
	                              .certificate_warning = 14 * DAY, .certificate_critical = 3 * DAY}};
	const msec_t now = 1000 * DAY;
	static const struct {
		enum rc rc;
		int status;
		const char *body;
		int64_t us;
		msec_t days; /* of the certificate; 0: none */
		enum check_state state;
		const char *says;
	} table[] = {
	    {RC_OK, 200, "all is well", 500000, 0, CHECK_OK, "HTTP OK: status 200, 11 bytes in 0.500 s | time=0.500000s;1;3;0 size=11B;;;0"},
	    {RC_OK, 301, "well", 1, 90, CHECK_OK, "OK"},
	    {RC_OK, 500, "well", 1, 0, CHECK_CRITICAL, "status 500"},
	    {RC_OK, 200, "ill", 1, 0, CHECK_CRITICAL, "\"well\" does not stand"},
	    {RC_OK, 200, "well", 1500000, 0, CHECK_WARNING, "took 1.500 s"},
	    {RC_OK, 200, "well", 3500000, 10, CHECK_CRITICAL, "took 3.500 s, its certificate ends in 10.0 days"},
	    {RC_OK, 200, "well", 1, 10, CHECK_WARNING, "ends in 10.0"},
	    {RC_OK, 200, "well", 1, 1, CHECK_CRITICAL, "ends in 1.0"},
	    {RC_IO, 0, "", 0, 0, CHECK_CRITICAL, "HTTP CRITICAL: it   went"},
	    {RC_TIMEOUT, 0, "", 0, 0, CHECK_CRITICAL, "CRITICAL"},
	    {RC_DENIED, 0, "", 0, 0, CHECK_UNKNOWN, "UNKNOWN"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct http_result r = {.rc = table[i].rc, .why = "it | went", .status = table[i].status, .body = str_c(table[i].body),
		    .total_us = table[i].us, .certificate_until = table[i].days ? now + table[i].days * DAY : 0};
		struct buf b = {0};
		enum check_state state = http_judge(&s, &r, now, &b);
		ck_assert_msg(state == table[i].state && str_has(buf_view(&b), str_c(table[i].says)), "%zu: %d %s", i, (int)state, b.p);
		buf_fini(&b);
	}
	struct service lenient = s;
	struct buf b = {0};
	lenient.timeout_state = TIMEOUT_UNKNOWN;
	ck_assert_int_eq(http_judge(&lenient, &(struct http_result){.rc = RC_TIMEOUT}, now, &b), CHECK_UNKNOWN);
	buf_fini(&b);
}
END
