/* otlp_name_test.c — names of OpenTelemetry as Prometheus writes them. */
#include "ingest/otlp_name.h"

#include "unit.h"

UNIT(metrics_get_their_units_and_total)
{
	static const struct {
		const char *name, *unit;
		enum otlp_kind kind;
		bool monotonic;
		const char *is, *plain; /* with suffixes, escaped; without either */
	} table[] = {
	    {"http.server.duration", "ms", OTLP_HISTOGRAM, false, "http_server_duration_milliseconds",
		"http.server.duration"},
	    {"system.network.io", "By", OTLP_SUM, true, "system_network_io_bytes_total", "system.network.io"},
	    {"system.filesystem.usage", "By", OTLP_SUM, false, "system_filesystem_usage_bytes",
		"system.filesystem.usage"},
	    {"process.runtime.bytes", "By", OTLP_GAUGE, false, "process_runtime_bytes",
		"process.runtime.bytes"},
	    {"requests.total", "{request}", OTLP_SUM, true, "requests_total", "requests.total"},
	    {"total.requests", "1", OTLP_SUM, true, "requests_total", "total.requests"},
	    {"cpu.utilization", "1", OTLP_GAUGE, false, "cpu_utilization_ratio", "cpu.utilization"},
	    {"disk.speed", "By/s", OTLP_GAUGE, false, "disk_speed_bytes_per_second", "disk.speed"},
	    {"odd", "foo-bar", OTLP_GAUGE, false, "odd_foo_bar", "odd"},
	    {"packets", "{packet}/s", OTLP_GAUGE, false, "packets_per_second", "packets"},
	    {"2xx..answers_", "", OTLP_SUM, true, "_2xx_answers_total", "2xx..answers_"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct otlp_metric m = {.name = str_c(table[i].name),
		    .unit = str_c(table[i].unit),
		    .kind = table[i].kind,
		    .monotonic = table[i].monotonic};
		struct buf b = {0};
		otlp_name_metric(&m, &(struct otlp_naming){true, true}, &b);
		ck_assert_str(buf_view(&b), table[i].is);
		buf_clear(&b);
		otlp_name_metric(&m, &(struct otlp_naming){false, false}, &b);
		ck_assert_str(buf_view(&b), table[i].plain);
		buf_fini(&b);
	}
	struct otlp_metric m = {.name = STR("a.b-c"), .unit = STR("s"), .kind = OTLP_SUM, .monotonic = true};
	struct buf b = {0};
	otlp_name_metric(&m, &(struct otlp_naming){.escape = true}, &b);
	ck_assert_str(buf_view(&b), "a_b_c");
	buf_clear(&b);
	otlp_name_metric(&m, &(struct otlp_naming){.suffixes = true}, &b);
	ck_assert_str(buf_view(&b), "a.b-c_seconds_total");
	buf_fini(&b);
}
END

UNIT(labels_are_escaped)
{
	static const char *const table[][2] = {{"http.method", "http_method"}, {"2nd", "key_2nd"},
	    {"_x", "key_x"}, {"__y", "__y"}, {"a:b", "a_b"}, {"", ""}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf b = {0};
		otlp_name_label(str_c(table[i][0]), &(struct otlp_naming){.escape = true}, &b);
		ck_assert_str(buf_view(&b), table[i][1]);
		buf_fini(&b);
	}
}
END
