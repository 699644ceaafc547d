/* functions.c — every function and aggregation of PromQL 3, by name. */
#include "promql/native_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

static double
sgn(double v)
{
	return v > 0 ? 1 : v < 0 ? -1 : v;
}

static double
degrees(double v)
{
	return v * 180 / M_PI;
}

static double
radians(double v)
{
	return v * M_PI / 180;
}

static int64_t date_minute(int64_t s) { return civil_from_seconds(s).minute; }
static int64_t date_hour(int64_t s) { return civil_from_seconds(s).hour; }
static int64_t date_day_of_week(int64_t s) { return civil_from_seconds(s).weekday; }
static int64_t date_day_of_month(int64_t s) { return civil_from_seconds(s).day; }
static int64_t date_day_of_year(int64_t s) { return civil_from_seconds(s).yearday; }
static int64_t date_month(int64_t s) { return civil_from_seconds(s).month; }
static int64_t date_year(int64_t s) { return civil_from_seconds(s).year; }

static int64_t
date_days_in_month(int64_t s)
{
	struct civil c = civil_from_seconds(s);
	return days_in_month(c.year, c.month);
}

#define V PROMQL_VECTOR
#define S PROMQL_SCALAR
/* In the order of strcmp. */
static const struct fn functions[] = {
    {"abs", "v", 1, 1, V, .math = fabs},
    {"absent", "v", 1, 1, V, .run = run_absent},
    {"absent_over_time", "m", 1, 1, V, .run = run_absent_over_time},
    {"acos", "v", 1, 1, V, .math = acos},
    {"acosh", "v", 1, 1, V, .math = acosh},
    {"asin", "v", 1, 1, V, .math = asin},
    {"asinh", "v", 1, 1, V, .math = asinh},
    {"atan", "v", 1, 1, V, .math = atan},
    {"atanh", "v", 1, 1, V, .math = atanh},
    {"avg_over_time", "m", 1, 1, V, .over = over_avg, .native = native_avg_over_time},
    {"ceil", "v", 1, 1, V, .math = ceil},
    {"changes", "m", 1, 1, V, .over = over_changes, .native = native_changes},
    {"clamp", "vss", 3, 3, V, .run = run_clamp},
    {"clamp_max", "vs", 2, 2, V, .run = run_clamp_max},
    {"clamp_min", "vs", 2, 2, V, .run = run_clamp_min},
    {"cos", "v", 1, 1, V, .math = cos},
    {"cosh", "v", 1, 1, V, .math = cosh},
    {"count_over_time", "m", 1, 1, V, .over = over_count, .native = native_count_over_time},
    {"day_of_month", "v", 0, 1, V, .date = date_day_of_month},
    {"day_of_week", "v", 0, 1, V, .date = date_day_of_week},
    {"day_of_year", "v", 0, 1, V, .date = date_day_of_year},
    {"days_in_month", "v", 0, 1, V, .date = date_days_in_month},
    {"deg", "v", 1, 1, V, .math = degrees},
    {"delta", "m", 1, 1, V, .over = over_delta, .native = native_delta},
    {"deriv", "m", 1, 1, V, .over = over_deriv, .native = native_left_out},
    {"double_exponential_smoothing", "mss", 3, 3, V, .over = over_smoothing, .native = native_left_out},
    {"end", "", 0, 0, S, .run = run_end},
    {"exp", "v", 1, 1, V, .math = exp},
    {"first_over_time", "m", 1, 1, V, .over = over_first, .native = native_first_over_time, .keeps_name = true},
    {"floor", "v", 1, 1, V, .math = floor},
    {"histogram_avg", "v", 1, 1, V, .run = run_histogram_number},
    {"histogram_count", "v", 1, 1, V, .run = run_histogram_number},
    {"histogram_fraction", "ssv", 3, 3, V, .run = run_histogram_fraction},
    {"histogram_quantile", "sv", 2, 2, V, .run = run_histogram_quantile},
    {"histogram_quantiles", "vts", 3, 12, V, .run = run_histogram_quantiles},
    {"histogram_stddev", "v", 1, 1, V, .run = run_histogram_number},
    {"histogram_stdvar", "v", 1, 1, V, .run = run_histogram_number},
    {"histogram_sum", "v", 1, 1, V, .run = run_histogram_number},
    {"hour", "v", 0, 1, V, .date = date_hour},
    {"idelta", "m", 1, 1, V, .over = over_idelta, .native = native_idelta},
    {"increase", "m", 1, 1, V, .over = over_increase, .native = native_increase},
    {"info", "vv", 1, 2, V, .run = run_info},
    {"irate", "m", 1, 1, V, .over = over_irate, .native = native_irate},
    {"label_join", "vttt", 3, ARGS_ANY, V, .run = run_label_join},
    {"label_replace", "vtttt", 5, 5, V, .run = run_label_replace},
    {"last_over_time", "m", 1, 1, V, .over = over_last, .native = native_last_over_time, .keeps_name = true},
    {"ln", "v", 1, 1, V, .math = log},
    {"log10", "v", 1, 1, V, .math = log10},
    {"log2", "v", 1, 1, V, .math = log2},
    {"mad_over_time", "m", 1, 1, V, .over = over_mad, .native = native_left_out},
    {"max_of", "ss", 2, 2, S, .run = run_max_of},
    {"max_over_time", "m", 1, 1, V, .over = over_max, .native = native_left_out},
    {"min_of", "ss", 2, 2, S, .run = run_min_of},
    {"min_over_time", "m", 1, 1, V, .over = over_min, .native = native_left_out},
    {"minute", "v", 0, 1, V, .date = date_minute},
    {"month", "v", 0, 1, V, .date = date_month},
    {"pi", "", 0, 0, S, .run = run_pi},
    {"predict_linear", "ms", 2, 2, V, .over = over_predict, .native = native_left_out},
    {"present_over_time", "m", 1, 1, V, .over = over_present, .native = native_present_over_time},
    {"quantile_over_time", "sm", 2, 2, V, .over = over_quantile, .native = native_left_out},
    {"rad", "v", 1, 1, V, .math = radians},
    {"range", "", 0, 0, S, .run = run_range},
    {"rate", "m", 1, 1, V, .over = over_rate, .native = native_rate},
    {"resets", "m", 1, 1, V, .over = over_resets, .native = native_resets},
    {"round", "vs", 1, 2, V, .run = run_round},
    {"scalar", "v", 1, 1, S, .run = run_scalar},
    {"sgn", "v", 1, 1, V, .math = sgn},
    {"sin", "v", 1, 1, V, .math = sin},
    {"sinh", "v", 1, 1, V, .math = sinh},
    {"sort", "v", 1, 1, V, .run = run_sort},
    {"sort_by_label", "vt", 1, ARGS_ANY, V, .run = run_sort_by_label},
    {"sort_by_label_desc", "vt", 1, ARGS_ANY, V, .run = run_sort_by_label},
    {"sort_desc", "v", 1, 1, V, .run = run_sort},
    {"sqrt", "v", 1, 1, V, .math = sqrt},
    {"start", "", 0, 0, S, .run = run_start},
    {"start_timestamp", "v", 1, 1, V, .run = run_start_timestamp},
    {"stddev_over_time", "m", 1, 1, V, .over = over_stddev, .native = native_left_out},
    {"stdvar_over_time", "m", 1, 1, V, .over = over_stdvar, .native = native_left_out},
    {"step", "", 0, 0, S, .run = run_step},
    {"sum_over_time", "m", 1, 1, V, .over = over_sum, .native = native_sum_over_time},
    {"tan", "v", 1, 1, V, .math = tan},
    {"tanh", "v", 1, 1, V, .math = tanh},
    {"time", "", 0, 0, S, .run = run_time},
    {"timestamp", "v", 1, 1, V, .run = run_timestamp},
    {"ts_of_first_over_time", "m", 1, 1, V, .over = over_ts_of_first, .native = native_ts_of_first},
    {"ts_of_last_over_time", "m", 1, 1, V, .over = over_ts_of_last, .native = native_ts_of_last},
    {"ts_of_max_over_time", "m", 1, 1, V, .over = over_ts_of_max, .native = native_left_out},
    {"ts_of_min_over_time", "m", 1, 1, V, .over = over_ts_of_min, .native = native_left_out},
    {"vector", "s", 1, 1, V, .run = run_vector},
    {"year", "v", 0, 1, V, .date = date_year},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

const struct aggregate_word aggregate_words[] = {
    [AGG_SUM] = {"sum", 0},
    [AGG_AVG] = {"avg", 0},
    [AGG_COUNT] = {"count", 0},
    [AGG_MIN] = {"min", 0},
    [AGG_MAX] = {"max", 0},
    [AGG_GROUP] = {"group", 0},
    [AGG_STDDEV] = {"stddev", 0},
    [AGG_STDVAR] = {"stdvar", 0},
    [AGG_TOPK] = {"topk", 's'},
    [AGG_BOTTOMK] = {"bottomk", 's'},
    [AGG_COUNT_VALUES] = {"count_values", 't'},
    [AGG_QUANTILE] = {"quantile", 's'},
    [AGG_LIMITK] = {"limitk", 's'},
    [AGG_LIMIT_RATIO] = {"limit_ratio", 's'},
};

const struct fn *
fn_find(struct str name)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (str_is(name, functions[i].name))
			return &functions[i];
	return NULL;
}

const char *const *
fn_names(size_t *n)
{
	static const char *names[FUNCTIONS]; /* the same whoever fills it in */
	for (size_t i = 0; i < FUNCTIONS; i++)
		names[i] = functions[i].name;
	*n = FUNCTIONS;
	return names;
}
