/* yaml_writer_test.c — the block style, and what must be quoted. */
#include "unit.h"

#include "wire/yaml_writer.h"

static struct str
yaml_of(const char *json, struct buf *b)
{
	struct arena *a = arena_create();
	struct json j;
	struct err e;
	json_init(&j, str_c(json), a, 32);
	yaml_from_json(b, &j);
	ck_assert_msg(json_end(&j, &e) == RC_OK, "%s", e.text);
	arena_destroy(&a);
	return buf_view(b);
}

UNIT(yaml_is_written_as_a_person_would)
{
	struct buf b = {0};
	struct str y = yaml_of("{\"kind\":\"policy\",\"name\":\"night\",\"spec\":{\"steps\":[{\"notify\":[\"user:first\"],\"after\":\"5m\"},"
			       "{\"notify\":[],\"after\":\"1h\"}],\"repeat\":2,\"on\":{},\"why\":null}}",
	    &b);
	ck_assert_str_eq(y.p, "kind: policy\nname: night\nspec:\n  steps:\n    - notify: [\"user:first\"]\n      after: \"5m\"\n"
			      "    - notify: []\n      after: \"1h\"\n  repeat: 2\n  \"on\": {}\n  why: null\n");
	buf_fini(&b);
}
END

UNIT(yaml_quotes_what_would_be_read_as_something_else)
{
	static const char *const texts[] = {"no", "TRUE", "1e3", "2026-01-02", "~", "a: b", " x", "x ", "- y", "é", "", "#", "{a}", "*a", "null"};
	static const char *const plain[] = {"Acme Travel", "first@example.org", "Europe/Rome", "mon-fri", "low"};
	struct buf json = {0}, b = {0};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		buf_clear(&json);
		buf_clear(&b);
		buf_fmt(&json, "\"%s\"", texts[i]);
		ck_assert_msg(yaml_of(json.p, &b).p[0] == '"', "%s is bare", texts[i]);
	}
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		buf_clear(&json);
		buf_clear(&b);
		buf_fmt(&json, "\"%s\"", plain[i]);
		ck_assert_msg(yaml_of(json.p, &b).p[0] != '"', "%s is quoted", plain[i]);
	}
	buf_fini(&json);
	buf_fini(&b);
}
END
