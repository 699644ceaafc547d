/*
 * http_req_fuzz.c — a target, then header lines, an empty line and a form body: what a request is made of.
 */
#include "net/http_guard.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
nobody(struct http_req *r)
{
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct http_carrier carrier = {.answer = nobody};
	static const struct http_guard guard = {0};
	struct str rest = str_n((const char *)p, n), line = STR(""), name;
	struct http_req r;
	(void)str_cut(&rest, '\n', &line);
	enum rc rc = http_req_init(&r, &carrier, STR("POST"), line, NULL);
	while (rest.n && str_cut(&rest, '\n', &line) && line.n)
		if (str_cut(&line, ':', &name))
			http_req_add_header(&r, name, str_trim(line));
	r.body = rest;
	if (rc == RC_OK) {
		must(r.path.n > 0 && !memchr(r.path.p, '\0', r.path.n));
		if (http_params_decode(&r, NULL) == RC_OK)
			must(r.params.n <= HTTP_PARAMS_MAX);
		(void)http_guard_judge(&guard, &r, NULL);
		(void)http_cookie(&r, "sid");
		http_answer(&r, 200, "text/plain", r.path);
	}
	http_req_fini(&r);
	return 0;
}
