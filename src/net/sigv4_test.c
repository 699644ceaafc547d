/* sigv4_test.c — against the signatures that AWS gives as examples. */
#include "unit.h"

#include <stdlib.h>

#include "base/time.h"
#include "net/sigv4.h"

static const struct conf_sigv4 example = {.region = STR_INIT("us-east-1"), .access_key = STR_INIT("AKIDEXAMPLE"),
    .secret_key = STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), .service_name = STR_INIT("service")};

UNIT(requests_are_signed_as_in_the_examples)
{
	static const struct {
		const char *method, *url, *signature;
	} cases[] = {
	    {"GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	    {"GET", "https://example.amazonaws.com", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	    {"POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	    {"GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_create();
		struct http_ask ask = {.method = str_c(cases[i].method), .url = str_c(cases[i].url)};
		struct err e;
		msec_t now;
		ck_assert(time_parse_rfc3339(STR("2015-08-30T12:36:00Z"), &now));
		ck_assert_msg(sigv4_sign(&example, &ask, now, a, &e) == RC_OK, "%s", e.text);
		ck_assert_uint_eq(ask.headers.n, 2);
		ck_assert_str(ask.headers.p[0].value, "20150830T123600Z");
		struct str want = arena_fmt(a, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=%s",
		    cases[i].signature);
		ck_assert_str(ask.headers.p[1].value, want.p);
		arena_destroy(&a);
	}
}
END

UNIT(without_keys_the_environment_says)
{
	struct arena *a = arena_create();
	struct http_ask ask = {.url = STR("http://x/")};
	struct err e;
	unsetenv("AWS_ACCESS_KEY_ID");
	setenv("AWS_REGION", "eu-south-1", 1);
	ck_assert_int_eq(sigv4_sign(&(struct conf_sigv4){0}, &ask, 0, a, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "sigv4 needs access_key and secret_key, in the configuration or the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)");
	setenv("AWS_ACCESS_KEY_ID", "ONE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
	ck_assert_int_eq(sigv4_sign(&(struct conf_sigv4){0}, &ask, 0, a, &e), RC_OK);
	ck_assert(str_starts(ask.headers.p[1].value, STR("AWS4-HMAC-SHA256 Credential=ONE/19700101/eu-south-1/aps/aws4_request, ")));
	arena_destroy(&a);
}
END
