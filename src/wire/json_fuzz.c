/* json_fuzz.c — whatever the reader accepts, the writer's view of it is accepted again and stays the same. */
#include "wire/json.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
copy_value(struct json *j, struct json_writer *w)
{
	struct str s;
	double f;
	bool b;
	switch (json_peek(j)) {
	case JSON_OBJECT:
		jsonw_object(w);
		if (json_object(j))
			while (json_key(j, &s)) {
				jsonw_key_str(w, s);
				copy_value(j, w);
			}
		w->after_key = false;
		jsonw_object_end(w);
		return;
	case JSON_ARRAY:
		jsonw_array(w);
		if (json_array(j))
			while (json_more(j))
				copy_value(j, w);
		jsonw_array_end(w);
		return;
	case JSON_STRING:
		if (json_str(j, &s))
			jsonw_str(w, s);
		return;
	case JSON_NUMBER:
		if (json_f64(j, &f))
			jsonw_f64(w, f);
		return;
	case JSON_BOOL:
		if (json_bool(j, &b))
			jsonw_bool(w, b);
		return;
	case JSON_NULL:
		if (json_null(j))
			jsonw_null(w);
		return;
	case JSON_BAD:
		json_skip(j);
	}
}

static enum rc
copy_document(struct str text, struct buf *out, struct arena *a)
{
	struct json j;
	struct json_writer w;
	json_init(&j, text, a, 30);
	jsonw_init(&w, out);
	copy_value(&j, &w);
	return json_end(&j, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_create();
	struct buf once = {0}, twice = {0};
	if (copy_document(str_n((const char *)bytes, n), &once, a) == RC_OK) {
		must(copy_document(buf_view(&once), &twice, a) == RC_OK);
		must(str_eq(buf_view(&once), buf_view(&twice)));
	}
	buf_fini(&once);
	buf_fini(&twice);
	arena_destroy(&a);
	return 0;
}
