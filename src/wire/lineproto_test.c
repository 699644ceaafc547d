/* lineproto_test.c — lines of points. */
#include "wire/lineproto.h"

#include <string.h>

#include "base/buf.h"
#include "unit.h"

static const struct lineproto_limits roomy = {.tags = 8, .fields = 8, .tag_bytes = 100, .name = 64, .value = 64};

/* Everything that was read, as text: "m{tag=value}f=1@time|" and "!line 1, column 2: …|". */
static const char *
read_all(const char *text, const struct lineproto_limits *limits, struct arena *a)
{
	struct lineproto l;
	struct buf b = {0};
	enum lineproto_item item;
	lineproto_init(&l, str_c(text), limits);
	while ((item = lineproto_next(&l)) != LINEPROTO_END) {
		if (item == LINEPROTO_BAD) {
			buf_fmt(&b, "!%s|", l.err.text);
			continue;
		}
		buf_fmt(&b, "%.*s{", STR_ARG(l.measurement));
		for (size_t i = 0; i < l.tags.n; i++)
			buf_fmt(&b, "%s%.*s=%.*s", i ? "," : "", STR_ARG(l.tags.p[i].name),
			    STR_ARG(l.tags.p[i].value));
		buf_c(&b, "}");
		for (size_t i = 0; i < l.fields.n; i++) {
			buf_fmt(&b, "%s%.*s=", i ? "," : "", STR_ARG(l.fields.p[i].name));
			if (l.fields.p[i].is_text)
				buf_c(&b, "text");
			else
				buf_f64(&b, l.fields.p[i].value);
		}
		if (l.has_time)
			buf_fmt(&b, "@%lld", (long long)l.time);
		buf_ch(&b, '|');
	}
	lineproto_fini(&l);
	const char *out = arena_cstr(a, buf_view(&b));
	buf_fini(&b);
	return out;
}

UNIT(points_are_read_as_the_protocol_says)
{
	static const struct {
		const char *text, *is;
	} table[] = {
	    {"cpu,host=db1,core=0 user=1.5,count=3i,free=7u,up=true,note=\"a, b\" 17",
		"cpu{host=db1,core=0}user=1.5,count=3,free=7,up=1,note=text@17|"},
	    {"m f=1\n\n# a remark\n  m f=F \r\nm f=-1e3 -5\n", "m{}f=1|m{}f=0|m{}f=-1000@-5|"},
	    {"my\\ disk,a\\,b\\=c=d\\ e f\\ g=1", "my disk{a,b=c=d e}f g=1|"},
	    {"m,path=C:\\temp f=1", "m{path=C:\\temp}f=1|"},
	    {"m s=\"two\nlines \\\" and\",f=2 9\nn f=1", "m{}s=text,f=2@9|n{}f=1|"},
	    {"", ""},
	    {"\n\n", ""},
	};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		ck_assert_str_eq(read_all(table[i].text, &roomy, a), table[i].is);
	arena_destroy(&a);
}
END

UNIT(a_bad_line_names_its_place_and_does_not_spoil_the_next)
{
	static const struct {
		const char *line, *why; /* of the first error */
	} table[] = {
	    {"m", "line 2, column 2: expected ',' or a space behind the tags, but the line ends here"},
	    {",a=b f=1", "line 2, column 1: expected a measurement, found ','"},
	    {"m,a f=1", "line 2, column 4: expected '=' behind a tag's name, found ' '"},
	    {"m,a= f=1", "line 2, column 5: expected a tag's value, found ' '"},
	    {"m f", "line 2, column 4: expected '=' behind a field's name, but the line ends here"},
	    {"m f=", "line 2, column 5: expected a field's value, but the line ends here"},
	    {"m f=abc", "line 2, column 5: \"abc\" is no number, no boolean and no text in quotes"},
	    {"m f=nan", "line 2, column 5: \"nan\" is no number, no boolean and no text in quotes"},
	    {"m f=0x10", "line 2, column 5: \"0x10\" is no number, no boolean and no text in quotes"},
	    {"m f=1.5i", "line 2, column 5: \"1.5i\" is no number, no boolean and no text in quotes"},
	    {"m f=1e999", "line 2, column 5: \"1e999\" is no number, no boolean and no text in quotes"},
	    {"m f=\"open", "line 2, column 5: the quote is never closed"},
	    {"m f=1 soon", "line 2, column 7: the time is no whole number"},
	    {"m f=1 5 6", "line 2, column 9: expected the end of the line behind the time, found '6'"},
	    {"m,a=1,b=2,c=3 f=1", "line 2, column 11: more than 2 tags"},
	    {"m,a=12345678,b=12345678 f=1", "line 2, column 24: tags of more than 18 bytes"},
	    {"m a=1,b=2,c=3", "line 2, column 11: more than 2 fields"},
	    {"much_too_long_a_name f=1", "line 2, column 1: a measurement of 20 bytes; the limit is 10"},
	};
	static const struct lineproto_limits tight = {.tags = 2, .fields = 2, .tag_bytes = 18, .name = 10, .value = 10};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *text = arena_fmt(a, "ok f=1\n%s\nok f=2\n", table[i].line).p;
		ck_assert_str_eq(
		    read_all(text, &tight, a), arena_fmt(a, "ok{}f=1|!%s|ok{}f=2|", table[i].why).p);
	}
	arena_destroy(&a);
}
END
