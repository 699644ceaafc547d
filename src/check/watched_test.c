#include "check/watched.h"

#include "check/macro.h"
#include "unit.h"

UNIT(macros_stay_inside_their_text)
{
	struct str args[] = {STR("80"), STR("$HOSTNAME$; rm -rf /"), STR("-x")};
	struct macros m = {STR("192.0.2.1"), STR("web1"), STR("front page"), {args, 3}};
	static const char *const table[][2] = {
	    {"$HOSTADDRESS$", "192.0.2.1"},
	    {"a $HOSTNAME$:$ARG1$ b", "a web1:80 b"},
	    {"$ARG2$", "$HOSTNAME$; rm -rf /"},
	    {"$SERVICEDESC$$ARG3$", "front page-x"},
	    {"$ARG4$$ARG0$ $ARG99999999999999999999$", "$ARG0$ $ARG99999999999999999999$"},
	    {"5$ and $$ and $", "5$ and $ and $"},
	    {"$OTHER$ $HOSTNAME$", "$OTHER$ web1"},
	    {"", ""},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf b = {0};
		macro_expand(&b, str_c(table[i][0]), &m);
		ck_assert_str(buf_view(&b), table[i][1]);
		buf_fini(&b);
	}
}
END

/* Specs as `key=value` lists over the defaults; NULL: fine, else a part of the sentence. */
UNIT(specs_are_judged_with_a_sentence)
{
	static const struct {
		const char *kind, *spec, *sentence;
	} table[] = {
	    {"host", "address=192.0.2.1", NULL},
	    {"host", "address=fe80::1%eth0", NULL},
	    {"host", "address=-oProxy", "address"},
	    {"host", "address=a b", "address"},
	    {"service", "host=h;check=tcp", NULL},
	    {"service", "host=h;check=tcp;interval=10ms", "interval"},
	    {"service", "host=h;check=tcp;max_attempts=0", "max_attempts"},
	    {"service", "host=h;check=tcp;timeout=2h", "timeout"},
	    {"service", "host=h;check=http", "http.url"},
	    {"service", "host=h;check=http;args=a", "args"},
	    {"check_command", "argv=/bin/true", NULL},
	    {"check_command", "argv=true", "absolute"},
	    {"check_command", "argv=/$ARG1$", "macro"},
	};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		bool host = str_is(str_c(table[i].kind), "host"), service = str_is(str_c(table[i].kind), "service");
		const struct layout *l = host ? &host_layout : service ? &service_layout : &check_command_layout;
		void *spec = arena_alloc(a, l->size);
		struct str rest = str_c(table[i].spec), one, name;
		struct err e = {0};
		record_defaults(l, spec, a);
		while (str_cut(&rest, ';', &one)) {
			str_cut(&one, '=', &name);
			ck_assert_int_eq(record_set(record_key(l, name), spec, one, a, &e), RC_OK);
		}
		enum rc rc = (host ? host_check : service ? service_check : check_command_check)(spec, &e);
		ck_assert_msg((rc == RC_OK) == !table[i].sentence, "%s: %s", table[i].spec, e.text);
		if (table[i].sentence)
			ck_assert_msg(str_has(str_c(e.text), str_c(table[i].sentence)), "%s: %s", table[i].spec, e.text);
	}
	arena_destroy(&a);
}
END

UNIT(a_page_is_asked_for_with_harmless_lines)
{
	static const struct {
		const char *url, *name, *value, *status;
		bool ok;
	} table[] = {
	    {"http://a/", "Accept", "text/html", "200", true},
	    {"https://a/", "X", "", "3xx", true},
	    {"ftp://a/", "X", "", "200", false},
	    {"http://a/\r\nX: y", "X", "", "200", false},
	    {"http://a/", "X", "y\r\nHost: b", "200", false},
	    {"http://a/", "X: y", "", "200", false},
	    {"http://a/", "X", "", "6xx", false},
	    {"http://a/", "X", "", "2x0", false},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct pair header = {str_c(table[i].name), str_c(table[i].value)};
		struct str status = str_c(table[i].status);
		struct service s = {.check = STR("http"), .interval = MINUTE, .retry_interval = MINUTE, .timeout = SECOND, .max_attempts = 1,
		    .http = {.url = str_c(table[i].url), .headers = {&header, 1}, .status = {&status, 1}}};
		struct err e;
		ck_assert_msg((service_check(&s, &e) == RC_OK) == table[i].ok, "%zu", i);
	}
}
END

UNIT(a_status_fits_itself_or_its_class)
{
	struct str words[] = {STR("2xx"), STR("404")};
	struct strs s = {words, 2};
	ck_assert(http_status_fits(s, 200) && http_status_fits(s, 299) && http_status_fits(s, 404));
	ck_assert(!http_status_fits(s, 403) && !http_status_fits(s, 500) && !http_status_fits((struct strs){0}, 200));
}
END
