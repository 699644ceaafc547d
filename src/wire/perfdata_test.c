#include "wire/perfdata.h"

#include <math.h>

#include "base/buf.h"
#include "unit.h"

UNIT(output_has_a_line_more_lines_and_measurements)
{
	struct arena *a = arena_create();
	struct plugin_output o;
	plugin_output_parse(STR("DISK OK | /=42GB\nmore\x01\nand \xff | /home=3GB\n/var=1GB\n"), a, &o);
	ck_assert_str(o.first, "DISK OK");
	ck_assert_str(o.more, "more \nand \xef\xbf\xbd");
	ck_assert_str(o.perf, " /=42GB  /home=3GB\n/var=1GB");
	static const char *const empty[] = {"", "\n", "|", "|\n|", " \n \n"};
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		plugin_output_parse(str_c(empty[i]), a, &o);
		ck_assert_uint_eq(o.first.n + o.more.n, 0);
	}
	arena_destroy(&a);
}
END

UNIT(measurements_are_taken_one_by_one_and_bad_ones_passed_over)
{
	static const struct {
		const char *text;
		size_t n;
		const char *label; /* of the last one */
		double value;
		const char *unit;
	} table[] = {
	    {"time=0.034s;1;2;0;10", 1, "time", 0.034, "s"},
	    {"'a b''c'=-3.5e2%", 1, "a b'c", -350, "%"},
	    {"load1=1;;;0", 1, "load1", 1, ""},
	    {"x=U y=2B", 1, "y", 2, "B"},
	    {"x= =3 y z=. 'q'5 'open=1", 0, "", 0, ""},
	    {"  a=1   b=2c  ", 2, "b", 2, "c"},
	    {"a=1e b=inf c=0x10 d=.5us", 3, "d", .5, "us"},
	    {"", 0, "", 0, ""},
	};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct str rest = str_c(table[i].text);
		struct perf_value v, last = {0};
		size_t n = 0;
		for (; perf_next(&rest, a, &v); n++)
			last = v;
		ck_assert_msg(n == table[i].n, "%s: %zu", table[i].text, n);
		if (n) {
			ck_assert_str(last.label, table[i].label);
			ck_assert_str(last.unit, table[i].unit);
			ck_assert_double_eq(last.value, table[i].value);
		}
	}
	struct str rest = STR("t=1s;@1:2;~:9;0;x");
	struct perf_value v;
	ck_assert(perf_next(&rest, a, &v));
	ck_assert(v.warning.set && v.warning.inside && v.critical.set && v.has_min && !v.has_max);
	arena_destroy(&a);
}
END

UNIT(ranges_alert_as_the_guidelines_say)
{
	static const struct {
		const char *range;
		const char *alerts, *quiet; /* values, with spaces */
	} table[] = {
	    {"10", "-1 10.1", "0 10"},
	    {"10:", "9.9 -5", "10 1e9"},
	    {"~:10", "10.5", "-1e9 10"},
	    {"10:20", "9 21", "10 20"},
	    {"@10:20", "10 15 20", "9 21"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct perf_range r;
		double v;
		ck_assert(perf_range_parse(str_c(table[i].range), &r));
		struct str alerts = str_c(table[i].alerts), quiet = str_c(table[i].quiet), one;
		while (str_cut(&alerts, ' ', &one))
			ck_assert(str_f64(one, &v) && perf_range_alerts(&r, v));
		while (str_cut(&quiet, ' ', &one))
			ck_assert(str_f64(one, &v) && !perf_range_alerts(&r, v));
	}
	static const char *const bad[] = {"", "@", "x", "20:10", "1:2:3", "nan", "~"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct perf_range r;
		ck_assert_msg(!perf_range_parse(str_c(bad[i]), &r), "%s", bad[i]);
	}
}
END
